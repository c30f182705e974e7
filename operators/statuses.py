"""The status of a job from the situation that it is in. Pure: the same situation gives the same status."""

from __future__ import annotations

from typing import Literal

from operators import restarts
from operators.gang import HOST_FAILED
from operators.restarts import Record
from operators.situation import Situation
from rackwright.specs.training_job_status import Condition, Phase, TrainingJobStatus

HOSTS_SHOWN = 64
"""Hosts in the status (`hosts` says so); an object in etcd has 1.5 MB at the most."""

HOSTS_OUT_OF_SIGHT = "HostsOutOfSight"
"""The reason of the condition `Ready` while nobody knows, and of the event that says so."""

Truth = Literal["True", "False", "Unknown"]
Verdict = tuple[Truth, str, str]
"""A condition's status, reason and message."""


def report(situation: Situation) -> TrainingJobStatus:
    """The job's status."""
    old = situation.reported
    if old.phase.final:
        return old
    record = restarts.record(situation)
    phase, message = situation.ending or life(situation, record)
    whole = record.gang is not None and situation.whole
    hosts = tuple(pod.host or "" for pod in situation.living) if whole else ()
    verdicts = conditions(situation, phase=phase, message=message, whole=whole)
    return TrainingJobStatus(
        observed_generation=situation.job.generation,
        phase=phase,
        message=message,
        conditions=tuple(condition(situation, kind, verdict) for kind, verdict in verdicts.items()),
        hosts=hosts[:HOSTS_SHOWN],
        host_count=len(hosts),
        gang=record.gang,
        started_at=old.started_at or (situation.moment if whole else None),
        finished_at=situation.finished_at,
        progress=situation.progress,
        restart_count=record.count,
        restarts=record.restarts,
    )


def life(situation: Situation, record: Record) -> tuple[Phase, str]:
    """Where a job is that hasn't ended, and one sentence about it."""
    spec, refused = situation.spec, situation.refused
    if spec.suspend:
        return Phase.SUSPENDED, "Suspended; it holds no hosts. Set spec.suspend: false to resume it."
    if situation.standing_jobset is None:
        earlier = situation.observed.going
        setting_up = "Waits until an earlier gang of its name is gone." if earlier else "Being set up."
        return Phase.PENDING, refused.message if refused else setting_up
    if record.gang is not None:
        return Phase.RUNNING, out_of_sight(situation) or f"All {spec.hosts} hosts train."
    if situation.admitted:
        arrived = f"{situation.arrived} of {spec.hosts} pods are ready."
        if record.open is not None:
            return Phase.RESTARTING, f"{record.open.message}; {arrived}"
        return Phase.STARTING, arrived
    return queued(situation, record)


def out_of_sight(situation: Situation) -> str | None:
    """What to say of a running gang of which some hosts aren't seen and none is given up; None if all are seen."""
    named = {pod.host for pod in situation.living}
    hosts = [host for name, host in situation.observed.hosts.items() if name in named]
    doubted, settling = sum(host.doubted for host in hosts), sum(host.settles_at is not None for host in hosts)
    if doubted:
        return (
            f"{doubted} of its {situation.spec.hosts} hosts went out of Kubernetes' sight together with most of the "
            "cluster's. That is more likely the control plane's trouble than the hosts', so the gang is left as it is; "
            "see why the nodes aren't ready."
        )
    if settling:
        return f"{settling} of its {situation.spec.hosts} hosts aren't ready; seconds decide whether they are lost."
    return None


def queued(situation: Situation, record: Record) -> tuple[Phase, str]:
    """Where a gang is that has no hosts."""
    workload, queue = situation.observed.workload, situation.spec.queue
    if record.open is not None and record.open.cause == HOST_FAILED:
        return Phase.RESTARTING, f"Placed anew: {record.open.message}."
    if workload is not None and not workload.active and not workload.evicted_by_operator:
        return Phase.QUEUED, f"Its Workload {workload.name} is inactive; set its spec.active: true to queue it again."
    waiting = f": {workload.waiting_for}" if workload is not None and workload.waiting_for else "."
    return Phase.QUEUED, f"Waits in queue {queue}{waiting}"


def conditions(situation: Situation, *, phase: Phase, message: str, whole: bool) -> dict[str, Verdict]:
    """Each condition's verdict."""
    refused = situation.refused
    accepted: Verdict = ("True", "Accepted", "The cluster can run this job.")
    if refused is not None:
        accepted = ("False", refused.reason, refused.message)
    admitted: Verdict = ("False", phase.value, message)
    if situation.admitted and not situation.spec.suspend:
        admitted = ("True", "Admitted", "Kueue gave the gang quota and hosts.")
    ready: Verdict = ("True", "GangWhole", "Every rank is ready.") if whole else ("False", phase.value, message)
    if phase is Phase.RUNNING and any(host.doubted for host in situation.observed.hosts.values()):
        ready = ("Unknown", HOSTS_OUT_OF_SIGHT, message)
    finished: Verdict = ("True", phase.value, message) if phase.final else ("False", "NotFinished", "")
    return {"Accepted": accepted, "Admitted": admitted, "Ready": ready, "Finished": finished}


def condition(situation: Situation, kind: str, verdict: Verdict) -> Condition:
    """A condition, whose transition time stays while its status does."""
    status, reason, message = verdict
    before = situation.reported.condition(kind)
    since = before.last_transition_time if before is not None and before.status == status else situation.moment
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=since,
        observed_generation=situation.job.generation,
    )
