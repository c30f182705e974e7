"""One job at one moment: what its author asks for, what there is of it, and what follows from both. Pure.

The status, the record of restarts and the actions are all read off the same `Situation`, so that none of them sees the
job otherwise than another does, and each fact is found once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from operators.acceptance import Refusal
from operators.observed import HostView, JobSetView, JobView, Observed, PodView
from operators.progress import read_progress
from rackwright.rendering.jobset import template_sha256
from rackwright.specs.training_job import TrainingJobSpec
from rackwright.specs.training_job_status import Phase, Progress, TrainingJobStatus, timestamp

HOST_FAILED = "HostFailed"
POD_FAILED = "PodFailed"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Why a gang isn't whole any more."""

    cause: str
    message: str
    host: str | None = None


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

    @cached_property
    def progress(self) -> Progress | None:
        """What rank 0 says of its progress, or else what was last known of it."""
        said = (pod.progress for pod in self.observed.pods if pod.rank == 0 and not pod.deleting)
        told = next(filter(None, said), None)
        known = self.reported.progress
        return (read_progress(told, self.spec.expected, known, now=self.moment) if told else None) or known

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
        return tuple(sorted((pod for pod in self.observed.pods if pod.living), key=lambda pod: pod.rank))

    @cached_property
    def arrived(self) -> frozenset[int]:
        """The ranks that train or are through, on hosts that can be trusted."""
        return frozenset(pod.rank for pod in self.observed.pods if pod.arrived and not self.host_failure(pod))

    @property
    def whole(self) -> bool:
        """Whether every rank trains or is through, on hosts that can be trusted."""
        return len(self.arrived) == self.spec.hosts

    @cached_property
    def loss(self) -> Loss | None:
        """What the gang has lost; a pod that only isn't ready for a while is no loss."""
        for pod in sorted(self.observed.pods, key=lambda pod: pod.rank):
            failure = self.host_failure(pod)
            if failure:
                return Loss(cause=HOST_FAILED, host=pod.host, message=f"{pod.host}: {failure}")
        workload = self.observed.workload
        if workload is not None and (workload.eviction or not workload.admitted):
            reason = workload.eviction or "Evicted"
            return Loss(cause=reason, message=f"Kueue took the gang off its hosts: {reason}")
        missing = sorted(set(range(self.spec.hosts)) - {pod.rank for pod in self.living})
        if missing:
            others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            return Loss(cause=POD_FAILED, message=f"the pod of rank {missing[0]}{others} failed or went")
        return None

    @cached_property
    def ending(self) -> tuple[Phase, str] | None:
        """How the job ends just now, and a sentence about it; None while it doesn't, and if it had ended before."""
        jobset = self.own_jobset
        if self.reported.phase.final:
            return None
        if jobset is not None and jobset.succeeded:
            return Phase.SUCCEEDED, "All ranks ended well."
        if jobset is not None and jobset.failure is not None:
            return Phase.FAILED, f"The gang failed for good: {jobset.failure}."
        if self.deadline is not None and self.now >= self.deadline:
            return Phase.FAILED, f"Not finished after {self.spec.active_deadline_seconds} s (activeDeadlineSeconds)."
        return None

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
    def deadline(self) -> datetime | None:
        """When the job counts as failed if it hasn't finished, or None."""
        seconds, started = self.spec.active_deadline_seconds, self.reported.started_at
        return datetime.fromisoformat(started) + timedelta(seconds=seconds) if seconds and started else None

    @cached_property
    def expiry(self) -> datetime | None:
        """When the finished job is to be deleted, or None."""
        seconds, finished = self.spec.ttl_seconds_after_finished, self.finished_at
        if seconds is None or finished is None:
            return None
        return datetime.fromisoformat(finished) + timedelta(seconds=seconds)

    def host(self, pod: PodView) -> HostView | None:
        """The host that a pod names; None if it names none."""
        return self.observed.hosts.get(pod.host) if pod.host else None

    def host_failure(self, pod: PodView) -> str | None:
        """Why the pod's host can't be trusted with it, or None."""
        host = self.host(pod)
        return (host.dead or host.excluded) if host is not None and pod.phase != "Succeeded" else None
