"""What can't be met is refused with the reason and what would help; the texts are recorded."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from rackwright.sizing import plan
from rackwright.sizing.planning.refusals import least_gpus, shown_days
from rackwright.sizing.planning.task import look_up
from rackwright.sizing.planning.trials import Trials
from rackwright.specs import SpecError
from tests.rackwright.sizing.plans import plan_of, request

pytestmark = pytest.mark.pure

IMPOSSIBLE: dict[str, dict[str, object]] = {
    "a deadline that no number of GPUs meets": {"tokens": 1e13, "deadline_days": 0.5},
    "a deadline that the given GPUs miss": {"gpus": 64, "deadline_days": 10},
    "a deadline that the power misses": {"gpus": 1024, "power_mw": 0.1, "deadline_days": 10},
    "a deadline that the budget misses": {"gpus": 1024, "budget_usd": 280_000, "deadline_days": 2},
    "a budget that nothing stays within": {"gpus": 1024, "budget_usd": 10_000},
    "power for less than a host": {"gpus": 1024, "power_mw": 0.001},
    "GPUs that can't hold the model": {"gpus": 1},
    "GPUs that can't hold a large model": {"model": "llama-3.1-405b", "gpus": 64},
    "a batch of more sequences than GPUs can share": {"gpus": 8, "batch_tokens": 10**15},
    "a model that no number of GPUs holds": {"gpus": 8, "sequence_tokens": 1_000_003},
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_refusals_say_why_and_what_would_help(case: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(SpecError) as refused:
        plan(request(**IMPOSSIBLE[case]))
    assert str(refused.value) == snapshot


def test_what_a_refusal_says_would_help_does_help() -> None:
    asked = request(gpus=64, deadline_days=10)
    with pytest.raises(SpecError) as refused:
        plan(asked)
    (problem,) = refused.value.problems
    days = float(problem.remedy.split("allow ")[1].split(" days")[0])
    assert plan_of(asked.model_copy(update={"deadline_days": days})).run.days.expected <= days
    gpus = int(problem.remedy.split("take ")[1].split(" GPUs")[0])
    assert plan_of(asked.model_copy(update={"gpus": gpus})).run.days.expected <= 10


@pytest.mark.parametrize("model", ["llama-3-8b", "mixtral-8x7b", "llama-3-70b"])
def test_the_least_gpus_hold_the_model_and_no_fewer_do(model: str) -> None:
    trials = Trials(task=look_up(request(model=model, gpus=1024)), most_gpus=1024)
    enough = least_gpus(trials)
    assert enough is not None
    assert trials.on(enough) is not None
    assert all(trials.on(fewer) is None for fewer in (enough - 1, enough - 8) if fewer > 0)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0.1234, "0.124"),
        (1, "1.00"),
        (9.991, "10.00"),
        (41.01, "41.1"),
        (99.91, "100.0"),
        (123.4, "124"),
        (5e3, "5,000"),
    ],
)
def test_days_are_rounded_up(days: float, text: str) -> None:
    assert shown_days(days) == text
