"""From the order to training on all GPUs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import PLACES
from rackwright.sizing.figures import ends, exact
from rackwright.sizing.site.delivery import Pace, Work, delivery_plan, schedule, trained_days
from rackwright.specs.site import DeliveryPlan
from rackwright.specs.terms import DeliveryTerms, ReliabilityTerms
from tests.rackwright.sizing.machines import USUAL
from tests.rackwright.sizing.plans import reference

pytestmark = pytest.mark.pure


RUN_DAYS = 100.0


def planned(hosts: int = 12_500, *, spares: int = 95, **terms: object) -> DeliveryPlan:
    return delivery_plan(
        run_days=exact(RUN_DAYS, formula="-"),
        hosts=hosts,
        spares=spares,
        gpus_per_host=8,
        fabric=reference("memphis").fabric.model_copy(update={"cables": 24 * hosts}),
        levels=PLACES.entries["oracle"].levels,
        terms=DeliveryTerms.model_validate(terms),
        repairs=ReliabilityTerms(),
        figures=USUAL,
    )


def test_memphis_in_four_months() -> None:
    """100,000 GPUs of two vendors in 122 days; training began on 22 July 2024, 19 days after the first rack.

    Online on 2 September 2024 (as reported), so begun in early May; the first rack came on about day 61. The paces are
    ranges: what was published must lie within them, near their fast ends.
    """
    own = planned(start_date="2024-05-03", site_ready_days=61, lead_days=61, vendors=2)
    fast, slow = ends(own.all_gpus_train_days)
    assert fast < 122 < slow
    assert abs(fast - 122) < abs(slow - 122)
    fast, _ = ends(own.first_gpus_train_days)
    assert fast < 61 + 19 < own.all_gpus_train_days.expected
    assert own.first_gpus == 2048 * 8
    assert own.first_gpus_train == date(2024, 5, 3) + timedelta(days=-(-own.first_gpus_train_days.expected // 1))


def test_dates_need_a_start_and_follow_the_days() -> None:
    assert planned().all_gpus_train is None
    own = planned(start_date="2026-01-01")
    for phase in own.phases:
        assert phase.ends is not None
        assert 0 <= (phase.ends - date(2026, 1, 1)).days - phase.ends_days.expected < 1


hosts_counts = st.integers(1, 16_000)
rates = st.floats(1, 5000)


def paced(*, arriving: float = 50, racked: float = 50, cables: float = 5000, **others: float) -> Pace:
    days = {"lead_days": 10, "commissioning_days": 5, "burn_in_days": 3, "failed_part": 0.05, "repair_days": 2}
    return Pace(arriving_per_day=arriving, racked_per_day=racked, cables_per_day=cables, **{**days, **others})


@given(hosts=hosts_counts, arriving=rates, racked=rates, cables=rates, faster=st.floats(1, 10))
def test_a_faster_pace_is_never_later_and_the_slowest_sets_the_end(
    hosts: int, arriving: float, racked: float, cables: float, faster: float
) -> None:
    work = Work(hosts=hosts, first_hosts=min(hosts, 100), spares=0, cables=27 * hosts, site_ready_days=0)
    own = schedule(work, paced(arriving=arriving, racked=racked, cables=cables))
    slowest = max(hosts / arriving, hosts / racked, 27 * hosts / cables)
    assert own.phases["cabling"][1] == pytest.approx(10 + slowest)
    assert own.first_train <= own.all_train
    for better in (
        paced(arriving=arriving * faster, racked=racked, cables=cables),
        paced(arriving=arriving, racked=racked * faster, cables=cables),
        paced(arriving=arriving, racked=racked, cables=cables * faster),
        paced(arriving=arriving, racked=racked, cables=cables, burn_in_days=3 / faster),
    ):
        assert schedule(work, better).all_train <= own.all_train * (1 + 1e-12)
        assert schedule(work, better).first_train <= own.first_train * (1 + 1e-12)


@given(hosts=hosts_counts, more=st.integers(0, 4000), vendors=st.integers(1, 5))
def test_ranges_hold_their_middle_and_more_hosts_or_fewer_vendors_are_never_sooner(
    hosts: int, more: int, vendors: int
) -> None:
    own = planned(hosts, spares=0, vendors=vendors, technicians=100)
    low, high = ends(own.all_gpus_train_days)
    assert low <= own.all_gpus_train_days.expected <= high
    later = planned(hosts + more, spares=0, vendors=vendors, technicians=100)
    assert later.all_gpus_train_days.expected >= own.all_gpus_train_days.expected * (1 - 1e-9)
    fewer = planned(hosts, spares=0, vendors=1, technicians=100)
    assert fewer.all_gpus_train_days.expected >= own.all_gpus_train_days.expected * (1 - 1e-9)


def test_hosts_that_fail_at_first_are_made_good_by_spares_or_mended() -> None:
    work = Work(hosts=1000, first_hosts=100, spares=60, cables=27_000, site_ready_days=0)
    enough = schedule(work, paced())
    assert enough.failed_hosts == pytest.approx(50)
    assert enough.all_train == enough.phases["burn-in"][1]
    short = schedule(Work(hosts=1000, first_hosts=100, spares=40, cables=27_000, site_ready_days=0), paced())
    assert short.all_train == pytest.approx(enough.all_train + 2 + 3)


@given(hosts=hosts_counts, first=st.integers(1, 2048), run=st.floats(0.1, 1000))
def test_beginning_on_a_part_helps_and_never_beats_having_all_from_then(hosts: int, first: int, run: float) -> None:
    work = Work(hosts=hosts, first_hosts=min(hosts, first), spares=0, cables=27 * hosts, site_ready_days=0)
    at = schedule(work, paced())
    done = trained_days(at, first_part=work.first_part, run_days=run)
    assert done <= (at.all_train + run) * (1 + 1e-12)
    assert done >= (at.first_train + run) * (1 - 1e-12)


def test_the_work_done_adds_up_to_the_run() -> None:
    """A quarter trains from day 18, all from day 38: 20 days at a quarter are 5 of the run's 100."""
    work = Work(hosts=1000, first_hosts=237, spares=52, cables=27_000, site_ready_days=0)
    at = schedule(work, paced(failed_part=0.05))
    assert work.first_part == pytest.approx(0.25)
    meanwhile = (at.all_train - at.first_train) / 4
    assert trained_days(at, first_part=0.25, run_days=100) == pytest.approx(at.all_train + 100 - meanwhile)
    assert trained_days(at, first_part=0.25, run_days=1) == pytest.approx(at.first_train + 4)


def test_what_is_slowest_is_named() -> None:
    assert planned(vendors=50, lead_days=0).limited_by in {"racking", "cabling"}
    assert planned(site_ready_days=700).limited_by == "site"
    assert planned(hosts=64, spares=1).limited_by == "lead time"
    assert planned(hosts_per_week=50, lead_days=30).limited_by == "hosts arrive"
