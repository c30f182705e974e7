"""`rackwright rehearse`: the whole chain on this machine, and what can be done with a rehearsal that was kept."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.output import Json, console
from rackwright.cli.sizing.plan_table import plan_tables
from rackwright.jobs.connection import client_errors
from rehearsal import interruption, leftovers, processes, state, tools
from rehearsal.control_plane.identities import IDENTITIES
from rehearsal.engine import Engine, EngineError
from rehearsal.scenario import inputs
from rehearsal.scenario.jobs import JobError
from rehearsal.scenario.play import STEPS, Play
from rehearsal.scenario.progress import Progress
from rehearsal.scenario.report import Report, summary

app = typer.Typer(
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
    epilog="Examples: `rackwright rehearse --gpus 256 --keep`, then `rackwright rehearse status`, "
    '`eval "$(rackwright rehearse env)"` and `kubectl get nodes`, `pulumi preview`; at last '
    "`rackwright rehearse down`.",
)

Id = Annotated[str | None, typer.Argument(help="The rehearsal; the newest kept one when left out.", show_default=False)]


@app.callback(invoke_without_command=True)
def rehearse(
    context: typer.Context,
    *,
    gpus: Annotated[int | None, typer.Option(min=8, help=f"GPUs of the job [default: {inputs.DEFAULT_GPUS}]")] = None,
    model: Annotated[
        str | None, typer.Option(help=f"A model of the catalogue [default: {inputs.DEFAULT_MODEL}]")
    ] = None,
    tokens: Annotated[
        float | None, typer.Option(help=f"Tokens to train on [default: {inputs.DEFAULT_TOKENS / 1e12}e12]")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="A reference cluster of the catalogue, by name.")] = None,
    spec: Annotated[
        Path | None, typer.Option(help="A cluster spec of your own, at Oracle.", exists=True, dir_okay=False)
    ] = None,
    played_from: Annotated[
        str | None,
        typer.Option("--from", help="The address that it is played from [default: the first that the spec lets in]"),
    ] = None,
    output_directory: Annotated[
        Path | None,
        typer.Option(help="Where cluster.yaml and job.yaml go; else beside the rehearsal's state.", file_okay=False),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the cluster running at the end.")] = False,
    as_json: Json = False,
) -> None:
    """Rehearse a cluster end to end on this machine, with real parts.

    Size, start a control plane, `pulumi up`, submit a job, break a host, finish.

    Hosts, GPUs, their network, Oracle and time are simulated, and stand-ins do the work of Pulumi's provider plugins,
    the kubelet and the network to webhooks; the engine, the programs, Kubernetes, Kueue, JobSet and the operator are
    the real ones. Exit code 1 when it fails (--json then says as `error` why), 130 after Ctrl-C.
    """
    if context.invoked_subcommand:
        return
    given = inputs.read(gpus=gpus, model=model, tokens=tokens, reference=reference, spec=spec)
    position = inputs.position(given.spec.place, played_from)
    errors = console(stderr=True)
    with _expected_errors(), interruption.interruptible():
        if output_directory is not None:
            output_directory.mkdir(parents=True, exist_ok=True)
        toolbox = tools.ensure()
        with _own_directory(errors) as directory:
            report = Report(id=directory.id, cluster=given.spec.name)
            play = Play(
                state=directory,
                toolbox=toolbox,
                progress=Progress(errors, steps=len(STEPS)),
                plan=given.plan,
                spec=given.spec,
                job=given.job,
                files=(output_directory or directory.root / "files").resolve(),
                report=report,
                position=position,
            )
            try:
                _play(play, errors, keep=keep)
            except Exception as error:
                report.error = str(error)
                if as_json:
                    typer.echo(report.model_dump_json(indent=2))
                raise
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        console().print(summary(report, plan=inputs.plan_words(given)))
    if keep:
        errors.print(_kept_hint(directory, play.files), soft_wrap=True)
    if not report.ok:
        raise typer.Exit(ExitCode.FAILURE)


@contextmanager
def _expected_errors() -> Iterator[None]:
    """Turn what can go wrong in a rehearsal into a sentence and an exit code."""
    try:
        with client_errors("go on with the rehearsal"):
            yield
    except KeyboardInterrupt as error:
        raise typer.Exit(ExitCode.INTERRUPTED) from error
    except (processes.ProcessError, state.StateError, tools.ToolError, JobError, EngineError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise CommandError(f"can't use {error.filename}: {error.strerror}.") from error


@contextmanager
def _own_directory(errors: Console) -> Iterator[state.StateDirectory]:
    """A new rehearsal's directory; at the end it goes, with all that runs in it, unless the rehearsal is kept."""
    with ExitStack() as stack:
        with state.taking_turns(), interruption.deferred():
            for left, count in leftovers.remove_leftovers().items():
                errors.print(f"removed rehearsal {left}, which had ended without cleaning up ({count} processes)")
            directory = state.create()
            stack.enter_context(directory.owned())
            stack.callback(_remove_unless_kept, directory)
        try:
            yield directory
        except BaseException as error:
            with interruption.deferred():
                errors.print(f"taking down rehearsal {directory.id}")
                directory.unkeep()
                if not isinstance(error, KeyboardInterrupt):
                    errors.print(f"its logs stay in {leftovers.save_logs(directory)}", soft_wrap=True)
            raise


def _remove_unless_kept(directory: state.StateDirectory) -> None:
    if directory.kept:
        return
    with interruption.deferred(), state.taking_turns():
        leftovers.remove(directory)


def _play(play: Play, errors: Console, *, keep: bool) -> None:
    play.size(lambda plan: errors.print(plan_tables(plan)))
    play.start_control_plane()
    play.up()
    play.submit()
    play.break_host()
    play.finish(keep=keep)
    if keep:
        play.report.kept, play.report.state_directory = True, str(play.state.root)
        play.state.keep()


def _kept_hint(directory: state.StateDirectory, files: Path) -> str:
    return (
        f"Rehearsal {directory.id} keeps running. `rackwright rehearse status` shows it; "
        'eval "$(rackwright rehearse env)" lets kubectl, pulumi and rackwright work against it; '
        f"its cluster spec is {files / 'cluster.yaml'}; `rackwright rehearse down` ends it."
    )


def _chosen(name: str | None) -> state.StateDirectory:
    """The rehearsal that a command means."""
    there = state.existing()
    chosen = [directory for directory in there if directory.id == name] if name else [d for d in there if d.kept][-1:]
    if chosen:
        return chosen[0]
    names = ", ".join(directory.id for directory in there)
    if name:
        text = f"there is no rehearsal {name}; there are: {names or 'none'}."
    elif there:
        text = f"no rehearsal is kept; there are: {names} (see `rackwright rehearse status`)."
    else:
        text = "there is no rehearsal; start one with `rackwright rehearse --keep`."
    raise CommandError(text, code=ExitCode.NOT_FOUND)


@app.command(epilog="Example: `rackwright rehearse status --json`.")
def status(*, as_json: Json = False) -> None:
    """List the rehearsals of this user and what runs in each."""
    found = [
        {
            "id": directory.id,
            "state": "running" if directory.is_owned() else "kept" if directory.kept else "left over",
            "processes": sorted({processes.name(process) for process in processes.marked(directory.id)}),
            "server": directory.facts().get("server"),
            "kubernetes_plugin": directory.facts().get("kubernetes_plugin"),
            "directory": str(directory.root),
        }
        for directory in state.existing()
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        typer.echo("no rehearsals; start one with `rackwright rehearse --keep`")
        return
    table = Table(show_edge=False, pad_edge=False)
    for column in ("rehearsal", "state", "server", "processes"):
        table.add_column(column)
    for item in found:
        table.add_row(str(item["id"]), str(item["state"]), str(item["server"]), ", ".join(item["processes"]))  # type: ignore[arg-type]  # a list of names
    console().print(table)


@app.command(
    epilog="Example: `kubectl --kubeconfig $(rackwright rehearse kubeconfig --as researcher) get jobs -n research`."
)
def kubeconfig(
    rehearsal: Id = None,
    identity: Annotated[str, typer.Option("--as", help=f"One of {', '.join(i.name for i in IDENTITIES)}.")] = "admin",
) -> None:
    """Print the path of a kubeconfig: `export KUBECONFIG=$(rackwright rehearse kubeconfig)`."""
    path = _chosen(rehearsal).kubeconfig(identity)
    if not path.exists():
        there = ", ".join(identity.name for identity in IDENTITIES)
        raise CommandError(f"there is no identity {identity!r}; there are {there}.", code=ExitCode.NOT_FOUND)
    typer.echo(path)


@app.command(epilog='Example: `eval "$(rackwright rehearse env)"`.')
def env(rehearsal: Id = None) -> None:
    """Print what a shell needs: `eval "$(rackwright rehearse env)"`."""
    engine = Engine(_chosen(rehearsal), tools.ensure())
    for name, value in engine.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command(epilog="Example: `rackwright rehearse logs --process kube-scheduler --follow`.")
def logs(
    rehearsal: Id = None,
    *,
    process: Annotated[str | None, typer.Option(help="Whose log; without it the logs are listed.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
) -> None:
    """Show the log of a process, or which logs there are."""
    directory = _chosen(rehearsal)
    names = sorted(path.stem for path in (directory.root / "logs").glob("*.log"))
    if process is None:
        typer.echo("\n".join(names))
        return
    if process not in names:
        raise CommandError(f"there is no log of {process!r}; there are {', '.join(names)}.", code=ExitCode.NOT_FOUND)
    if follow:
        subprocess.run(["tail", "-n", "50", "-f", str(directory.log(process))], check=False)  # noqa: S607  # a standard program
        return
    sys.stdout.write(directory.log(process).read_text(encoding="utf-8", errors="replace"))


@app.command(epilog="Example: `rackwright rehearse down --all`.")
def down(
    rehearsal: Id = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All kept and left over rehearsals.")] = False,
) -> None:
    """End a kept rehearsal and delete all of it."""
    with interruption.interruptible(), state.taking_turns():
        chosen = [d for d in state.existing() if not d.is_owned()] if everything else [_chosen(rehearsal)]
        for directory in chosen:
            if directory.is_owned():
                raise CommandError(
                    f"rehearsal {directory.id} is running; press Ctrl-C where it runs.", code=ExitCode.REFUSED
                )
            with interruption.deferred():
                count = leftovers.remove(directory)
            typer.echo(f"rehearsal {directory.id} is gone ({count} processes)")
    if not chosen:
        typer.echo("no rehearsal is kept or left over", err=True)
