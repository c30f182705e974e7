"""Waiting for the training job to be where the play needs it."""

from __future__ import annotations

from collections.abc import Callable

from rackwright.jobs.following import Follower
from rackwright.specs.training_job_status import TrainingJobStatus


class JobError(RuntimeError):
    """A job that didn't get where it should."""


def wait_for(
    follower: Follower, wanted: Callable[[TrainingJobStatus], bool], *, what: str, timeout_s: float
) -> TrainingJobStatus:
    """Follow the job until its status is as wanted; raise `JobError` when it ends before that, or time runs out."""
    status = TrainingJobStatus()
    for job in follower.states(timeout_s=timeout_s):
        status = job.status or status
        if wanted(status):
            return status
    if status.phase.final:
        raise JobError(f"the job {follower.name} {status.phase.lower()} before it was {what}: {status.message}")
    state = f"it is {status.phase}: {status.message}"
    raise JobError(f"the job {follower.name} wasn't {what} after {timeout_s:.0f} s; {state}")
