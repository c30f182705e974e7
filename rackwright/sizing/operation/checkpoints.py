"""How often to write checkpoints, and what part of the time then counts.

Failures come at exponential distances with the mean M. An interval of τ seconds of work and δ of checkpoint, repeated
from the last checkpoint until it goes through, with R seconds for each restart, takes M·exp(R/M)·(exp((τ+δ)/M) − 1) on
average (Daly, Future Generation Computer Systems 22 (2006) 303). That holds at any failure rate. The usual small-loss
forms, such as 1 − N·r·(R + τ/2), go below zero where a failure comes more often than a restart takes.
"""

from __future__ import annotations

from functools import cache
from math import exp, expm1, log1p, sqrt

SOURCE = "Daly, Future Generation Computer Systems 22 (2006) 303"

HALVINGS = 60
"""Halvings of an interval until a root is as exact as a float: the mantissa's 53 bits, and a few for small roots."""

LARGEST_EXPONENT = 100.0
"""Restart and interval over the time to failure, beyond which goodput falls no further: it is 10^-43 there, zero to any
reader, and days that are divided by it stay numbers."""

HALF = 0.5


def young_interval_s(*, stall_s: float, mean_time_to_failure_s: float) -> float:
    """Young's interval, √(2δM), good while δ is far below M (Communications of the ACM 17 (1974) 530)."""
    return sqrt(2 * stall_s * mean_time_to_failure_s)


def daly_interval_s(*, stall_s: float, mean_time_to_failure_s: float) -> float:
    """Daly's higher-order interval; M itself where a checkpoint takes twice the time to failure or more."""
    if stall_s >= 2 * mean_time_to_failure_s:
        return mean_time_to_failure_s
    x = sqrt(stall_s / (2 * mean_time_to_failure_s))
    return sqrt(2 * stall_s * mean_time_to_failure_s) * (1 + x / 3 + x * x / 9) - stall_s


def best_interval_s(*, stall_s: float, mean_time_to_failure_s: float) -> float:
    """The interval with the most goodput.

    The goodput's derivative is zero where x + ln(1 − x) + δ/M = 0 for x = τ/M, which falls from δ/M at 0 without
    bound towards 1: one root. It doesn't depend on the restart's time.
    """
    checkpoint = stall_s / mean_time_to_failure_s
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle < 1 and middle + log1p(-middle) + checkpoint > 0:
            low = middle
        else:
            high = middle
    return mean_time_to_failure_s * (low + high) / 2


def goodput(*, interval_s: float, stall_s: float, restart_s: float, mean_time_to_failure_s: float) -> float:
    """The part of the time that goes into work that counts, above 0 and at most 1.

    For asynchronous checkpoints `restart_s` must hold the time of writing as well: work since the last but one
    checkpoint is lost while the last is still being written.
    """
    mean = mean_time_to_failure_s
    if (restart_s + interval_s + stall_s) / mean > LARGEST_EXPONENT:
        return exp(-LARGEST_EXPONENT)
    return interval_s / (mean * exp(restart_s / mean) * expm1((interval_s + stall_s) / mean))


@cache
def half_goodput_mean_s(*, stall_s: float, write_s: float, restart_s: float) -> float:
    """The mean time to failure at which the best interval still gives one half.

    `write_s` is how long a checkpoint is in writing while the training goes on (0 for synchronous ones), which the
    interval can't be shorter than.
    """
    low = high = max(stall_s + restart_s + write_s, 1.0)

    def reached(mean: float) -> float:
        interval = max(write_s, best_interval_s(stall_s=stall_s, mean_time_to_failure_s=mean))
        return goodput(interval_s=interval, stall_s=stall_s, restart_s=restart_s + write_s, mean_time_to_failure_s=mean)

    while reached(low) > HALF:
        low /= 2
    while reached(high) < HALF:
        high *= 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < HALF else (low, middle)
    return (low + high) / 2
