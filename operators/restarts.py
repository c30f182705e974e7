"""The record of a job's restarts: what was lost, why, and when the gang was whole again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from operators.observed import JobView, Observed, PodView
from rackwright.specs.training_job_status import Progress, Restart, TrainingJobStatus

HOST_FAILED = "HostFailed"
POD_FAILED = "PodFailed"

KEPT = 20
"""Restarts that the status keeps in full; `restartCount` has the number of all."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Why a gang isn't whole any more."""

    cause: str
    message: str
    host: str | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """The restarts, and the gang that is whole now."""

    restarts: tuple[Restart, ...]
    count: int
    gang: str | None

    @property
    def open(self) -> Restart | None:
        """The restart from which the gang hasn't recovered yet."""
        last = self.restarts[-1] if self.restarts else None
        return last if last is not None and last.recovered_at is last.abandoned_at is None else None


def living_pods(observed: Observed) -> tuple[PodView, ...]:
    """The gang's pods that do their part, by rank."""
    return tuple(sorted((pod for pod in observed.pods if pod.living), key=lambda pod: pod.rank))


def is_whole(job: JobView, observed: Observed) -> bool:
    """Whether every rank trains or is through, on hosts that can be trusted."""
    return len(arrived_ranks(observed)) == job.job.spec.hosts


def arrived_ranks(observed: Observed) -> set[int]:
    """The ranks that train or are through, on hosts that can be trusted."""
    return {pod.rank for pod in observed.pods if pod.arrived and not host_failure(pod, observed)}


def host_failure(pod: PodView, observed: Observed) -> str | None:
    """Why the pod's host can't be trusted with it, or None."""
    if pod.phase == "Succeeded" or pod.host is None:
        return None
    host = observed.hosts.get(pod.host)
    return (host.dead or host.excluded) if host else None


def find_loss(job: JobView, observed: Observed) -> Loss | None:
    """What the gang has lost; a pod that only isn't ready for a while is no loss."""
    for pod in sorted(observed.pods, key=lambda pod: pod.rank):
        failure = host_failure(pod, observed)
        if failure:
            return Loss(cause=HOST_FAILED, host=pod.host, message=f"{pod.host}: {failure}")
    workload = observed.workload
    if workload is not None and (workload.eviction or not workload.admitted):
        reason = workload.eviction or "Evicted"
        return Loss(cause=reason, message=f"Kueue took the gang off its hosts: {reason}")
    missing = sorted(set(range(job.job.spec.hosts)) - {pod.rank for pod in living_pods(observed)})
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return Loss(cause=POD_FAILED, message=f"the pod of rank {missing[0]}{others} failed or went")
    return None


def update(job: JobView, observed: Observed, *, progress: Progress | None, now: str) -> Record:
    """The record after what is observed now."""
    old = job.status
    record = Record(restarts=old.restarts, count=old.restart_count, gang=old.gang)
    if is_whole(job, observed):
        return recovered(record, old, progress, leader=living_pods(observed)[0].uid, now=now)
    loss = find_loss(job, observed)
    if loss is None:
        return record
    if record.gang is not None:
        return append(record, restart(loss, old, progress, now=now), gang=None)
    if record.open is not None and record.open.cause == POD_FAILED != loss.cause:
        # The pods' end was heard of before its cause.
        known = record.open.model_copy(update={"cause": loss.cause, "host": loss.host, "message": loss.message})
        return Record(restarts=(*record.restarts[:-1], known), count=record.count, gang=None)
    return record


def recovered(record: Record, old: TrainingJobStatus, progress: Progress | None, *, leader: str, now: str) -> Record:
    """The record of a gang that is whole, with `leader` as the uid of rank 0."""
    if record.open is not None:
        closed = record.open.model_copy(update={"recovered_at": now})
        return Record(restarts=(*record.restarts[:-1], closed), count=record.count, gang=leader)
    if record.gang not in {None, leader}:
        unseen = Loss(cause=POD_FAILED, message="the gang was restarted while the operator was away")
        return append(record, restart(unseen, old, progress, now=now, recovered_at=now), gang=leader)
    return Record(restarts=record.restarts, count=record.count, gang=leader)


def abandoned(old: TrainingJobStatus, *, now: str) -> Record:
    """The record of a gang that goes by its author's wish or for good: what it hadn't recovered from, it won't."""
    record = Record(restarts=old.restarts, count=old.restart_count, gang=None)
    if record.open is None:
        return record
    closed = record.open.model_copy(update={"abandoned_at": now})
    return Record(restarts=(*record.restarts[:-1], closed), count=record.count, gang=None)


def restart(
    loss: Loss, old: TrainingJobStatus, progress: Progress | None, *, now: str, recovered_at: str | None = None
) -> Restart:
    """A new entry."""
    known = progress or old.progress
    return Restart(
        at=now,
        cause=loss.cause,
        host=loss.host,
        message=loss.message,
        step=known.step if known else None,
        resumed_from_step=known.checkpoint_step if known else None,
        repeated_seconds=repeated_s(old, known, now=now),
        recovered_at=recovered_at,
    )


def repeated_s(old: TrainingJobStatus, progress: Progress | None, *, now: str) -> float | None:
    """Seconds that the gang had trained since its last checkpoint; None for a job that reports no progress."""
    if progress is None or progress.checkpoint_at is None:
        return None
    whole = old.condition("Ready")
    since = [progress.checkpoint_at, *([whole.last_transition_time] if whole and whole.status == "True" else ())]
    return max(0.0, (datetime.fromisoformat(now) - max(map(datetime.fromisoformat, since))).total_seconds())


def append(record: Record, entry: Restart, *, gang: str | None) -> Record:
    """The record with one more entry."""
    return Record(restarts=(*record.restarts, entry)[-KEPT:], count=record.count + 1, gang=gang)
