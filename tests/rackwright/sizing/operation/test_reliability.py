"""Failures, their causes, and goodput beside what was published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import FAILURES, HOSTS, PLACES
from rackwright.sizing.figures import ends, exact
from rackwright.sizing.operation import reliability
from rackwright.specs.figure import Figure
from rackwright.specs.operation import ReliabilityPlan, StoragePlan
from rackwright.specs.terms import ReliabilityTerms
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure


def storage(*, stall_s: float = 30, write_s: float = 30, background: bool = False) -> StoragePlan:
    """A storage plan with these times; the rest plays no part here."""
    any_figure = exact(1.0, formula="-")
    fields = dict.fromkeys(StoragePlan.model_fields, any_figure)
    return StoragePlan(
        **{
            **fields,
            "checkpoints": "async" if background else "sync",
            "checkpoint_stall_s": exact(stall_s, formula="-"),
            "checkpoint_write_s": exact(write_s, formula="-"),
            "checkpoint_read_s": exact(write_s, formula="-"),
        }
    )


def planned(
    hosts: int,
    *,
    shape: str = "DGX-H100",
    stored: StoragePlan | None = None,
    failures_per_host_day: float | None = None,
    restart_s: float | None = None,
) -> ReliabilityPlan:
    return reliability.reliability_plan(
        training_hosts=hosts,
        training_gpus=hosts * 8,
        pool_hosts=hosts,
        spare_hosts=0,
        host=HOSTS.entries[shape],
        levels=PLACES.entries["existing"].levels,
        storage=stored or storage(),
        terms=ReliabilityTerms(failures_per_host_day=failures_per_host_day, restart_s=restart_s),
        figures=USUAL,
    )


@pytest.mark.parametrize(
    ("gpus", "rate", "hours", "tolerance"),
    [
        pytest.param(16_384, "expected", 3.09, 0.01, id="Llama 3: 419 in 54 days (arXiv 2407.21783)"),
        pytest.param(16_384, "high", 1.8, 0.02, id="RSC-1, projected (arXiv 2410.21680)"),
        pytest.param(131_072, "high", 0.23, 0.03, id="RSC-1, projected (arXiv 2410.21680)"),
        pytest.param(1024, "high", 28.8, 0.02, id="the same formula where 7.9 h were measured (arXiv 2410.21680)"),
    ],
)
def test_mean_time_to_failure_is_the_published_one(gpus: int, rate: str, hours: float, tolerance: float) -> None:
    per_host_day = getattr(reliability.published_rate(), rate)
    mean_s = reliability.mean_time_to_failure_s(gpus // 8, per_host_day=per_host_day)
    assert mean_s / 3600 == pytest.approx(hours, rel=tolerance)


def test_the_measured_time_to_failure_of_small_jobs_is_told_beside_the_formula() -> None:
    assert "measured 7.9 h where it gives 28.8 h" in planned(128).mean_time_to_failure_h.source


@pytest.mark.parametrize(
    ("gpus", "stall_s", "terms", "published", "tolerance"),
    [
        pytest.param(16_384, 30, {}, 0.90, 0.02, id="Llama 3: above 90 % (arXiv 2407.21783)"),
        pytest.param(
            1024,
            30,
            {"failures_per_host_day": 24 / 7.9 / 128},
            0.90,
            0.05,
            id="RSC: about 0.9 above 1,024 GPUs, 7.9 h measured (arXiv 2410.21680)",
        ),
        pytest.param(12_288, 30, {}, 0.90, 0.03, id="MegaScale: above 90 % (arXiv 2402.15627)"),
        pytest.param(
            9600,
            0.5,
            {"restart_s": 120.0},
            0.97,
            0.02,
            id="ByteRobust: 97 %, checkpoints without overhead and warm spares (arXiv 2509.16293)",
        ),
    ],
)
def test_goodput_is_near_the_published_effective_time(
    gpus: int, stall_s: float, terms: dict[str, float], published: float, tolerance: float
) -> None:
    own = planned(
        gpus // 8,
        stored=storage(stall_s=stall_s),
        failures_per_host_day=terms.get("failures_per_host_day"),
        restart_s=terms.get("restart_s"),
    )
    assert own.goodput.expected == pytest.approx(published, abs=tolerance)


def test_each_published_rate_is_told_by_its_name() -> None:
    """16,384 GPUs: Llama 3 counted 7.76 a day; RSC-1's rate gives one in 1.8 h (arXiv 2410.21680)."""
    named = {each.cluster: each for each in planned(2048).published}
    assert named["Llama 3"].failures_per_day.expected == pytest.approx(419 / 54)
    assert named["RSC-1"].mean_time_to_failure_h.expected == pytest.approx(1.8, rel=0.01)
    assert named["RSC-2"].failures_per_day.expected == pytest.approx(2.048 * 2.34)


def test_causes_are_llama_3s_with_the_misprint_put_right() -> None:
    causes = {each.cause: each for each in planned(2048).causes}
    assert sum(FAILURES.entries["llama-3"].causes.values()) == FAILURES.entries["llama-3"].failures == 419
    assert causes["GPU"].share.expected == pytest.approx(0.353, abs=0.001)  # the table prints 30.1 %
    assert causes["GPU memory (HBM3)"].share.expected == pytest.approx(0.172, abs=0.001)
    assert causes["software bug"].share.expected == pytest.approx(0.129, abs=0.001)
    assert causes["network switch or cable"].share.expected == pytest.approx(0.084, abs=0.001)
    assert sum(each.share.expected for each in causes.values()) == pytest.approx(1)
    assert sum(each.per_day.expected for each in causes.values()) * 54 == pytest.approx(419, rel=0.001)


@given(hosts=st.integers(1, 16_000), more=st.integers(0, 16_000))
def test_more_hosts_never_fail_less_nor_give_more_goodput(hosts: int, more: int) -> None:
    few, many = planned(hosts), planned(hosts + more)
    assert many.failures_per_day.expected >= few.failures_per_day.expected
    assert many.mean_time_to_failure_h.expected <= few.mean_time_to_failure_h.expected
    assert many.goodput.expected <= few.goodput.expected
    assert 0 <= ends(many.goodput)[0] <= many.goodput.expected <= 1


def test_a_restart_is_the_sum_of_its_parts_or_what_the_request_gives() -> None:
    own = planned(2048)
    parts = (own.detection_s, own.placement_s, own.start_s, own.group_initialisation_s)
    assert own.restart_s.expected == pytest.approx(sum(part.expected for part in parts) + 30)
    assert planned(2048, restart_s=77.0).restart_s.expected == 77


def test_group_initialisation_is_megascales() -> None:
    """ArXiv 2402.15627: under 5 s on 2,048 GPUs, and under 30 s on more than 10,000."""
    assert planned(256).group_initialisation_s.expected == pytest.approx(5, abs=0.5)
    assert 20 < planned(1250).group_initialisation_s.expected < 30


def test_half_goodput_is_reached_at_the_size_that_is_named() -> None:
    named = planned(1000, restart_s=600.0).half_goodput_hosts.expected
    assert planned(round(named), restart_s=600.0).goodput.expected == pytest.approx(0.5, abs=0.001)


def test_background_checkpoints_are_never_more_often_than_they_can_be_written() -> None:
    own = planned(12_500, stored=storage(stall_s=0.1, write_s=120, background=True))
    assert own.checkpoint_interval_s.expected == 120
    assert own.young_interval_s.expected < 120
    assert own.goodput.expected > planned(12_500).goodput.expected


def test_slow_writing_in_the_background_loses_work() -> None:
    fast, slow = (
        planned(2048, stored=storage(stall_s=0.1, write_s=write_s, background=True), restart_s=300.0).goodput.expected
        for write_s in (60, 600)
    )
    mean_s = 86_400 / (2048 * reliability.published_rate().expected)
    # Each failure loses the time of writing more, and half of what the interval had to grow.
    assert (fast - slow) * mean_s == pytest.approx(540 * 1.5, rel=0.15)


def test_a_rate_of_ones_own_goes_before_the_published_and_another_gpus_is_marked() -> None:
    assert planned(128, failures_per_host_day=0.01).failures_per_day == Figure(
        expected=1.28,
        formula="128 training hosts × 0.01",
        source="the request",
        exact_because="none of what it follows from has a range",
    )
    assert not planned(128).failures_per_host_day.assumed
    newer = planned(128, shape="DGX-B200").failures_per_host_day
    assert newer.assumed
    assert newer.source.startswith("none is published for b200")
    assert newer.expected == reliability.published_rate().expected


def test_hosts_with_half_the_gpus_fail_half_as_often() -> None:
    """A GB200 tray has four; three of five failures are its GPUs' (Llama 3)."""
    tray = planned(128, shape="DGX-GB200").failures_per_host_day
    assert tray.expected == pytest.approx(reliability.published_rate().expected / 2)
    assert tray.assumed
