"""What to do for a job, from what it asks for and what there is. Pure; `performing` acts.

Level-triggered: nothing here remembers. A decision lost with a killed operator is made again from the same objects.

- *Suspend* deletes the JobSet: a suspended job holds nothing in the cluster and nothing in Kueue, and resuming makes a
  new request, which queues behind those that waited meanwhile. (Kueue's own switch, an inactive Workload, would keep
  the old place in the queue, but also the old pods' template, which may change while the job is suspended.)
- *A dead host* (`sight` says which are) would hold the gang for minutes: its pods tolerate it for 300 s and then wait
  for its kubelet's word. So its pods are failed by disruption and deleted at once. The Job fails by its pod failure
  policy, JobSet makes the gang anew without counting it, and Kueue puts another host in the dead one's place (all on:
  TASFailedNodeReplacement, TASReplaceNodeOnPodTermination), keeping the rest of the placement and the quota.
- *Where that isn't enough*, the whole gang is placed anew: a pod that is aimed at a dead host all the same, or that
  runs on a host with the taint `rackwright.dev/failed`, which Kueue leaves alone. The Workload is made inactive, which
  makes Kueue take the gang down, and active again once its quota is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from operators import restarts, statuses
from operators.acceptance import Refusal, refusal
from operators.actions import (
    Action,
    CreateJobSet,
    DeleteJob,
    DeleteJobSet,
    EmitEvent,
    EvictWorkload,
    FailPod,
    ReactivateWorkload,
    SetPriority,
    WriteStatus,
)
from operators.observed import JobSetView, JobView, Observed
from rackwright.rendering.jobset import jobset as render_jobset
from rackwright.specs.job_cluster import JobCluster
from rackwright.specs.training_job_status import Phase, TrainingJobStatus


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do now, in order, and when to look again though nothing is heard."""

    actions: tuple[Action, ...]
    look_again_s: float | None = None


def decide(job: JobView, observed: Observed, cluster: JobCluster, *, now: datetime) -> Decision:
    """Decide for one job."""
    if job.deleting:
        return Decision(actions=())
    refused = refusal(job.job, cluster) or name_taken(job, observed)
    status = statuses.report(job, observed, refused=refused, now=now)
    actions: list[Action] = []
    if status != job.status:
        actions.append(WriteStatus(status=status))
    if statuses.finished(status):
        actions += after_the_end(job, observed, status, now=now)
    else:
        actions += on_the_way(job, observed, cluster, refused)
    actions += events(job.status, status)
    return Decision(actions=tuple(actions), look_again_s=next_look(job, observed, status, now=now))


def name_taken(job: JobView, observed: Observed) -> Refusal | None:
    """A JobSet of the job's name that isn't the job's."""
    jobset = observed.jobset
    if jobset is None or jobset.deleting or jobset.owner_uid == job.uid:
        return None
    return Refusal(
        reason="NameTaken",
        message=f"A JobSet {job.job.metadata.name!r} that belongs to something else is in the way; delete it, or "
        "submit the job by another name.",
    )


def on_the_way(job: JobView, observed: Observed, cluster: JobCluster, refused: Refusal | None) -> Iterator[Action]:
    """What brings an unfinished job on."""
    jobset, spec, name = observed.jobset, job.job.spec, job.job.metadata.name
    if jobset is None:
        yield from free_of_dead_hosts(observed)
        if not spec.suspend and refused is None and not observed.going:
            yield CreateJobSet(manifest=render_jobset(job.job, cluster, uid=job.uid))
        return
    if jobset.owner_uid != job.uid:
        return
    yield from free_of_dead_hosts(observed)
    if jobset.deleting:
        return
    if statuses.taken_down(job, observed):
        yield DeleteJobSet(name=name, uid=jobset.uid)
        return
    if jobset.priority != spec.priority and refused is None:
        yield SetPriority(jobset=name, priority=spec.priority)
    yield from placed_on_good_hosts(observed, jobset)


def free_of_dead_hosts(observed: Observed) -> Iterator[Action]:
    """End the pods whose hosts can't end them."""
    for pod in (*observed.pods, *observed.old_pods):
        host = observed.hosts.get(pod.host) if pod.host and pod.bound else None
        if host is not None and host.dead and not pod.forced and pod.phase != "Succeeded":
            yield FailPod(name=pod.name, uid=pod.uid, reason=restarts.HOST_FAILED, message=f"{pod.host}: {host.dead}")


def placed_on_good_hosts(observed: Observed, jobset: JobSetView) -> Iterator[Action]:
    """Have the whole gang placed anew where replacing one host isn't enough."""
    workload = observed.workload
    if workload is None or workload.jobset_uid != jobset.uid:
        return
    if not workload.active:
        if workload.evicted_by_operator and not workload.reserved:
            yield ReactivateWorkload(name=workload.name)
        return
    for pod in observed.pods:
        host = observed.hosts.get(pod.host) if pod.host and pod.living else None
        if host is None or not workload.admitted:
            continue
        if (host.dead and not pod.bound) or (host.excluded and pod.phase != "Succeeded"):
            yield EvictWorkload(name=workload.name, reason=f"{pod.host}: {host.dead or host.excluded}")
            return


def after_the_end(job: JobView, observed: Observed, status: TrainingJobStatus, *, now: datetime) -> Iterator[Action]:
    """Take down what outlived its job, and the job itself when its time to live is over."""
    jobset = observed.jobset
    if jobset is not None and jobset.owner_uid == job.uid and not jobset.deleting:
        runs_on = not jobset.succeeded and jobset.failure is None
        if runs_on:
            yield DeleteJobSet(name=job.job.metadata.name, uid=jobset.uid)
    yield from free_of_dead_hosts(observed)
    due = expiry(job, status)
    if due is not None and now >= due:
        yield DeleteJob(uid=job.uid)


def expiry(job: JobView, status: TrainingJobStatus) -> datetime | None:
    """When the finished job is to be deleted, or None."""
    ttl = job.job.spec.ttl_seconds_after_finished
    if ttl is None or status.finished_at is None:
        return None
    return datetime.fromisoformat(status.finished_at) + timedelta(seconds=ttl)


def next_look(job: JobView, observed: Observed, status: TrainingJobStatus, *, now: datetime) -> float | None:
    """Seconds until a deadline or a time to live is over, or a host that isn't ready counts as dead."""
    due = [host.settles_at for host in observed.hosts.values()]
    due.append(expiry(job, status) if statuses.finished(status) else statuses.deadline(job))
    return min((max(0.0, (each - now).total_seconds()) for each in due if each is not None), default=None)


def events(old: TrainingJobStatus, new: TrainingJobStatus) -> Iterator[EmitEvent]:
    """What people are told of: restarts, recoveries, changes of phase, refusals. Each once, with the status' change."""
    accepted, before = new.condition("Accepted"), old.condition("Accepted")
    if accepted is not None and accepted.status == "False" and (before is None or before.reason != accepted.reason):
        yield EmitEvent(type="Warning", reason=accepted.reason, note=accepted.message)
    ready, before = new.condition("Ready"), old.condition("Ready")
    if ready is not None and ready.status == "Unknown" and (before is None or before.status != "Unknown"):
        yield EmitEvent(type="Warning", reason=ready.reason, note=ready.message)
    if new.restart_count > old.restart_count:
        restart = new.restarts[-1]
        yield EmitEvent(type="Warning", reason=restart.cause, note=restart.message)
    if new.phase != old.phase:
        failed = new.phase is Phase.FAILED
        yield EmitEvent(type="Warning" if failed else "Normal", reason=new.phase.value, note=new.message)
