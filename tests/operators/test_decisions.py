"""Decisions, against a little model of what JobSet and Kueue make of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from operators.decisions import Decision, decide
from operators.observed import ABSENT, HostView, JobView, Observed, WorkloadView
from rackwright.specs.job_cluster import JobCluster
from rackwright.specs.training_job_status import Phase, TrainingJobStatus
from tests.operators.gangs import ADMITTED, DEAD, EXCLUDED, GOOD, NOW, jobset_of, make_job, pods, running

pytestmark = pytest.mark.pure


def deeds(actions: tuple[Action, ...]) -> list[Action]:
    """What isn't only said."""
    return [action for action in actions if not isinstance(action, WriteStatus | EmitEvent)]


def status_of(actions: tuple[Action, ...]) -> TrainingJobStatus:
    (status,) = (action.status for action in actions if isinstance(action, WriteStatus))
    return status


def seen(job: JobView, observed: Observed, cluster: JobCluster, *, now: datetime = NOW) -> JobView:
    """The job after the operator has looked at it once."""
    for action in decide(job, observed, cluster, now=now).actions:
        if isinstance(action, WriteStatus):
            return replace(job, job=job.job.model_copy(update={"status": action.status}))
    return job


def test_a_new_job_gets_a_jobset_that_it_owns(cluster: JobCluster) -> None:
    job = make_job()
    decision = decide(job, Observed(), cluster, now=NOW)
    (create,) = deeds(decision.actions)
    assert isinstance(create, CreateJobSet)
    (owner,) = create.manifest["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"], create.manifest["metadata"]["name"]) == ("job-uid", True, "llm")
    assert status_of(decision.actions).phase is Phase.PENDING


@pytest.mark.parametrize("remains", ["pods", "workload"])
def test_a_job_sent_again_waits_until_the_gang_of_its_name_is_gone(cluster: JobCluster, remains: str) -> None:
    job = make_job()
    left = Observed(old_pods=pods(4)) if remains == "pods" else Observed(old_workload=True)
    decision = decide(job, left, cluster, now=NOW)
    assert deeds(decision.actions) == []
    status = status_of(decision.actions)
    assert (status.phase, status.message) == (Phase.PENDING, "Waits until an earlier gang of its name is gone.")


def test_a_whole_gang_is_running_and_needs_nothing_more(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    job = seen(job, observed, cluster)
    assert job.status.phase is Phase.RUNNING
    assert job.status.hosts == ("h0", "h1", "h2", "h3")
    assert {each.type: each.status for each in job.status.conditions} == {
        "Accepted": "True", "Admitted": "True", "Ready": "True", "Finished": "False",
    }  # fmt: skip
    assert decide(job, observed, cluster, now=NOW + timedelta(hours=1)).actions == ()


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"namespace": "default"}, "UnknownQueue", "team-a, team-b"),
        ({"queue": "other"}, "UnknownQueue", "expected 'train'"),
        ({"priority": "urgent"}, "UnknownPriority", "low, normal, high"),
        ({"topology": {"required": "island"}}, "UnknownLevel", "block, host"),
        ({"topology": {"slice": {"level": "rack", "hosts": 2}}}, "UnknownLevel", "spec.topology.slice.level"),
        ({"gpus": 72}, "TooLarge", "at most 64"),
        ({"gpus": 16, "gpusPerHost": 16}, "TooManyGpusPerHost", "at most 8"),
    ],
)
def test_a_job_that_the_cluster_can_never_run_is_refused_with_the_remedy(
    cluster: JobCluster, change: dict[str, Any], reason: str, words: str
) -> None:
    decision = decide(make_job(**change), Observed(), cluster, now=NOW)
    assert deeds(decision.actions) == []
    status = status_of(decision.actions)
    accepted = next(each for each in status.conditions if each.type == "Accepted")
    assert (accepted.status, accepted.reason, status.phase) == ("False", reason, Phase.PENDING)
    assert words in accepted.message
    assert [action.reason for action in decision.actions if isinstance(action, EmitEvent)] == [reason]


def test_a_jobset_of_somebody_else_is_left_alone(cluster: JobCluster) -> None:
    job = make_job()
    foreign = Observed(jobset=replace(jobset_of(job), owner_uid="other"))
    decision = decide(job, foreign, cluster, now=NOW)
    assert deeds(decision.actions) == []
    assert "belongs to something else" in status_of(decision.actions).message


def test_suspending_takes_the_jobset_down_and_is_no_restart(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    status = seen(job, observed, cluster).status
    job = make_job(suspend=True, status=status)
    decision = decide(job, observed, cluster, now=NOW)
    assert deeds(decision.actions) == [DeleteJobSet(name="llm", uid="jobset-uid")]
    job = seen(job, observed, cluster)
    assert (job.status.phase, job.status.restart_count) == (Phase.SUSPENDED, 0)
    assert decide(job, Observed(), cluster, now=NOW).actions == ()


def test_a_restart_that_is_open_when_its_job_is_suspended_is_abandoned(cluster: JobCluster) -> None:
    job = seen(make_job(), running(make_job()), cluster)
    job = seen(job, running(job, h1=DEAD), cluster)
    suspended = make_job(suspend=True, status=job.status)
    suspended = seen(suspended, running(suspended), cluster)
    (restart,) = suspended.status.restarts
    assert (restart.recovered_at, restart.abandoned_at) == (None, "2026-01-31T12:00:00.000Z")
    resumed = make_job(status=suspended.status)
    resumed = seen(resumed, running(resumed), cluster, now=NOW + timedelta(days=1))
    assert resumed.status.restarts == (restart,)
    assert resumed.status.phase is Phase.RUNNING


def test_while_the_old_jobset_goes_no_new_one_is_made(cluster: JobCluster) -> None:
    job = make_job()
    going = Observed(jobset=replace(jobset_of(job), deleting=True))
    assert deeds(decide(job, going, cluster, now=NOW).actions) == []


def test_a_job_changed_while_suspended_is_made_anew(cluster: JobCluster) -> None:
    observed = running(make_job())
    job = make_job(gpus=16, status=seen(make_job(), observed, cluster).status)
    assert deeds(decide(job, observed, cluster, now=NOW).actions) == [DeleteJobSet(name="llm", uid="jobset-uid")]
    assert seen(job, observed, cluster).status.restart_count == 0


def test_another_priority_is_passed_on_to_the_running_gang(cluster: JobCluster) -> None:
    observed = running(make_job())
    job = make_job(priority="high")
    assert deeds(decide(job, observed, cluster, now=NOW).actions) == [SetPriority(jobset="llm", priority="high")]


@pytest.mark.parametrize("host", [DEAD, ABSENT])
def test_pods_of_a_dead_host_are_failed_at_once_and_the_restart_is_recorded(
    cluster: JobCluster, host: HostView
) -> None:
    whole = running(make_job(expected={"steps": 100, "stepSeconds": 1, "tokensPerStep": 10}))
    told = replace(whole.pods[0], progress=json.dumps({"step": 42, "checkpointStep": 40}))
    whole = replace(whole, pods=(told, *whole.pods[1:]))
    job = seen(make_job(), whole, cluster, now=NOW - timedelta(seconds=30))
    broken = replace(whole, hosts={**whole.hosts, "h2": host})
    decision = decide(job, broken, cluster, now=NOW)
    (fail,) = deeds(decision.actions)
    assert isinstance(fail, FailPod)
    assert (fail.name, fail.uid) == ("llm-2-0", "pod-2-0")
    job = seen(job, broken, cluster)
    (restart,) = job.status.restarts
    assert (restart.cause, restart.host, restart.step, restart.resumed_from_step) == ("HostFailed", "h2", 42, 40)
    assert restart.repeated_seconds == 30.0
    assert (job.status.phase, restart.recovered_at) == (Phase.RESTARTING, None)

    later = NOW + timedelta(seconds=4)
    healed = replace(whole, pods=pods(4, attempt=1, first_host=4), hosts={f"h{4 + rank}": GOOD for rank in range(4)})
    job = seen(job, healed, cluster, now=later)
    assert (job.status.phase, job.status.restart_count) == (Phase.RUNNING, 1)
    assert job.status.restarts[-1].recovered_at == "2026-01-31T12:00:04.000Z"


def test_repeated_work_counts_from_the_last_checkpoint_or_from_when_the_gang_was_whole(cluster: JobCluster) -> None:
    def reported(step: int, checkpoint: int, *, attempt: int = 0) -> Observed:
        observed = running(make_job())
        gang = pods(4, attempt=attempt)
        told = replace(gang[0], progress=json.dumps({"step": step, "checkpointStep": checkpoint}))
        return replace(observed, pods=(told, *gang[1:]))

    def broken(observed: Observed) -> Observed:
        return replace(observed, hosts={**observed.hosts, "h2": DEAD})

    def after(seconds: int) -> datetime:
        return NOW + timedelta(seconds=seconds)

    job = seen(make_job(), reported(10, 0), cluster, now=after(0))
    job = seen(job, reported(50, 40), cluster, now=after(50))
    job = seen(job, reported(60, 40), cluster, now=after(60))
    job = seen(job, broken(reported(60, 40)), cluster, now=after(70))
    job = seen(job, reported(45, 40, attempt=1), cluster, now=after(100))
    job = seen(job, broken(reported(45, 40, attempt=1)), cluster, now=after(103))
    assert [restart.repeated_seconds for restart in job.status.restarts] == [20.0, 3.0]


def unready(observed: Observed, *ranks: int, host: HostView) -> Observed:
    """The same gang, with pods that Kubernetes calls unready since it doesn't see their hosts."""
    hosts = {**observed.hosts, **{f"h{rank}": host for rank in ranks}}
    gang = tuple(replace(pod, ready=pod.ready and pod.rank not in ranks) for pod in observed.pods)
    return replace(observed, hosts=hosts, pods=gang)


def test_a_gang_whose_hosts_are_out_of_sight_with_most_others_is_left_as_it_is(cluster: JobCluster) -> None:
    whole = running(make_job())
    job = seen(make_job(), whole, cluster)
    blind = unready(whole, 0, 1, 2, host=HostView(doubted=True))
    decision = decide(job, blind, cluster, now=NOW)
    assert deeds(decision.actions) == []
    (event,) = (each for each in decision.actions if isinstance(each, EmitEvent))
    assert (event.type, event.reason) == ("Warning", "HostsOutOfSight")
    job = seen(job, blind, cluster)
    assert job.status.phase is Phase.RUNNING
    assert "3 of its 4 hosts went out of Kubernetes' sight" in job.status.message
    assert {each.type: each.status for each in job.status.conditions}["Ready"] == "Unknown"
    assert decide(job, blind, cluster, now=NOW).actions == ()

    job = seen(job, whole, cluster)
    assert (job.status.phase, job.status.message) == (Phase.RUNNING, "All 4 hosts train.")
    assert (job.status.restart_count, job.status.gang) == (0, "pod-0-0")


def test_a_gang_with_a_host_that_isnt_ready_is_looked_at_again_when_that_has_settled(cluster: JobCluster) -> None:
    whole = running(make_job())
    job = seen(make_job(), whole, cluster)
    silent = unready(whole, 2, host=HostView(settles_at=NOW + timedelta(seconds=15)))
    decision = decide(job, silent, cluster, now=NOW + timedelta(seconds=4))
    assert (deeds(decision.actions), decision.look_again_s) == ([], 11.0)
    assert status_of(decision.actions).phase is Phase.RUNNING


@given(states=st.lists(st.sampled_from([GOOD, HostView(doubted=True)]), min_size=4, max_size=4), bound=st.booleans())
@settings(max_examples=50)
def test_no_deed_ever_rests_on_doubted_hosts_alone(states: list[HostView], cluster: JobCluster, *, bound: bool) -> None:
    job = make_job()
    observed = running(job, **{f"h{rank}": state for rank, state in enumerate(states)})
    gang = tuple(replace(pod, ready=states[pod.rank] is GOOD, bound=bound) for pod in observed.pods)
    assert deeds(decide(job, replace(observed, pods=gang), cluster, now=NOW).actions) == []


def test_a_pod_that_is_already_deleted_by_force_is_not_failed_again(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job, h2=DEAD)
    gone = replace(observed.pods[2], deleting=True, forced=True)
    observed = replace(observed, pods=(*observed.pods[:2], gone, observed.pods[3]))
    assert deeds(decide(job, observed, cluster, now=NOW).actions) == []


def test_a_gang_on_an_excluded_host_is_placed_anew_by_way_of_its_workload(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job, h1=EXCLUDED)
    (evict,) = deeds(decide(job, observed, cluster, now=NOW).actions)
    assert isinstance(evict, EvictWorkload)
    down = replace(ADMITTED, active=False, evicted_by_operator=True)
    assert deeds(decide(job, replace(observed, workload=down), cluster, now=NOW).actions) == []
    free = replace(down, reserved=False, admitted=False)
    (back,) = deeds(decide(job, replace(observed, workload=free, pods=()), cluster, now=NOW).actions)
    assert back == ReactivateWorkload(name="jobset-llm")


def test_a_pod_aimed_at_a_dead_host_has_the_gang_placed_anew(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job, h3=DEAD)
    aimed = replace(observed.pods[3], bound=False, phase="Pending", ready=False)
    observed = replace(observed, pods=(*observed.pods[:3], aimed))
    (evict,) = deeds(decide(job, observed, cluster, now=NOW).actions)
    assert isinstance(evict, EvictWorkload)


def test_a_rank_that_is_through_is_left_alone_on_a_host_that_fails(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job, h0=DEAD, h1=EXCLUDED)
    through = tuple(replace(pod, phase="Succeeded", ready=False) for pod in observed.pods[:2])
    observed = replace(observed, pods=(*through, *observed.pods[2:]))
    assert deeds(decide(job, observed, cluster, now=NOW).actions) == []


def test_a_pod_that_goes_has_no_gang_placed_anew_and_hides_none_that_stays(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job, h0=EXCLUDED)
    going = replace(observed.pods[0], deleting=True)
    assert deeds(decide(job, replace(observed, pods=(going, *observed.pods[1:])), cluster, now=NOW).actions) == []
    observed = running(job, h3=EXCLUDED)
    observed = replace(observed, pods=(replace(observed.pods[0], deleting=True), *observed.pods[1:]))
    (evict,) = deeds(decide(job, observed, cluster, now=NOW).actions)
    assert evict == EvictWorkload(name="jobset-llm", reason=f"h3: {EXCLUDED.excluded}")


def test_a_job_that_is_being_deleted_is_left_to_go(cluster: JobCluster) -> None:
    job = replace(make_job(), deleting=True)
    assert decide(job, running(job, h1=DEAD), cluster, now=NOW) == Decision(actions=())


def test_a_gang_without_a_word_from_kueue_waits_in_its_queue(cluster: JobCluster) -> None:
    job = make_job()
    for workload in (None, WorkloadView(name="jobset-llm", jobset_uid="jobset-uid")):
        observed = Observed(jobset=jobset_of(job), workload=workload)
        assert seen(job, observed, cluster).status.message == "Waits in queue train."


def test_a_workload_that_somebody_else_made_inactive_stays_so(cluster: JobCluster) -> None:
    job = make_job()
    idle = replace(ADMITTED, active=False, reserved=False, admitted=False)
    observed = Observed(jobset=jobset_of(job), workload=idle)
    decision = decide(job, observed, cluster, now=NOW)
    assert deeds(decision.actions) == []
    assert "spec.active: true" in status_of(decision.actions).message


def test_a_preempted_gang_waits_and_its_restart_says_why(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    job = seen(job, observed, cluster)
    gone = Observed(
        jobset=jobset_of(job),
        workload=WorkloadView(name="jobset-llm", jobset_uid="jobset-uid", eviction="Preempted", waiting_for="quota"),
    )
    job = seen(job, gone, cluster)
    assert (job.status.phase, job.status.restarts[-1].cause) == (Phase.QUEUED, "Preempted")


def test_the_cause_is_mended_when_the_host_is_heard_of_after_its_pods(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    job = seen(job, observed, cluster)
    lost = replace(observed, pods=observed.pods[:3])
    job = seen(job, lost, cluster)
    assert job.status.restarts[-1].cause == "PodFailed"
    job = seen(job, replace(lost, hosts={**lost.hosts, "h2": DEAD}), cluster)
    assert (job.status.restarts[-1].cause, job.status.restart_count) == ("HostFailed", 1)


def test_a_restart_that_nobody_saw_is_recorded_afterwards(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    job = seen(job, observed, cluster)
    job = seen(job, replace(observed, pods=pods(4, attempt=1)), cluster)
    assert (job.status.restart_count, job.status.phase) == (1, Phase.RUNNING)


def test_ranks_that_end_before_others_are_no_loss(cluster: JobCluster) -> None:
    job = make_job()
    observed = running(job)
    job = seen(job, observed, cluster)
    ended = replace(observed.pods[0], phase="Succeeded", ready=False)
    job = seen(job, replace(observed, pods=(ended, *observed.pods[1:])), cluster)
    assert (job.status.phase, job.status.restart_count) == (Phase.RUNNING, 0)
    done = replace(observed, jobset=replace(jobset_of(job), succeeded=True))
    job = seen(job, done, cluster)
    assert job.status.phase is Phase.SUCCEEDED
    assert decide(job, done, cluster, now=NOW + timedelta(days=1)).actions == ()


def test_a_jobset_that_failed_for_good_ends_the_job_in_its_words(cluster: JobCluster) -> None:
    job = make_job()
    observed = replace(running(job), jobset=replace(jobset_of(job), failure="max restarts"))
    job = seen(job, observed, cluster)
    assert job.status.phase is Phase.FAILED
    assert "max restarts" in job.status.message


def test_of_a_job_that_fails_people_are_warned_and_of_one_that_succeeds_they_are_told(cluster: JobCluster) -> None:
    job = make_job()
    for ending, expected in (
        ({"failure": "max restarts"}, ("Warning", "Failed")),
        ({"succeeded": True}, ("Normal", "Succeeded")),
    ):
        ended = replace(running(job), jobset=replace(jobset_of(job), **ending))
        (event,) = (each for each in decide(job, ended, cluster, now=NOW).actions if isinstance(each, EmitEvent))
        assert (event.type, event.reason) == expected


def test_a_job_over_its_deadline_fails_and_is_taken_down(cluster: JobCluster) -> None:
    job = make_job(activeDeadlineSeconds=60)
    observed = running(job)
    job = seen(job, observed, cluster)
    assert decide(job, observed, cluster, now=NOW + timedelta(seconds=20)).look_again_s == 40
    late = decide(job, observed, cluster, now=NOW + timedelta(seconds=60))
    assert status_of(late.actions).phase is Phase.FAILED
    assert deeds(late.actions) == [DeleteJobSet(name="llm", uid="jobset-uid")]


def test_a_finished_job_is_deleted_when_its_time_to_live_is_over(cluster: JobCluster) -> None:
    job = make_job(ttlSecondsAfterFinished=10)
    done = replace(running(job), jobset=replace(jobset_of(job), succeeded=True))
    job = seen(job, done, cluster)
    assert decide(job, done, cluster, now=NOW).look_again_s == 10
    assert deeds(decide(job, done, cluster, now=NOW + timedelta(seconds=10)).actions) == [DeleteJob(uid="job-uid")]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": -1, "checkpointStep": 0}', '{"step": "many"}', "null"])
def test_progress_that_cant_be_read_leaves_what_was_known(cluster: JobCluster, text: str) -> None:
    job = make_job()
    observed = running(job)
    good = replace(observed.pods[0], progress='{"step": 7, "checkpointStep": 5}')
    job = seen(job, replace(observed, pods=(good, *observed.pods[1:])), cluster)
    bad = replace(observed.pods[0], progress=text)
    job = seen(job, replace(observed, pods=(bad, *observed.pods[1:])), cluster)
    assert job.status.progress is not None
    assert job.status.progress.step == 7


phases = st.sampled_from(["Pending", "Running", "Succeeded", "Failed"])
hosts = st.sampled_from([GOOD, DEAD, EXCLUDED, ABSENT, HostView(doubted=True)])


@st.composite
def situations(draw: st.DrawFn) -> tuple[JobView, Observed]:
    """Anything that could be observed of a job of four hosts, likely or not."""
    job = make_job(suspend=draw(st.booleans()), activeDeadlineSeconds=draw(st.none() | st.integers(1, 100)))
    views = tuple(
        replace(
            pod, phase=draw(phases), ready=draw(st.booleans()), bound=draw(st.booleans()), deleting=draw(st.booleans())
        )
        for pod in pods(draw(st.integers(0, 4)))
    )
    jobset = draw(st.none() | st.just(jobset_of(job)))
    if jobset is not None:
        jobset = replace(jobset, deleting=draw(st.booleans()), owner_uid=draw(st.sampled_from(["job-uid", "other"])))
    workload = draw(st.none() | st.just(ADMITTED))
    if workload is not None:
        workload = replace(
            workload,
            active=draw(st.booleans()),
            reserved=draw(st.booleans()),
            admitted=draw(st.booleans()),
            evicted_by_operator=draw(st.booleans()),
        )
    return job, Observed(
        jobset=jobset, workload=workload, pods=views, hosts={pod.host or "": draw(hosts) for pod in views}
    )


@settings(deadline=None)
@given(situation=situations())
def test_the_status_settles_after_one_look(cluster: JobCluster, situation: tuple[JobView, Observed]) -> None:
    """Nothing new observed, nothing new said: no write follows from an operator's own write."""
    job, observed = situation
    job = seen(job, observed, cluster)
    again = decide(job, observed, cluster, now=NOW)
    assert [action for action in again.actions if isinstance(action, WriteStatus | EmitEvent)] == []


@settings(deadline=None)
@given(situation=situations())
def test_acting_leads_to_where_nothing_is_left_to_do(cluster: JobCluster, situation: tuple[JobView, Observed]) -> None:
    """With JobSet and Kueue doing their part, each situation comes to rest after a few looks."""
    job, observed = situation
    for _ in range(8):
        job_before, observed_before = job, observed
        actions = deeds(decide(job, observed, cluster, now=NOW).actions)
        job = seen(job, observed, cluster)
        for action in actions:
            observed = applied(action, job, observed)
        if not actions and (job, observed) == (job_before, observed_before):
            return
    pytest.fail(f"still at work: {actions}")


def applied(action: Action, job: JobView, observed: Observed) -> Observed:
    """What JobSet, Kueue and garbage collection make of one deed, cut down to what is observed of it."""
    match action:
        case CreateJobSet():
            return replace(observed, jobset=jobset_of(job), workload=ADMITTED, pods=pods(4, attempt=1, first_host=10))
        case DeleteJobSet():
            return replace(observed, jobset=None, workload=None, pods=())
        case EvictWorkload() if observed.workload:
            down = replace(observed.workload, active=False, evicted_by_operator=True, reserved=False, admitted=False)
            return replace(observed, workload=down, pods=())
        case ReactivateWorkload():
            return replace(observed, workload=ADMITTED, pods=pods(4, attempt=2, first_host=20))
        case FailPod():
            return replace(observed, pods=tuple(pod for pod in observed.pods if pod.name != action.name))
        case _:
            return observed
