"""`rackwright submit|jobs|describe|logs|cancel|suspend|resume`: what researchers do with their jobs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rackwright.cli import job_tables
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.output import Json, print_json, print_table
from rackwright.jobs import following, submission
from rackwright.jobs.connection import Connection, connect
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs.training_job import TrainingJob
from rackwright.specs.training_job_status import Phase

Kubeconfig = Annotated[Path | None, typer.Option(help="The kubeconfig; else $KUBECONFIG, else ~/.kube/config.")]
Context = Annotated[str | None, typer.Option("--context", help="The kubeconfig's context; else its current one.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="The team's namespace; else that of the context.")
]
Name = Annotated[str, typer.Argument(help="The job's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command, examples in (
        (submit, "rackwright submit job.yaml --namespace research --wait"),
        (jobs, "rackwright jobs --all-namespaces --watch"),
        (describe, "rackwright describe llama -n research"),
        (logs, "rackwright logs llama --rank 0 --follow"),
        (cancel, "rackwright cancel llama"),
        (suspend, "rackwright suspend llama"),
        (resume, "rackwright resume llama"),
    ):
        app.command(epilog=f"Example: `{examples}`")(command)


def submit(
    file: Annotated[Path, typer.Argument(help="The job as YAML (`rackwright size` writes one).")] = Path("job.yaml"),
    *,
    namespace: Namespace = None,
    suspended: Annotated[bool, typer.Option("--suspend", help="Keep it from queueing until `resume`.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; exit code 1 if it failed.")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: Json = False,
) -> None:
    """Submit a job, or apply what changed in it."""
    job = submission.read(file, suspend=suspended)
    cluster = connect(kubeconfig, context)
    space = _namespace(cluster, namespace or job.metadata.namespace)
    on_cluster = TrainingJobs(cluster)
    applied = submission.submit(on_cluster, job, namespace=space, source=str(file), tell=_note)
    if wait:
        applied = following.wait_for_end(on_cluster, namespace=space, name=job.metadata.name, tell=_say)
    if as_json:
        print_json(_as_data(applied))
    elif not wait:
        typer.echo(f"submitted {space}/{job.metadata.name}: {job.spec.gpus:,} GPUs, queue {job.spec.queue}")
    if applied.status is not None and applied.status.phase == Phase.FAILED and wait:
        raise typer.Exit(ExitCode.FAILURE)


def jobs(
    *,
    namespace: Namespace = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Those of all teams.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on with a line for each change.")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: Json = False,
) -> None:
    """List jobs."""
    cluster = connect(kubeconfig, context)
    space = None if all_namespaces else _namespace(cluster, namespace)
    on_cluster = TrainingJobs(cluster)
    if watch:
        for event, job in on_cluster.watch(space):
            if as_json:
                print_json({"event": event, "job": _as_data(job)})
            else:
                typer.echo("  ".join((event.lower(), *job_tables.row(job, now=_now()))))
        return
    found = on_cluster.all_in(space)
    if as_json:
        print_json([_as_data(job) for job in found])
    elif found:
        print_table(job_tables.COLUMNS, [job_tables.row(job, now=_now()) for job in found])
    else:
        typer.echo(f"no jobs in {space or 'any namespace'}", err=True)


def describe(
    name: Name,
    *,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: Json = False,
) -> None:
    """Show a job: conditions, placement, restarts, where the time went, events."""
    cluster = connect(kubeconfig, context)
    space = _namespace(cluster, namespace)
    on_cluster = TrainingJobs(cluster)
    job = on_cluster.get(space, name)
    events = on_cluster.events(space, name)
    if as_json:
        print_json({"job": _as_data(job), "events": [asdict(event) for event in events]})
        return
    for line in job_tables.description(job, now=_now()):
        typer.echo(line)
    typer.echo("Events")
    for event in events:
        typer.echo(f"  {event.at}  {event.reason}: {event.message}")


def logs(
    name: Name,
    *,
    rank: Annotated[int, typer.Option(help="The host's rank in the gang.", min=0)] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    tail: Annotated[int | None, typer.Option(help="Only so many lines of the end.", min=0)] = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Print the log of one host of a job."""
    cluster = connect(kubeconfig, context)
    space = _namespace(cluster, namespace)
    on_cluster = TrainingJobs(cluster)
    job = on_cluster.get(space, name)
    if rank >= job.spec.hosts:
        raise CommandError(
            f"job {space}/{name} has no rank {rank}: it has {job.spec.hosts} hosts, "
            f"so --rank is from 0 to {job.spec.hosts - 1}.",
            code=ExitCode.USAGE,
        )
    pod = on_cluster.pod_of_rank(job, space, rank)
    for piece in on_cluster.log(space, pod, follow=follow, tail=tail):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def cancel(
    name: Name,
    *,
    namespace: Namespace = None,
    wait: Annotated[bool, typer.Option(help="Until the job and all its pods are gone.")] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Cancel a job: delete it with all that belongs to it. Its checkpoints stay."""
    cluster = connect(kubeconfig, context)
    space = _namespace(cluster, namespace)
    on_cluster = TrainingJobs(cluster)
    on_cluster.delete(space, name)
    if wait:
        following.wait_until_gone(on_cluster, namespace=space, name=name)
    typer.echo(f"cancelled {space}/{name}")


def suspend(name: Name, *, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Take a job off its hosts and keep it."""
    _set_suspended(name, namespace, connect(kubeconfig, context), suspended=True)


def resume(name: Name, *, namespace: Namespace = None, kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Let a suspended job queue again; it goes on from its last checkpoint."""
    _set_suspended(name, namespace, connect(kubeconfig, context), suspended=False)


def _set_suspended(name: str, namespace: str | None, cluster: Connection, *, suspended: bool) -> None:
    space = _namespace(cluster, namespace)
    TrainingJobs(cluster).set_suspended(space, name, suspended=suspended)
    typer.echo(f"{'suspended' if suspended else 'resumed'} {space}/{name}")


def _namespace(cluster: Connection, wished: str | None) -> str:
    namespace = wished or cluster.namespace
    if namespace is None:
        raise CommandError(
            "which team's namespace? Give --namespace, or set one by "
            "`kubectl config set-context --current --namespace NAME`.",
            code=ExitCode.USAGE,
        )
    return namespace


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _note(text: str) -> None:
    _say(f"note: {text}")


def _as_data(job: TrainingJob) -> dict[str, object]:
    return job.model_dump(mode="json", by_alias=True, exclude_none=True)


def _now() -> datetime:
    return datetime.now(UTC)
