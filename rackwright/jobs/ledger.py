"""Where a job's time went, from what its status says: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rackwright.specs.training_job import TrainingJob
from rackwright.specs.training_job_status import Restart, TrainingJobStatus


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A job's time so far, in seconds."""

    waiting_s: float
    """From creation to the first start."""
    recovering_s: float
    """From each loss until all pods were ready again."""
    repeated_s: float | None
    """Training done again after going back to a checkpoint, as the operator measured it; None where it couldn't."""
    running_s: float
    """All the rest since the start: steps that count, and checkpoints."""


def ledger(job: TrainingJob, *, now: datetime) -> Ledger:
    """Where the time between a job's creation and now, or its end, went."""
    status = job.status or TrainingJobStatus()
    created = moment(str((job.metadata.model_extra or {}).get("creationTimestamp") or now.isoformat()))
    started = moment(status.started_at) if status.started_at else None
    ended = moment(status.finished_at) if status.finished_at else now
    if started is None:
        return Ledger(waiting_s=(ended - created).total_seconds(), recovering_s=0, repeated_s=0, running_s=0)
    recovering = sum(_recovery_s(restart, until=ended) for restart in status.restarts)
    repeated = _repeated_s(status)
    return Ledger(
        waiting_s=(started - created).total_seconds(),
        recovering_s=recovering,
        repeated_s=repeated,
        running_s=max(0.0, (ended - started).total_seconds() - recovering - (repeated or 0)),
    )


def moment(text: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(text)


def _recovery_s(restart: Restart, *, until: datetime) -> float:
    over = restart.recovered_at or restart.abandoned_at
    return ((moment(over) if over else until) - moment(restart.at)).total_seconds()


def _repeated_s(status: TrainingJobStatus) -> float | None:
    measured = [restart.repeated_seconds for restart in status.restarts if restart.repeated_seconds is not None]
    return sum(measured) if measured or not status.restarts else None
