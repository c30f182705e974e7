from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from operators.observed import Observed
from operators.restarts import KEPT, Record, record
from rackwright.specs.training_job_status import Condition, Progress, Restart, TrainingJobStatus
from tests.operators.gangs import DEAD, NOW, make_job, pods, running, situation

pytestmark = pytest.mark.pure

MOMENT = "2026-01-31T12:00:00.000Z"
EARLIER = Restart(at="2026-01-31T09:00:00.000Z", cause="HostFailed", recovered_at="2026-01-31T09:01:00.000Z")
OPEN = Restart(at="2026-01-31T11:00:00.000Z", cause="PodFailed", message="the pod of rank 2 failed or went")
WHOLE = "pod-0-0"
"""The uid of rank 0 of a gang that wasn't restarted."""


def after(status: dict[str, Any], observed: Observed, *, now: datetime = NOW, **spec: Any) -> Record:  # noqa: ANN401 - any fields of the spec
    """The record after a job with that status was looked at."""
    return record(situation(make_job(status=TrainingJobStatus(**status), **spec), observed, now=now))


def whole(*, attempt: int = 0) -> Observed:
    return replace(running(make_job()), pods=pods(4, attempt=attempt))


def without_rank_2() -> Observed:
    return replace(whole(), pods=tuple(pod for pod in pods(4) if pod.rank != 2))


def test_a_gang_that_is_whole_for_the_first_time_was_not_restarted() -> None:
    assert after({}, whole()) == Record(restarts=(), count=0, gang=WHOLE)


def test_a_gang_that_comes_back_closes_its_last_restart_alone() -> None:
    before = {"restarts": (EARLIER, OPEN), "restart_count": 7, "gang": None}
    closed = OPEN.model_copy(update={"recovered_at": MOMENT})
    assert after(before, whole(attempt=1)) == Record(restarts=(EARLIER, closed), count=7, gang="pod-0-1")


def test_a_restart_that_nobody_saw_is_lost_and_recovered_from_at_once() -> None:
    (unseen,) = after({"gang": WHOLE}, whole(attempt=1)).restarts
    assert (unseen.at, unseen.recovered_at, unseen.cause, unseen.host) == (MOMENT, MOMENT, "PodFailed", None)
    assert unseen.message == "the gang was restarted while the operator was away"


def test_the_cause_that_is_heard_of_later_replaces_the_pods_end_in_all_its_parts() -> None:
    before = {"restarts": (EARLIER, OPEN), "restart_count": 2}
    lost = replace(without_rank_2(), hosts={**whole().hosts, "h3": DEAD})
    known = after(before, lost)
    mended = OPEN.model_copy(update={"cause": "HostFailed", "host": "h3", "message": f"h3: {DEAD.dead}"})
    assert known == Record(restarts=(EARLIER, mended), count=2, gang=None)


def test_a_known_cause_stays_when_others_follow() -> None:
    known = OPEN.model_copy(update={"cause": "HostFailed", "host": "h1", "message": "h1: the node is gone"})
    before = {"restarts": (known,), "restart_count": 1}
    assert after(before, without_rank_2()).restarts == (known,)
    assert after(before, replace(whole(), hosts={**whole().hosts, "h3": DEAD})).restarts == (known,)


def test_what_is_lost_before_the_gang_was_ever_whole_is_no_restart() -> None:
    assert after({}, without_rank_2()) == Record(restarts=(), count=0, gang=None)


def test_a_gang_that_isnt_ready_for_a_while_stays_the_gang_that_it_was() -> None:
    unready = replace(whole(), pods=tuple(replace(pod, ready=pod.rank != 1) for pod in pods(4)))
    assert after({"gang": WHOLE, "restarts": (EARLIER,), "restart_count": 1}, unready) == Record(
        restarts=(EARLIER,), count=1, gang=WHOLE
    )


@pytest.mark.parametrize("spec", [{"suspend": True}, {"gpus": 16}], ids=["suspended", "changed"])
def test_what_goes_by_its_authors_wish_abandons_the_open_restart_alone(spec: dict[str, Any]) -> None:
    before = {"restarts": (EARLIER, OPEN), "restart_count": 2, "gang": None}
    abandoned = OPEN.model_copy(update={"abandoned_at": MOMENT})
    assert after(before, whole(), **spec) == Record(restarts=(EARLIER, abandoned), count=2, gang=None)
    assert after({"restarts": (EARLIER,), "restart_count": 1, "gang": WHOLE}, whole(), **spec) == Record(
        restarts=(EARLIER,), count=1, gang=None
    )


def test_the_last_restarts_are_kept_and_all_are_counted() -> None:
    many = tuple(EARLIER.model_copy(update={"step": step}) for step in range(KEPT))
    known = after({"gang": WHOLE, "restarts": many, "restart_count": 50}, without_rank_2())
    assert (known.count, len(known.restarts)) == (51, KEPT)
    assert known.restarts[:-1] == many[1:]


@pytest.mark.parametrize(
    ("checkpoint_at", "ready", "since_s", "repeated_s"),
    [
        (-100, "True", -60, 60.0),  # whole later than its checkpoint: after a restart
        (-100, "True", -300, 100.0),
        (-100, "False", -60, 100.0),
        (-100, None, 0, 100.0),
        (0, "True", -60, 0.0),
        (5, "True", -60, 0.0),  # the clock was set back
        (None, "True", -60, None),
    ],
)
def test_repeated_work_began_at_the_checkpoint_or_when_the_gang_was_whole(
    checkpoint_at: int | None, ready: str | None, since_s: int, repeated_s: float | None
) -> None:
    def moment(seconds: int) -> str:
        return (NOW + timedelta(seconds=seconds)).isoformat()

    progress = Progress(
        step=9, checkpoint_step=5, checkpoint_at=None if checkpoint_at is None else moment(checkpoint_at)
    )
    conditions = [
        Condition.model_validate({
            "type": "Ready", "status": ready, "reason": "x", "lastTransitionTime": moment(since_s),
            "observedGeneration": 1,
        })
    ] if ready else []  # fmt: skip
    known = after({"gang": WHOLE, "progress": progress, "conditions": conditions}, without_rank_2())
    assert [(each.repeated_seconds, each.step, each.resumed_from_step) for each in known.restarts] == [
        (repeated_s, 9, 5)
    ]


def test_a_job_that_reports_no_progress_has_restarts_without_steps() -> None:
    (lost,) = after({"gang": WHOLE}, without_rank_2()).restarts
    assert (lost.step, lost.resumed_from_step, lost.repeated_seconds, lost.recovered_at) == (None, None, None, None)
