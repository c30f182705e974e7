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
from datetime import datetime

from operators import statuses
from operators.acceptance import name_taken, refusal
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
from operators.gang import HOST_FAILED, host_of
from operators.observed import JobView, Observed
from operators.situation import Situation
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
    situation = Situation(job=job, observed=observed, refused=refused, now=now)
    status = statuses.report(situation)
    written = [WriteStatus(status=status)] if status != situation.reported else []
    deeds = after_the_end(situation) if situation.over else on_the_way(situation, cluster)
    said = events(situation.reported, status)
    return Decision(actions=(*written, *deeds, *said), look_again_s=next_look(situation))


def on_the_way(situation: Situation, cluster: JobCluster) -> Iterator[Action]:
    """What brings an unfinished job on."""
    if situation.observed.jobset is None:
        yield from free_of_dead_hosts(situation)
        if not situation.spec.suspend and situation.refused is None and not situation.observed.going:
            yield CreateJobSet(manifest=render_jobset(situation.job.job, cluster, uid=situation.job.uid))
        return
    if situation.own_jobset is None:
        return
    yield from free_of_dead_hosts(situation)
    jobset = situation.standing_jobset
    if jobset is None:
        return
    if situation.taken_down:
        yield DeleteJobSet(name=situation.name, uid=jobset.uid)
        return
    priority = situation.spec.priority
    if jobset.priority != priority and situation.refused is None:
        yield SetPriority(jobset=situation.name, priority=priority)
    yield from placed_on_good_hosts(situation, jobset.uid)


def free_of_dead_hosts(situation: Situation) -> Iterator[Action]:
    """End the pods whose hosts can't end them."""
    for pod in (*situation.observed.pods, *situation.observed.old_pods):
        host = host_of(pod, situation.observed) if pod.bound else None
        if host is not None and host.dead and not pod.forced and pod.phase != "Succeeded":
            yield FailPod(name=pod.name, uid=pod.uid, reason=HOST_FAILED, message=f"{pod.host}: {host.dead}")


def placed_on_good_hosts(situation: Situation, jobset_uid: str) -> Iterator[Action]:
    """Have the whole gang placed anew where replacing one host isn't enough."""
    workload = situation.observed.workload
    if workload is None or workload.jobset_uid != jobset_uid:
        return
    if not workload.active:
        if workload.evicted_by_operator and not workload.reserved:
            yield ReactivateWorkload(name=workload.name)
        return
    if not workload.admitted:
        return
    for pod in situation.observed.pods:
        host = host_of(pod, situation.observed) if pod.living else None
        if host is None:
            continue
        if (host.dead and not pod.bound) or (host.excluded and pod.phase != "Succeeded"):
            yield EvictWorkload(name=workload.name, reason=f"{pod.host}: {host.dead or host.excluded}")
            return


def after_the_end(situation: Situation) -> Iterator[Action]:
    """Take down what outlived its job, and the job itself when its time to live is over."""
    jobset = situation.standing_jobset
    if jobset is not None and not jobset.succeeded and jobset.failure is None:
        yield DeleteJobSet(name=situation.name, uid=jobset.uid)
    yield from free_of_dead_hosts(situation)
    if situation.due is not None and situation.now >= situation.due:
        yield DeleteJob(uid=situation.job.uid)


def next_look(situation: Situation) -> float | None:
    """Seconds until a deadline or a time to live is over, or a host that isn't ready counts as dead."""
    due = [situation.due, *(host.settles_at for host in situation.observed.hosts.values())]
    return min((max(0.0, (each - situation.now).total_seconds()) for each in due if each is not None), default=None)


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
