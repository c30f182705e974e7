"""`rackwright rehearse`: the whole chain on this machine, and what can be done with a rehearsal that was kept."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from rackwright.cli.outcome import CommandError, ExitCode
from rackwright.cli.output import Json, console
from rackwright.cli.plan_table import plan_tables
from rehearsal import leftovers, processes, state, tools
from rehearsal.control_plane.identities import IDENTITIES
from rehearsal.engine import Engine, EngineError
from rehearsal.scenario import inputs
from rehearsal.scenario.jobs import JobError
from rehearsal.scenario.play import STEPS, Play
from rehearsal.scenario.progress import Progress
from rehearsal.scenario.report import Report, summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from rich.console import Console

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended (128 + SIGINT, as in shells)."""

app = typer.Typer(
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Rehearse a cluster end to end on this machine, with real parts.",
    epilog="Examples: `rackwright rehearse --gpus 256 --keep`, then `rackwright rehearse status`, "
    '`eval "$(rackwright rehearse env)"` and `kubectl get nodes`, `pulumi preview`; at last '
    "`rackwright rehearse down`.",
)

Id = Annotated[str | None, typer.Argument(help="The rehearsal; the newest kept one when left out.", show_default=False)]


@app.callback(invoke_without_command=True)
def rehearse(
    context: typer.Context,
    *,
    gpus: Annotated[int, typer.Option(min=8, help="GPUs of the training job.")] = inputs.DEFAULT_GPUS,
    model: Annotated[str, typer.Option(help="A model of the catalogue.")] = inputs.DEFAULT_MODEL,
    tokens: Annotated[float, typer.Option(help="Tokens to train on.")] = inputs.DEFAULT_TOKENS,
    reference: Annotated[str | None, typer.Option(help="A reference cluster of the catalogue, by name.")] = None,
    spec: Annotated[Path | None, typer.Option(help="A cluster spec of your own.", exists=True, dir_okay=False)] = None,
    output_directory: Annotated[
        Path | None, typer.Option(help="Where cluster.yaml and job.yaml go; else beside the rehearsal's state.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the cluster running at the end.")] = False,
    as_json: Json = False,
) -> None:
    """Size, start a control plane, `pulumi up`, submit a job, break a host, finish.

    Hosts, GPUs, their network, Oracle and time are simulated; the engine, the programs, Kubernetes, Kueue, JobSet and
    the operator are the real ones.
    """
    if context.invoked_subcommand:
        return
    given = inputs.read(gpus=gpus, model=model, tokens=tokens, reference=reference, spec=spec)
    signal.signal(signal.SIGTERM, _interrupt)
    errors = console(stderr=True)
    with _expected_errors(), ExitStack() as stack:
        toolbox = tools.ensure()
        with state.taking_turns():
            for left, count in leftovers.remove_leftovers().items():
                errors.print(f"removed rehearsal {left}, which had ended without cleaning up ({count} processes)")
            directory = state.create()
            stack.enter_context(directory.owned())
        try:
            report = _play(directory, toolbox, errors, given, keep=keep, output_directory=output_directory)
        except BaseException as error:
            errors.print(f"taking down rehearsal {directory.id}")
            if not isinstance(error, KeyboardInterrupt):
                errors.print(f"its logs stay in {leftovers.save_logs(directory)}", soft_wrap=True)
            leftovers.remove(directory)
            raise
        if not keep:
            leftovers.remove(directory)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        console().print(summary(report, plan=inputs.plan_words(given)))
    if keep:
        errors.print(_kept_hint(directory), soft_wrap=True)
    if not report.ok:
        raise typer.Exit(ExitCode.FAILURE)


@contextmanager
def _expected_errors() -> Iterator[None]:
    """Turn what can go wrong in a rehearsal into a sentence and an exit code."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error
    except (processes.ProcessError, state.StateError, tools.ToolError, JobError, EngineError) as error:
        raise CommandError(str(error)) from error


def _play(
    directory: state.StateDirectory,
    toolbox: tools.Toolbox,
    errors: Console,
    given: inputs.Inputs,
    *,
    keep: bool,
    output_directory: Path | None,
) -> Report:
    play = Play(
        state=directory,
        toolbox=toolbox,
        progress=Progress(errors, steps=len(STEPS)),
        plan=given.plan,
        spec=given.spec,
        job=given.job,
        files=(output_directory or directory.root / "files").resolve(),
        report=Report(id=directory.id, cluster=given.spec.name),
    )
    play.size(lambda plan: errors.print(plan_tables(plan)))
    play.start_control_plane()
    play.up()
    play.submit()
    play.break_host()
    play.finish(keep=keep)
    if keep:
        play.report.kept, play.report.state_directory = True, str(directory.root)
        directory.keep()
    return play.report


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _kept_hint(directory: state.StateDirectory) -> str:
    return (
        f"Rehearsal {directory.id} keeps running. `rackwright rehearse status` shows it; "
        'eval "$(rackwright rehearse env)" lets kubectl, pulumi and rackwright work against it; '
        f"its cluster spec is {directory.root / 'files' / 'cluster.yaml'}; `rackwright rehearse down` ends it."
    )


def _chosen(name: str | None) -> state.StateDirectory:
    """The rehearsal that a command means."""
    there = state.existing()
    chosen = [directory for directory in there if directory.id == name] if name else [d for d in there if d.kept][-1:]
    if chosen:
        return chosen[0]
    names = ", ".join(directory.id for directory in there)
    if name:
        raise typer.BadParameter(f"there is no rehearsal {name}; there are: {names or 'none'}")
    raise typer.BadParameter("no rehearsal is kept; start one with `rackwright rehearse --keep`")


@app.command()
def status(*, as_json: Json = False) -> None:
    """List the rehearsals of this user and what runs in each."""
    found = [
        {
            "id": directory.id,
            "state": "running" if directory.is_owned() else "kept" if directory.kept else "left over",
            "processes": sorted({process.name() for process in processes.marked(directory.id)}),
            "server": directory.facts().get("server"),
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


@app.command()
def kubeconfig(
    rehearsal: Id = None,
    identity: Annotated[str, typer.Option("--as", help=f"One of {', '.join(i.name for i in IDENTITIES)}.")] = "admin",
) -> None:
    """Print the path of a kubeconfig: `export KUBECONFIG=$(rackwright rehearse kubeconfig)`."""
    path = _chosen(rehearsal).kubeconfig(identity)
    if not path.exists():
        raise typer.BadParameter(
            f"there is no identity {identity!r}; there are {', '.join(i.name for i in IDENTITIES)}"
        )
    typer.echo(path)


@app.command()
def env(rehearsal: Id = None) -> None:
    """Print what a shell needs: `eval "$(rackwright rehearse env)"`."""
    engine = Engine(_chosen(rehearsal), tools.ensure())
    for name, value in engine.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
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
        raise typer.BadParameter(f"there is no log of {process!r}; there are {', '.join(names)}")
    if follow:
        subprocess.run(["tail", "-n", "50", "-f", str(directory.log(process))], check=False)  # noqa: S607  # a standard program
        return
    sys.stdout.write(directory.log(process).read_text(encoding="utf-8", errors="replace"))


@app.command()
def down(
    rehearsal: Id = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All kept and left over rehearsals.")] = False,
) -> None:
    """End a kept rehearsal and delete all of it."""
    with state.taking_turns():
        chosen = [d for d in state.existing() if not d.is_owned()] if everything else [_chosen(rehearsal)]
        for directory in chosen:
            if directory.is_owned():
                raise typer.BadParameter(f"rehearsal {directory.id} is running; interrupt it where it runs")
            count = leftovers.remove(directory)
            typer.echo(f"rehearsal {directory.id} is gone ({count} processes)")
