"""How often checkpoints are written, and what part of the time then counts."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.operation import checkpoints

pytestmark = pytest.mark.pure

stalls = st.floats(0.01, 3600)
restarts = st.floats(0, 7200)
means = st.floats(30, 1e8)
intervals = st.floats(1, 1e7)


def reached(interval_s: float, *, stall_s: float, restart_s: float, mean_s: float) -> float:
    return checkpoints.goodput(
        interval_s=interval_s, stall_s=stall_s, restart_s=restart_s, mean_time_to_failure_s=mean_s
    )


@given(stall=stalls, restart=restarts, mean=means, other=intervals)
def test_no_interval_gives_more_goodput_than_the_best(stall: float, restart: float, mean: float, other: float) -> None:
    best = checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean)
    at_best = reached(best, stall_s=stall, restart_s=restart, mean_s=mean)
    for interval in (
        other,
        checkpoints.young_interval_s(stall_s=stall, mean_time_to_failure_s=mean),
        checkpoints.daly_interval_s(stall_s=stall, mean_time_to_failure_s=mean),
    ):
        assert at_best >= reached(interval, stall_s=stall, restart_s=restart, mean_s=mean) * (1 - 1e-9)


@given(stall=stalls, restart=restarts, mean=means, interval=intervals)
def test_goodput_is_a_fraction_however_often_failures_come(
    stall: float, restart: float, mean: float, interval: float
) -> None:
    assert 0 < reached(interval, stall_s=stall, restart_s=restart, mean_s=mean) <= 1
    best = checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean)
    assert 0 < best <= mean
    if stall + restart < 100 * mean:
        assert reached(best, stall_s=stall, restart_s=restart, mean_s=mean) > 0


@given(stall=stalls, mean=means)
def test_short_checkpoints_bring_all_three_intervals_together(stall: float, mean: float) -> None:
    if stall > mean / 10_000:
        return
    best = checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean)
    assert best == pytest.approx(sqrt(2 * stall * mean), rel=0.02)
    assert best == pytest.approx(checkpoints.daly_interval_s(stall_s=stall, mean_time_to_failure_s=mean), rel=1e-3)


@given(stall=stalls, restart=restarts, mean=means, factor=st.floats(1, 100))
def test_rarer_failures_and_faster_restarts_never_cost_goodput(
    stall: float, restart: float, mean: float, factor: float
) -> None:
    def best(restart_s: float, mean_s: float) -> float:
        interval = checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean_s)
        return reached(interval, stall_s=stall, restart_s=restart_s, mean_s=mean_s)

    assert best(restart, mean * factor) >= best(restart, mean) * (1 - 1e-9)
    assert best(restart / factor, mean) >= best(restart, mean) * (1 - 1e-9)


def played(*, interval_s: float, stall_s: float, write_s: float, restart_s: float, mean_s: float) -> float:
    """The part of the time that counts when failures are drawn one by one.

    `write_s` is how long a checkpoint is in writing in the background, 0 for one that is written while training waits.
    A restart in which another failure comes begins anew.
    """
    draw = Random(20260101)  # noqa: S311 - a reproducible play, no secret
    time = done = 0.0
    for _ in range(40_000):
        until_failure = draw.expovariate(1 / mean_s)
        time += until_failure
        running = until_failure - restart_s
        # A checkpoint is begun after each interval, stops the training for a moment, and counts once it is written.
        counted = (running - write_s) // (interval_s + stall_s)
        done += interval_s * max(0.0, counted)
    return done / time


@pytest.mark.parametrize(
    ("interval", "stall", "write", "restart", "mean"),
    [
        pytest.param(800, 30, 0, 600, 11_000, id="16,384 GPUs"),
        pytest.param(313, 30, 0, 600, 1840, id="100,000 GPUs"),
        pytest.param(300, 60, 0, 600, 500, id="failures more often than restarts take"),
        pytest.param(120, 0.1, 120, 600, 1840, id="100,000 GPUs, written in the background"),
        pytest.param(300, 1, 200, 300, 1000, id="slow writing in the background"),
    ],
)
def test_goodput_is_what_comes_out_when_failures_are_drawn(
    interval: float, stall: float, write: float, restart: float, mean: float
) -> None:
    drawn = played(interval_s=interval, stall_s=stall, write_s=write, restart_s=restart, mean_s=mean)
    assert reached(interval, stall_s=stall, restart_s=restart + write, mean_s=mean) == pytest.approx(drawn, rel=0.02)


def test_restarts_of_days_between_failures_of_seconds_give_nothing() -> None:
    assert 0 < reached(10, stall_s=1, restart_s=1e6, mean_s=10) < 1e-40


def test_the_small_loss_form_is_right_for_small_clusters_and_senseless_at_100_000_gpus() -> None:
    """ArXiv 2410.21680 gives ETTR = [1 − N·r·(u₀ + Δ/2)] / (1 + w/Δ): below one half of the truth at 12,500 hosts."""
    stall, restart, rate = 30.0, 600.0, 6.5e-3

    def both(hosts: int) -> tuple[float, float]:
        mean = 86_400 / (hosts * rate)
        interval = checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean)
        small_loss = (1 - (restart + interval / 2) / mean) / (1 + stall / interval)
        return small_loss, reached(interval, stall_s=stall, restart_s=restart, mean_s=mean)

    small, exact = both(128)
    assert small == pytest.approx(exact, abs=0.001)
    small, exact = both(12_500)
    assert small < 0.9 * exact
    small, exact = both(50_000)
    assert small < 0 < exact


@given(stall=stalls, restart=st.floats(1, 7200), write=st.floats(0, 600))
def test_the_size_of_half_goodput_gives_half_goodput(stall: float, restart: float, write: float) -> None:
    mean = checkpoints.half_goodput_mean_s(stall_s=stall, write_s=write, restart_s=restart)
    interval = max(write, checkpoints.best_interval_s(stall_s=stall, mean_time_to_failure_s=mean))
    assert reached(interval, stall_s=stall, restart_s=restart + write, mean_s=mean) == pytest.approx(0.5, abs=1e-6)
