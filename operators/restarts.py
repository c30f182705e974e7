"""The record of a job's restarts: what was lost, why, and when the gang was whole again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from operators.gang import POD_FAILED, Loss
from operators.situation import Situation
from rackwright.specs.training_job_status import Restart, TrainingJobStatus

KEPT = 20
"""Restarts that the status keeps in full; `restartCount` has the number of all."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The restarts, and the gang that is whole now."""

    restarts: tuple[Restart, ...]
    count: int
    gang: str | None

    @classmethod
    def of(cls, status: TrainingJobStatus) -> Record:
        """The record that a status has."""
        return cls(restarts=status.restarts, count=status.restart_count, gang=status.gang)

    @property
    def open(self) -> Restart | None:
        """The restart from which the gang hasn't recovered yet."""
        last = self.restarts[-1] if self.restarts else None
        return last if last is not None and last.recovered_at is last.abandoned_at is None else None

    def mended(self, **known: str | None) -> Record:
        """The record with what has become known of its last restart."""
        return replace(self, restarts=(*self.restarts[:-1], self.restarts[-1].model_copy(update=known)))

    def with_one_more(self, restart: Restart) -> Record:
        """The record after another restart."""
        return replace(self, restarts=(*self.restarts, restart)[-KEPT:], count=self.count + 1)


def record(situation: Situation) -> Record:
    """The record after what is observed now."""
    known = Record.of(situation.reported)
    if situation.over or situation.taken_down:
        return abandoned(known, now=situation.moment)
    if situation.whole:
        return recovered(known, situation)
    if situation.loss is not None:
        return lost(known, situation, situation.loss)
    return known


def abandoned(known: Record, *, now: str) -> Record:
    """The record of a gang that goes by its author's wish or for good: what it hadn't recovered from, it won't."""
    closed = known.mended(abandoned_at=now) if known.open is not None else known
    return replace(closed, gang=None)


def recovered(known: Record, situation: Situation) -> Record:
    """The record of a gang that is whole."""
    leader = situation.living[0].uid
    if known.open is not None:
        closed = known.mended(recovered_at=situation.moment)
    elif known.gang not in {None, leader}:
        unseen = Loss(cause=POD_FAILED, message="the gang was restarted while the operator was away")
        closed = known.with_one_more(restart(unseen, situation, recovered_at=situation.moment))
    else:
        closed = known
    return replace(closed, gang=leader)


def lost(known: Record, situation: Situation, loss: Loss) -> Record:
    """The record of a gang that isn't whole any more, or not yet again."""
    if known.gang is not None:
        return replace(known.with_one_more(restart(loss, situation)), gang=None)
    if known.open is not None and known.open.cause == POD_FAILED != loss.cause:
        # The pods' end was heard of before its cause.
        return known.mended(cause=loss.cause, host=loss.host, message=loss.message)
    return known


def restart(loss: Loss, situation: Situation, *, recovered_at: str | None = None) -> Restart:
    """A new entry."""
    progress = situation.progress
    return Restart(
        at=situation.moment,
        cause=loss.cause,
        host=loss.host,
        message=loss.message,
        step=progress.step if progress else None,
        resumed_from_step=progress.checkpoint_step if progress else None,
        repeated_seconds=repeated_s(situation),
        recovered_at=recovered_at,
    )


def repeated_s(situation: Situation) -> float | None:
    """Seconds that the gang had trained since its last checkpoint; None for a job that reports no progress."""
    progress, whole = situation.progress, situation.reported.condition("Ready")
    if progress is None or progress.checkpoint_at is None:
        return None
    since = [progress.checkpoint_at, *([whole.last_transition_time] if whole and whole.status == "True" else ())]
    now = datetime.fromisoformat(situation.moment)
    return max(0.0, (now - max(map(datetime.fromisoformat, since))).total_seconds())
