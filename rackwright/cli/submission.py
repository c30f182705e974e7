"""Submitting a job: checked here first, then against its queue, then by the API server."""

from __future__ import annotations

from pathlib import Path

import typer

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.quota import reach
from rackwright.cli.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob, load_document
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.training_job_status import Phase


def read(path: Path, *, suspend: bool) -> TrainingJob:
    """Read and check a job's document."""
    job = load_document(path, TrainingJob)
    if not suspend:
        return job
    return job.model_copy(update={"spec": job.spec.model_copy(update={"suspend": True})})


def check_queue(jobs: TrainingJobs, job: TrainingJob, *, namespace: str, source: str) -> None:
    """Refuse a job that its queue can never admit; a user who may not read the quotas is told so instead."""
    try:
        queue = jobs.local_queue(namespace, job.spec.queue)["spec"]["clusterQueue"]
        most = reach(queue, jobs.cluster_queues())
    except KeyError as error:
        raise CommandError(f"queue {namespace}/{job.spec.queue} points to {error}, which doesn't exist.") from error
    except CommandError as error:
        if error.code == ExitCode.NOT_FOUND:
            raise _unknown_queue(jobs, job, namespace=namespace, source=source) from error
        if error.code == ExitCode.DENIED:
            typer.echo(f"note: the queue's quota wasn't checked: {error}", err=True)
            return
        raise
    if job.spec.gpus > most.total:
        problem = Problem(
            field="spec.gpus",
            value=str(job.spec.gpus),
            expected=f"at most the {most.total:,} GPUs that queue {namespace}/{job.spec.queue} can ever give: "
            f"{most.own:,} of its own and {most.borrowed:,} to borrow",
            remedy="ask for fewer GPUs, or have the team's quota raised in cluster.yaml (queues.teams)",
        )
        raise SpecError(source, [problem])


def _unknown_queue(jobs: TrainingJobs, job: TrainingJob, *, namespace: str, source: str) -> SpecError:
    there = jobs.local_queues(namespace)
    problem = Problem(
        field="spec.queue",
        value=repr(job.spec.queue),
        expected=f"a queue of the namespace {namespace}: {', '.join(there) or 'it has none'}",
        remedy="name one of them" if there else "use a team's namespace: metadata.namespace, or --namespace",
    )
    return SpecError(source, [problem])


def wait_for_end(jobs: TrainingJobs, *, namespace: str, name: str) -> TrainingJob:
    """Follow a job until it has succeeded or failed, saying each new phase on standard error."""
    seen = ""
    for event, job in jobs.watch(namespace, name=name):
        if event == "DELETED":
            break
        if job.status is None:
            continue
        if job.status.phase != seen:
            seen = job.status.phase
            typer.echo(f"{namespace}/{name}: {seen}. {job.status.message}".rstrip(), err=True)
        if job.status.phase in {Phase.SUCCEEDED, Phase.FAILED}:
            return job
    raise CommandError(f"job {namespace}/{name} was deleted before it ended.", code=ExitCode.NOT_FOUND)


def wait_until_gone(jobs: TrainingJobs, *, namespace: str, name: str) -> None:
    """Wait until a job that is being deleted is gone, with all that belongs to it."""
    try:
        for event, _ in jobs.watch(namespace, name=name):
            if event == "DELETED":
                return
    except CommandError as error:
        if error.code != ExitCode.NOT_FOUND:
            raise
