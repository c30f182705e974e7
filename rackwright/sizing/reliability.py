"""What fails, what it costs, and how much is kept in reserve.

Failures are taken as independent and evenly spread in time (a Poisson process), at published rates for a host and day.
"""

from __future__ import annotations

from math import exp, expm1, sqrt

from rackwright.sizing.figures import computed, exact
from rackwright.specs.figure import Figure
from rackwright.specs.plan import ReliabilityPlan

FAILURES_PER_HOST_DAY = Figure(
    low=2.34e-3,
    expected=3.8e-3,
    high=6.5e-3,
    source="Llama 3: 419 unplanned interruptions in 54 days on 2,048 hosts (arXiv 2407.21783); "
    "low and high: Meta's RSC-2 and RSC-1 (arXiv 2410.21680)",
)
"""Failures that stop a job, for one host and day."""

RESTART_S = Figure(
    low=180,
    expected=600,
    high=1500,
    source="MegaScale (arXiv 2402.15627): detected in under 10 minutes, recovered in under 15 (together high); "
    "Llama 3's 90 % effective time at a failure every 3 h leaves about 10 minutes (expected); low: judgement",
)
"""Seconds from a failure to the next step."""

HARDWARE_PART = 0.78
"""Part of the failures that takes a host away (Llama 3: 78 % of the unplanned ones, arXiv 2407.21783)."""

REPAIR_DAYS = 2.0
"""Days until a failed host is back; no source gives it: assumed."""

SPARE_CONFIDENCE = 0.99
"""Probability with which the spares suffice at any moment: assumed."""

SECONDS_PER_DAY = 86_400
HOURS_PER_DAY = 24


def failures_per_day(hosts: int, *, per_host_day: float) -> float:
    """Failures a day of a job on that many hosts."""
    return hosts * per_host_day


def mean_time_to_failure_s(hosts: int, *, per_host_day: float) -> float:
    """Seconds between two failures of a job on that many hosts."""
    return SECONDS_PER_DAY / failures_per_day(hosts, per_host_day=per_host_day)


def spares(hosts: int, *, per_host_day: float) -> int:
    """Spare hosts that suffice for those in repair, with `SPARE_CONFIDENCE`."""
    in_repair = failures_per_day(hosts, per_host_day=per_host_day) * HARDWARE_PART * REPAIR_DAYS
    return poisson_quantile(mean=in_repair, probability=SPARE_CONFIDENCE)


def poisson_quantile(*, mean: float, probability: float) -> int:
    """The smallest count that a Poisson variable of that mean stays within, with that probability."""
    count, term = 0, exp(-mean)
    below = term
    while below < probability:
        count += 1
        term *= mean / count
        below += term
    return count


def checkpoint_interval_s(*, write_s: float, mean_time_to_failure_s: float) -> float:
    """The interval between checkpoints that loses least, in seconds of work.

    Daly's higher-order optimum (Future Generation Computer Systems 22, 2006), which grows out of Young's √(2δM); with
    checkpoints slower than twice the time to failure, that time itself.
    """
    if write_s >= 2 * mean_time_to_failure_s:
        return mean_time_to_failure_s
    x = sqrt(write_s / (2 * mean_time_to_failure_s))
    return sqrt(2 * write_s * mean_time_to_failure_s) * (1 + x / 3 + x * x / 9) - write_s


def goodput(*, interval_s: float, write_s: float, restart_s: float, mean_time_to_failure_s: float) -> float:
    """The part of the time that goes into work that counts, from 0 to 1.

    Daly's complete model for failures at exponential distances, exact at any failure rate: an interval takes
    M·exp(R/M)·(exp((τ+δ)/M) − 1) on average.
    """
    mean = mean_time_to_failure_s
    return interval_s / (mean * exp(restart_s / mean) * expm1((interval_s + write_s) / mean))


def reliability_plan(*, training_hosts: int, spare_hosts: int, write_s: Figure) -> ReliabilityPlan:
    """Failures and what they cost, at low, expected and high failure rates."""
    rate = FAILURES_PER_HOST_DAY
    per_day = computed(
        lambda one: failures_per_day(training_hosts, per_host_day=one),
        rate,
        formula=f"{training_hosts:,} hosts × {rate.expected:g}",
        source=rate.source,
    )
    mean_s = computed(lambda each: SECONDS_PER_DAY / each, per_day, formula="")
    interval = computed(
        lambda write, mean: checkpoint_interval_s(write_s=write, mean_time_to_failure_s=mean),
        write_s,
        mean_s,
        formula=f"Daly's optimum of δ = {write_s.expected:g} s and M = {mean_s.expected:,.0f} s, about √(2δM)",
        source="Daly, Future Generation Computer Systems 22 (2006) 303",
    )
    reached = computed(
        lambda write, restart, mean: goodput(
            interval_s=checkpoint_interval_s(write_s=write, mean_time_to_failure_s=mean),
            write_s=write,
            restart_s=restart,
            mean_time_to_failure_s=mean,
        ),
        write_s,
        RESTART_S,
        mean_s,
        formula=f"τ / (M·exp(R/M)·(exp((τ+δ)/M) − 1)), τ = {interval.expected:,.0f} s, δ = {write_s.expected:g} s, "
        f"R = {RESTART_S.expected:g} s, M = {mean_s.expected:,.0f} s",
        source="Daly, Future Generation Computer Systems 22 (2006) 303",
    )
    return ReliabilityPlan(
        failures_per_host_day=rate,
        failures_per_day=per_day,
        mean_time_to_failure_h=computed(
            lambda each: HOURS_PER_DAY / each, per_day, formula=f"24 h / {per_day.expected:.3g}"
        ),
        restart_s=RESTART_S,
        checkpoint_interval_s=interval,
        goodput=reached,
        spares=exact(
            spare_hosts,
            formula=f"{SPARE_CONFIDENCE:.0%} quantile of the hosts in repair: {per_day.expected:.3g} failures a day × "
            f"{HARDWARE_PART} hardware × {REPAIR_DAYS:g} days",
            source="hardware part: arXiv 2407.21783; days of repair and confidence: assumed",
        ),
    )
