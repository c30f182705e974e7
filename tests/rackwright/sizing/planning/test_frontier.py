"""The frontier: plans that no other beats, from the cheapest to the fastest."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rackwright.sizing.planning.frontier import frontier, not_dominated
from rackwright.sizing.planning.refusals import spent_usd
from rackwright.sizing.planning.task import look_up
from rackwright.sizing.planning.trials import Trials
from rackwright.specs import SpecError
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan
from tests.rackwright.sizing.plans import planned, request

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    """The frontier of up to 1,024 GPUs."""
    return frontier(request(gpus=1024))


@pytest.fixture(scope="module")
def trials() -> Trials:
    """Plans on any number of GPUs up to 1,024."""
    return Trials(task=look_up(request(gpus=1024)), most_gpus=1024)


def test_who_pays_more_is_done_sooner(plans: list[Plan]) -> None:
    assert len(plans) > 3
    for cheaper, faster in pairwise(plans):
        assert spent_usd(cheaper) < spent_usd(faster)
        assert cheaper.run.days.expected > faster.run.days.expected


def test_its_fastest_is_the_plan_on_all_gpus(plans: list[Plan]) -> None:
    assert plans[-1].run.days.expected == pytest.approx(planned(gpus=1024).run.days.expected, rel=0.006)


@pytest.mark.parametrize("gpus", [8, 16, 64, 176, 512, 1000])
def test_no_number_of_gpus_beats_it(plans: list[Plan], trials: Trials, gpus: int) -> None:
    """But for a few per cent of the cost that a number between two of the grid may save."""
    other = trials.quickest(gpus)
    assert other is not None
    assert any(
        each.run.days.expected <= other.run.days.expected * 1.01 or spent_usd(each) <= spent_usd(other) * 1.05
        for each in plans
    )
    slower = [each for each in plans if each.run.days.expected >= other.run.days.expected]
    assert all(spent_usd(each) <= spent_usd(other) * 1.05 for each in slower)


def test_limits_cut_it_off_at_their_exact_ends() -> None:
    limits = {"gpus": 512, "deadline_days": 20, "power_mw": 0.5}
    limited = frontier(request(**limits))
    assert all(each.run.days.expected <= 20 for each in limited)
    assert all(each.power.facility_mw.expected <= 0.5 for each in limited)
    fewest = planned(**limits)
    assert any(each.hosts == fewest.hosts or spent_usd(each) < spent_usd(fewest) for each in limited)


def test_what_another_beats_in_both_is_left_out(plans: list[Plan]) -> None:
    days = Figure(expected=2 * plans[0].run.days.expected)
    worse = plans[1].model_copy(update={"run": plans[1].run.model_copy(update={"days": days})})
    assert not_dominated([worse, *reversed(plans)]) == plans


def test_it_begins_below_one_host() -> None:
    assert [each.hosts.training_gpus for each in frontier(request(gpus=4))] == [4]


def test_a_model_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(SpecError, match="gpus: got 8; expected enough memory"):
        frontier(request(model="llama-3.1-405b", gpus=8))
