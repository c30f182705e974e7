"""Following one job until it is as wished, has ended, or is gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rackwright.jobs.errors import NotFound
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs.training_job import TrainingJob
from rackwright.specs.training_job_status import Phase


@dataclass
class Follower:
    """Follows one job and tells each new phase."""

    jobs: TrainingJobs
    namespace: str
    name: str
    tell: Callable[[str], None]
    """Hears of each new phase, in a sentence; it may be replaced from one wait to the next."""
    _told: Phase | None = field(default=None, init=False)

    def states(self, *, timeout_s: float | None = None) -> Iterator[TrainingJob]:
        """The job as it is now and after each change, until it has ended or the time is up.

        Jobs that nobody has looked at yet have no status, and are left out. Raise `NotFound` when the job is deleted.
        """
        for event, job in self.jobs.watch(self.namespace, name=self.name, timeout_s=timeout_s):
            if event == "DELETED":
                raise NotFound(f"job {self.namespace}/{self.name} was deleted before it ended.")
            if job.status is None:
                continue
            if job.status.phase != self._told:
                self._told = job.status.phase
                self.tell(f"{self.namespace}/{self.name}: {job.status.phase}. {job.status.message}".rstrip())
            yield job
            if job.status.phase.final:
                return


def wait_for_end(jobs: TrainingJobs, *, namespace: str, name: str, tell: Callable[[str], None]) -> TrainingJob:
    """Follow a job until it has succeeded or failed; `tell` hears of each new phase."""
    return deque(Follower(jobs, namespace, name, tell).states(), maxlen=1).pop()


def wait_until_gone(jobs: TrainingJobs, *, namespace: str, name: str) -> None:
    """Wait until a job that is being deleted is gone, with all that belongs to it."""
    try:
        for event, _ in jobs.watch(namespace, name=name):
            if event == "DELETED":
                return
    except NotFound:
        return
