"""Whether a job can be taken: the API server knows the job's own rules, not the cluster and not what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from operators.observed import JobView, Observed
from rackwright.specs import TrainingJob
from rackwright.specs.job_cluster import JobCluster


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a job can't be taken: one word for programs, and a sentence with the remedy for people."""

    reason: str
    message: str


def refusal(job: TrainingJob, cluster: JobCluster) -> Refusal | None:
    """The first reason why the cluster can't take the job, or None."""
    return next(_refusals(job, cluster), None)


def name_taken(job: JobView, observed: Observed) -> Refusal | None:
    """A JobSet of the job's name that isn't the job's; None if there is none, or if it is going."""
    jobset = observed.jobset
    if jobset is None or jobset.deleting or jobset.owner_uid == job.uid:
        return None
    return Refusal(
        reason="NameTaken",
        message=f"A JobSet {job.job.metadata.name!r} that belongs to something else is in the way; delete it, or "
        "submit the job by another name.",
    )


def _refusals(job: TrainingJob, cluster: JobCluster) -> Iterator[Refusal]:
    spec, queues, pool = job.spec, cluster.queues, cluster.gpu_pool
    team = next((each for each in queues.teams if each.name == job.metadata.namespace), None)
    if team is None:
        yield Refusal(
            reason="UnknownQueue",
            message=f"namespace {job.metadata.namespace!r} has no queue; submit to a team's namespace: "
            f"{', '.join(each.name for each in queues.teams)}.",
        )
        return
    if spec.queue != queues.local_queue:
        yield Refusal(
            reason="UnknownQueue",
            message=f"spec.queue: got {spec.queue!r}; expected {queues.local_queue!r}, the queue of namespace "
            f"{team.name!r}. Use that one.",
        )
    if spec.priority is not None and spec.priority not in {each.name for each in queues.priorities}:
        yield Refusal(
            reason="UnknownPriority",
            message=f"spec.priority: got {spec.priority!r}; expected one of "
            f"{', '.join(each.name for each in queues.priorities)}. Use one of them, or leave it out.",
        )
    wish = spec.topology
    levels = {level.name for level in cluster.fabric.levels}
    for field, level in (
        ("required", wish.required),
        ("preferred", wish.preferred),
        ("slice.level", wish.slice.level if wish.slice else None),
    ):
        if level is not None and level not in levels:
            yield Refusal(
                reason="UnknownLevel",
                message=f"spec.topology.{field}: got {level!r}; expected a level of the cluster's fabric: "
                f"{', '.join(each.name for each in cluster.fabric.levels)}. Use one of them.",
            )
    if spec.gpus_per_host > pool.gpus_per_host:
        yield Refusal(
            reason="TooManyGpusPerHost",
            message=f"spec.gpusPerHost: got {spec.gpus_per_host}; expected at most {pool.gpus_per_host}, which the "
            f"hosts of pool {pool.name!r} have. Lower it.",
        )
    most = most_gpus(cluster, team.name)
    if spec.gpus > most:
        yield Refusal(
            reason="TooLarge",
            message=f"spec.gpus: got {spec.gpus}; expected at most {most}, which queue {team.name!r} can ever give "
            f"({team.gpus} of its own, the rest borrowed). Use fewer GPUs, or raise the team's quota in the cluster "
            "spec.",
        )


def most_gpus(cluster: JobCluster, team_name: str) -> int:
    """GPUs that a team's queue gives at the most: its own, and of others' what they lend and it may borrow."""
    (team,) = (each for each in cluster.queues.teams if each.name == team_name)
    lent = sum(
        other.gpus if other.lending_gpus is None else other.lending_gpus
        for other in cluster.queues.teams
        if other.name != team_name
    )
    return team.gpus + (lent if team.borrowing_gpus is None else min(lent, team.borrowing_gpus))
