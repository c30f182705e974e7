"""How and when a job ends, and when it is deleted afterwards. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from operators.observed import JobSetView
from rackwright.specs.training_job import TrainingJobSpec
from rackwright.specs.training_job_status import Phase


def find_ending(
    spec: TrainingJobSpec, own_jobset: JobSetView | None, *, started_at: str | None, now: datetime
) -> tuple[Phase, str] | None:
    """How a job ends that hasn't ended before, and a sentence about it; None while it doesn't."""
    if own_jobset is not None and own_jobset.succeeded:
        return Phase.SUCCEEDED, "All ranks ended well."
    if own_jobset is not None and own_jobset.failure is not None:
        return Phase.FAILED, f"The gang failed for good: {own_jobset.failure}."
    due = deadline(spec, started_at)
    if due is not None and now >= due:
        return Phase.FAILED, f"Not finished after {spec.active_deadline_seconds} s (activeDeadlineSeconds)."
    return None


def deadline(spec: TrainingJobSpec, started_at: str | None) -> datetime | None:
    """When a job counts as failed if it hasn't finished, or None."""
    return _after(started_at, spec.active_deadline_seconds)


def expiry(spec: TrainingJobSpec, finished_at: str | None) -> datetime | None:
    """When a finished job is to be deleted, or None."""
    return _after(finished_at, spec.ttl_seconds_after_finished)


def _after(moment: str | None, seconds: int | None) -> datetime | None:
    if moment is None or seconds is None:
        return None
    return datetime.fromisoformat(moment) + timedelta(seconds=seconds)
