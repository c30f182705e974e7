"""Spare hosts for those in repair."""

from __future__ import annotations

from functools import partial
from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import PLACES
from rackwright.sizing.operation import spares
from rackwright.sizing.operation.reliability import published_rate
from rackwright.specs.terms import ReliabilityTerms
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure

hosts = st.integers(1, 20_000)
rates = st.floats(1e-4, 2e-2)
days = st.floats(0.05, 60)
confidences = st.floats(0.5, 0.99999)


@given(mean=st.floats(0.01, 60), probability=st.floats(0.01, 0.999))
def test_the_quantile_is_the_smallest_count_that_suffices(mean: float, probability: float) -> None:
    count = spares.poisson_quantile(mean=mean, probability=probability)

    def within(most: int) -> float:
        return sum(exp(-mean) * mean**k / factorial(k) for k in range(most + 1))

    assert within(count) >= probability * (1 - 1e-9)
    assert count == 0 or within(count - 1) < probability * (1 + 1e-9)


@pytest.mark.parametrize(("mean", "probability", "count"), [(0.0, 0.99, 0), (1.0, 0.99, 4), (1000.0, 0.99, 1074)])
def test_quantiles_of_printed_tables(mean: float, probability: float, count: int) -> None:
    """1,000: mean + 2.326·√mean + half a host and the skew; exp(−1000) is below any float."""
    assert spares.poisson_quantile(mean=mean, probability=probability) == count


def test_memphis_keeps_95_hosts_for_the_74_that_are_in_repair() -> None:
    """12,500 hosts × 0.00379 failures a day × 78 % hardware × 2 days."""
    mean = spares.in_repair(12_500, per_host_day=0.00379, hardware_part=0.78, repair_days=2)
    assert mean == pytest.approx(73.9, abs=0.1)
    assert spares.spares(12_500, per_host_day=0.00379, hardware_part=0.78, repair_days=2, confidence=0.99) == 95
    assert spares.spares(12_500, per_host_day=0.00379, hardware_part=0.78, repair_days=4, confidence=0.99) == 177


@given(count=hosts, rate=rates, repair=days, confidence=confidences, factor=st.floats(1, 10))
def test_longer_repair_more_hosts_more_failures_and_confidence_never_ask_fewer_spares(
    count: int, rate: float, repair: float, confidence: float, factor: float
) -> None:
    spares_for = partial(spares.spares, hardware_part=0.78)
    asked = spares_for(count, per_host_day=rate, repair_days=repair, confidence=confidence)
    surer = confidence + (1 - confidence) / 2
    assert spares_for(count, per_host_day=rate, repair_days=repair * factor, confidence=confidence) >= asked
    assert spares_for(int(count * factor), per_host_day=rate, repair_days=repair, confidence=confidence) >= asked
    assert spares_for(count, per_host_day=rate * factor, repair_days=repair, confidence=confidence) >= asked
    assert spares_for(count, per_host_day=rate, repair_days=repair, confidence=surer) >= asked


@given(count=hosts)
def test_domains_of_their_own_ask_for_more_in_all_than_the_pool(count: int) -> None:
    levels = PLACES.entries["oracle"].levels
    terms = ReliabilityTerms()
    rate = published_rate()
    pool = spares.spares_figure(count, rate=rate, terms=terms, figures=USUAL)
    by_level = spares.level_spares(levels, hosts=count, rate=rate, terms=terms, figures=USUAL)
    assert [each.level for each in by_level] == ["island", "block", "leaf"]
    for level in by_level:
        assert level.domain_hosts <= count
        assert level.spares.expected <= pool.expected
        # The last domain may be small, so that its own spares may be fewer.
        assert level.spares.expected * level.domains >= pool.expected * (1 - 1 / level.domains)
