"""Submitting a job: checked here first, then against its queue, then by the API server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rackwright.jobs.errors import Denied, NotFound
from rackwright.jobs.queues import Queues
from rackwright.jobs.quota import reach
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob, load_document
from rackwright.specs.documents import Problem, SpecError


def read(path: Path, *, suspend: bool) -> TrainingJob:
    """Read and check a job's document."""
    job = load_document(path, TrainingJob)
    if not suspend:
        return job
    return job.model_copy(update={"spec": job.spec.model_copy(update={"suspend": True})})


def submit(
    jobs: TrainingJobs, job: TrainingJob, *, namespace: str, source: str, tell: Callable[[str], None]
) -> TrainingJob:
    """Check the job against its queue, and apply it; `tell` hears of what couldn't be checked.

    Raise `SpecError`, naming the job's `source`, for what its queue can never admit.
    """
    _check_queue(Queues(jobs.connection), job, namespace=namespace, source=source, tell=tell)
    return jobs.apply(job, namespace=namespace)


def _check_queue(queues: Queues, job: TrainingJob, *, namespace: str, source: str, tell: Callable[[str], None]) -> None:
    """Refuse a job that its queue can never admit; a user who may not read the quotas is told so instead."""
    try:
        queue = queues.local_queue(namespace, job.spec.queue)["spec"]["clusterQueue"]
        cluster_queues = queues.cluster_queues()
    except NotFound as error:
        raise _unknown_queue(queues, job, namespace=namespace, source=source) from error
    except Denied as error:
        tell(f"the queue's quota wasn't checked: {error}")
        return
    try:
        most = reach(queue, cluster_queues)
    except KeyError as error:
        raise NotFound(
            f"queue {namespace}/{job.spec.queue} points to the cluster queue {queue!r}, which doesn't exist. "
            "Have it declared (queues.teams in cluster.yaml), or name another queue in spec.queue."
        ) from error
    if job.spec.gpus > most.total:
        problem = Problem(
            field="spec.gpus",
            value=str(job.spec.gpus),
            expected=f"at most the {most.total:,} GPUs that queue {namespace}/{job.spec.queue} can ever give: "
            f"{most.own:,} of its own and {most.borrowed:,} to borrow",
            remedy="ask for fewer GPUs, or have the team's quota raised in cluster.yaml (queues.teams)",
        )
        raise SpecError(source, [problem])


def _unknown_queue(queues: Queues, job: TrainingJob, *, namespace: str, source: str) -> SpecError:
    there = queues.local_queues(namespace)
    problem = Problem(
        field="spec.queue",
        value=repr(job.spec.queue),
        expected=f"a queue of the namespace {namespace}: {', '.join(there) or 'it has none'}",
        remedy="name one of them" if there else "use a team's namespace: metadata.namespace, or --namespace",
    )
    return SpecError(source, [problem])
