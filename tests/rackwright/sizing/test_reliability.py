"""Failures, spares, checkpoint intervals and goodput."""

from __future__ import annotations

from math import exp, factorial, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing import reliability

pytestmark = pytest.mark.pure

intervals = st.floats(60, 100_000)
writes = st.floats(0.1, 600)
restarts = st.floats(0, 3600)
means = st.floats(600, 1e7)


def test_llama_3s_cluster_fails_about_every_three_hours() -> None:
    """ArXiv 2407.21783: 419 unplanned interruptions in 54 days on 2,048 hosts, one in 3.09 h."""
    mean_s = reliability.mean_time_to_failure_s(2048, per_host_day=reliability.FAILURES_PER_HOST_DAY.expected)
    assert mean_s / 3600 == pytest.approx(3.09, rel=0.01)


@given(mean=st.floats(0.01, 200), probability=st.floats(0.5, 0.999))
def test_the_quantile_is_the_smallest_count_that_suffices(mean: float, probability: float) -> None:
    count = reliability.poisson_quantile(mean=mean, probability=probability)

    def within(most: int) -> float:
        return sum(exp(-mean) * mean**k / factorial(k) for k in range(most + 1)) if most < 100 else 1.0

    if count < 100:
        assert within(count) >= probability * (1 - 1e-9)
        assert count == 0 or within(count - 1) < probability * (1 + 1e-9)


@given(write=writes, mean=means)
def test_the_interval_is_near_youngs_when_checkpoints_are_short(write: float, mean: float) -> None:
    interval = reliability.checkpoint_interval_s(write_s=write, mean_time_to_failure_s=mean)
    assert interval > 0
    if write < mean / 1000:
        assert interval == pytest.approx(sqrt(2 * write * mean), rel=0.05)


@given(write=writes, restart=restarts, mean=means, other=intervals)
def test_no_other_interval_gives_clearly_more_goodput(write: float, restart: float, mean: float, other: float) -> None:
    """Daly's interval is within a per cent of the best, as long as checkpoints are short against failures."""
    if write > mean / 10:
        return

    def reached(interval: float) -> float:
        return reliability.goodput(interval_s=interval, write_s=write, restart_s=restart, mean_time_to_failure_s=mean)

    chosen = reached(reliability.checkpoint_interval_s(write_s=write, mean_time_to_failure_s=mean))
    assert 0 < chosen < 1
    assert chosen >= reached(min(other, 100 * mean)) * 0.99


@given(write=writes, restart=restarts, mean=st.floats(10, 1e4))
def test_goodput_stays_a_fraction_even_when_failures_come_all_the_time(
    write: float, restart: float, mean: float
) -> None:
    interval = reliability.checkpoint_interval_s(write_s=write, mean_time_to_failure_s=mean)
    assert (
        0 <= reliability.goodput(interval_s=interval, write_s=write, restart_s=restart, mean_time_to_failure_s=mean) < 1
    )
