"""One job at one moment: what its author asks for, what there is of it, and what follows from both. Pure.

The status, the record of restarts and the actions are all read off the same `Situation`, so that none of them sees the
job otherwise than another does, and each fact is found once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from operators import endings, gang
from operators.acceptance import Refusal
from operators.gang import Loss
from operators.observed import JobSetView, JobView, Observed, PodView
from operators.progress import read_progress
from rackwright.rendering.jobset import template_sha256
from rackwright.specs.training_job import TrainingJobSpec
from rackwright.specs.training_job_status import Phase, Progress, TrainingJobStatus, timestamp


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is asked, what there is, and what follows from both."""

    job: JobView
    observed: Observed
    refused: Refusal | None
    """Why the job can't be taken; None if it can."""
    now: datetime

    @property
    def name(self) -> str:
        """The job's, and its JobSet's."""
        return self.job.job.metadata.name

    @property
    def spec(self) -> TrainingJobSpec:
        """What its author asks for."""
        return self.job.job.spec

    @property
    def reported(self) -> TrainingJobStatus:
        """The status as it was last written."""
        return self.job.status

    @cached_property
    def moment(self) -> str:
        """Now, as status fields have it."""
        return timestamp(self.now)

    @property
    def own_jobset(self) -> JobSetView | None:
        """The JobSet, if it is the job's."""
        jobset = self.observed.jobset
        return jobset if jobset is not None and jobset.owner_uid == self.job.uid else None

    @property
    def standing_jobset(self) -> JobSetView | None:
        """The job's JobSet, unless it is being deleted."""
        jobset = self.own_jobset
        return jobset if jobset is not None and not jobset.deleting else None

    @cached_property
    def taken_down(self) -> bool:
        """Whether the gang goes by its author's wish: suspended, or changed while it was. That is no restart."""
        jobset = self.observed.jobset
        return self.spec.suspend or (jobset is not None and jobset.template_sha256 != template_sha256(self.spec))

    @property
    def admitted(self) -> bool:
        """Whether Kueue gave the gang quota and hosts."""
        return self.observed.workload is not None and self.observed.workload.admitted

    @cached_property
    def living(self) -> tuple[PodView, ...]:
        """The gang's pods that do their part, by rank."""
        return gang.living_pods(self.observed)

    @cached_property
    def arrived(self) -> int:
        """How many ranks train or are through, on hosts that can be trusted."""
        return len(gang.arrived_ranks(self.observed))

    @property
    def whole(self) -> bool:
        """Whether every rank trains or is through, on hosts that can be trusted."""
        return self.arrived == self.spec.hosts

    @cached_property
    def loss(self) -> Loss | None:
        """What the gang has lost; a pod that only isn't ready for a while is no loss."""
        return gang.find_loss(self.observed, hosts=self.spec.hosts)

    @cached_property
    def progress(self) -> Progress | None:
        """How far the run is, as rank 0 says, or else as was last known."""
        return read_progress(self.observed, self.spec.expected, self.reported.progress, now=self.moment)

    @cached_property
    def ending(self) -> tuple[Phase, str] | None:
        """How the job ends just now, and a sentence about it; None while it doesn't, and if it had ended before."""
        if self.reported.phase.final:
            return None
        return endings.find_ending(self.spec, self.own_jobset, started_at=self.reported.started_at, now=self.now)

    @property
    def over(self) -> bool:
        """Whether the job has ended; nothing changes after that."""
        return self.reported.phase.final or self.ending is not None

    @property
    def finished_at(self) -> str | None:
        """When the job ended; None if it hasn't."""
        if self.reported.phase.final:
            return self.reported.finished_at
        return self.moment if self.ending else None

    @cached_property
    def due(self) -> datetime | None:
        """When the job fails if it hasn't finished, or is deleted if it has; None if it may stay as it is."""
        if self.over:
            return endings.expiry(self.spec, self.finished_at)
        return endings.deadline(self.spec, self.reported.started_at)
