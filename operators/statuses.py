"""The status of a job from what is observed. Pure: the same observation gives the same status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import ValidationError

from operators import restarts
from operators.acceptance import Refusal
from operators.observed import JobView, Observed
from operators.restarts import Record
from rackwright.rendering.jobset import template_sha256
from rackwright.specs.training_job_status import Condition, Phase, Progress, ReportedProgress, TrainingJobStatus

HOSTS_SHOWN = 64
"""Hosts in the status (`hosts` says so); an object in etcd has 1.5 MB at the most."""

HOSTS_OUT_OF_SIGHT = "HostsOutOfSight"
"""The reason of the condition `Ready` while nobody knows, and of the event that says so."""

Truth = Literal["True", "False", "Unknown"]
Verdict = tuple[Truth, str, str]
"""A condition's status, reason and message."""


def written(moment: datetime) -> str:
    """A moment as status fields have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def finished(status: TrainingJobStatus) -> bool:
    """Whether the job has ended; nothing changes after that."""
    return status.phase in {Phase.SUCCEEDED, Phase.FAILED}


def deadline(job: JobView) -> datetime | None:
    """When the job counts as failed if it hasn't finished, or None."""
    seconds, started = job.job.spec.active_deadline_seconds, job.status.started_at
    return datetime.fromisoformat(started) + timedelta(seconds=seconds) if seconds and started else None


def report(job: JobView, observed: Observed, *, refused: Refusal | None, now: datetime) -> TrainingJobStatus:
    """The job's status."""
    old = job.status
    if finished(old):
        return old
    moment = written(now)
    progress = read_progress(job, observed, now=moment) or old.progress
    ended = ending(job, observed, now=now)
    record = restarts.update(job, observed, progress=progress, now=moment)
    if ended or taken_down(job, observed):
        record = restarts.abandoned(old, now=moment)
    phase, message = ended or life(job, observed, record, refused)
    whole = record.gang is not None and restarts.is_whole(job, observed)
    hosts = tuple(pod.host or "" for pod in restarts.living_pods(observed)) if whole else ()
    verdicts = conditions(job, observed, phase=phase, message=message, refused=refused, whole=whole)
    return TrainingJobStatus(
        observed_generation=job.generation,
        phase=phase,
        message=message,
        conditions=tuple(
            condition(old, kind, verdict, generation=job.generation, now=moment) for kind, verdict in verdicts.items()
        ),
        hosts=hosts[:HOSTS_SHOWN],
        host_count=len(hosts),
        gang=record.gang,
        started_at=old.started_at or (moment if whole else None),
        finished_at=moment if ended else None,
        progress=progress,
        restart_count=record.count,
        restarts=record.restarts,
    )


def ending(job: JobView, observed: Observed, *, now: datetime) -> tuple[Phase, str] | None:
    """How the job ended, or None while it hasn't."""
    jobset = observed.jobset
    ours = jobset is not None and jobset.owner_uid == job.uid
    if jobset is not None and ours and jobset.succeeded:
        return Phase.SUCCEEDED, "All ranks ended well."
    if jobset is not None and ours and jobset.failure is not None:
        return Phase.FAILED, f"The gang failed for good: {jobset.failure}."
    due = deadline(job)
    if due is not None and now >= due:
        return Phase.FAILED, f"Not finished after {job.job.spec.active_deadline_seconds} s (activeDeadlineSeconds)."
    return None


def taken_down(job: JobView, observed: Observed) -> bool:
    """Whether the gang goes by its author's wish: suspended, or changed while it was. That is no restart."""
    jobset, spec = observed.jobset, job.job.spec
    return spec.suspend or (jobset is not None and jobset.template_sha256 != template_sha256(spec))


def life(job: JobView, observed: Observed, record: Record, refused: Refusal | None) -> tuple[Phase, str]:
    """Where a job is that hasn't ended, and one sentence about it."""
    workload, jobset = observed.workload, observed.jobset
    if job.job.spec.suspend:
        return Phase.SUSPENDED, "Suspended; it holds no hosts. Set spec.suspend: false to resume it."
    if jobset is None or jobset.deleting or jobset.owner_uid != job.uid:
        setting_up = "Waits until an earlier gang of its name is gone." if observed.going else "Being set up."
        return Phase.PENDING, refused.message if refused else setting_up
    if record.gang is not None:
        return Phase.RUNNING, out_of_sight(job, observed) or f"All {job.job.spec.hosts} hosts train."
    if workload is not None and workload.admitted:
        arrived = f"{len(restarts.arrived_ranks(observed))} of {job.job.spec.hosts} pods are ready."
        if record.open is not None:
            return Phase.RESTARTING, f"{record.open.message}; {arrived}"
        return Phase.STARTING, arrived
    return queued(job, observed, record)


def out_of_sight(job: JobView, observed: Observed) -> str | None:
    """What to say of a running gang of which some hosts aren't seen and none is given up; None if all are seen."""
    named = {pod.host for pod in restarts.living_pods(observed)}
    hosts = [host for name, host in observed.hosts.items() if name in named]
    doubted, settling = sum(host.doubted for host in hosts), sum(host.settles_at is not None for host in hosts)
    if doubted:
        return (
            f"{doubted} of its {job.job.spec.hosts} hosts went out of Kubernetes' sight together with most of the "
            "cluster's. That is more likely the control plane's trouble than the hosts', so the gang is left as it is; "
            "see why the nodes aren't ready."
        )
    if settling:
        return f"{settling} of its {job.job.spec.hosts} hosts aren't ready; seconds decide whether they are lost."
    return None


def queued(job: JobView, observed: Observed, record: Record) -> tuple[Phase, str]:
    """Where a gang is that has no hosts."""
    workload, queue = observed.workload, job.job.spec.queue
    if record.open is not None and record.open.cause == restarts.HOST_FAILED:
        return Phase.RESTARTING, f"Placed anew: {record.open.message}."
    if workload is not None and not workload.active and not workload.evicted_by_operator:
        return Phase.QUEUED, f"Its Workload {workload.name} is inactive; set its spec.active: true to queue it again."
    waiting = f": {workload.waiting_for}" if workload is not None and workload.waiting_for else "."
    return Phase.QUEUED, f"Waits in queue {queue}{waiting}"


def conditions(
    job: JobView, observed: Observed, *, phase: Phase, message: str, refused: Refusal | None, whole: bool
) -> dict[str, Verdict]:
    """Each condition's verdict."""
    workload = observed.workload
    admitted: Verdict = ("False", phase.value, message)
    if workload is not None and workload.admitted and not job.job.spec.suspend:
        admitted = ("True", "Admitted", "Kueue gave the gang quota and hosts.")
    ready: Verdict = ("True", "GangWhole", "Every rank is ready.") if whole else ("False", phase.value, message)
    if phase is Phase.RUNNING and any(host.doubted for host in observed.hosts.values()):
        ready = ("Unknown", HOSTS_OUT_OF_SIGHT, message)
    ended = phase in {Phase.SUCCEEDED, Phase.FAILED}
    return {
        "Accepted": ("False", refused.reason, refused.message)
        if refused
        else ("True", "Accepted", "The cluster can run this job."),
        "Admitted": admitted,
        "Ready": ready,
        "Finished": ("True", phase.value, message) if ended else ("False", "NotFinished", ""),
    }


def condition(old: TrainingJobStatus, kind: str, verdict: Verdict, *, generation: int, now: str) -> Condition:
    """A condition, whose transition time stays while its status does."""
    status, reason, message = verdict
    before = old.condition(kind)
    since = before.last_transition_time if before is not None and before.status == status else now
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=since,
        observed_generation=generation,
    )


def read_progress(job: JobView, observed: Observed, *, now: str) -> Progress | None:
    """What rank 0 says of its progress; None if it says nothing, or nothing that can be read."""
    told = next((pod.progress for pod in observed.pods if pod.rank == 0 and pod.progress and not pod.deleting), None)
    if told is None:
        return None
    try:
        said = ReportedProgress.model_validate_json(told)
    except ValidationError:
        return None
    expected, known = job.job.spec.expected, job.status.progress
    return Progress(
        step=said.step,
        checkpoint_step=said.checkpoint_step,
        checkpoint_at=known.checkpoint_at if known and known.checkpoint_step == said.checkpoint_step else now,
        steps=expected.steps if expected else None,
        tokens=said.step * expected.tokens_per_step if expected else None,
    )
