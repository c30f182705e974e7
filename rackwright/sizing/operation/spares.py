"""Spare hosts: as many as are in repair at a moment, with a probability.

Failed hosts leave at random and come back after some days, so those in repair are a Poisson variable with the mean
rate × days, whatever the repair's distribution (Palm's theorem).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt

from rackwright.sizing.figures import computed, given_or
from rackwright.sizing.network.fabric import domain_sizes
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.operation import LevelSpares
from rackwright.specs.terms import ReliabilityTerms

HARDWARE_PART = 0.78
"""Part of the failures that takes a host away (Llama 3: 78 % of the unplanned ones, arXiv 2407.21783)."""

REPAIR_DAYS = Figure(
    low=0.1,
    expected=2.0,
    high=5.0,
    source="low: 2.2 hours to recover a node of NCSA Delta (arXiv 2503.11901); high: 3-5 days where a part is replaced "
    "(arXiv 2504.06095, as quoted); expected: a judgement between them",
    assumed=True,
)
"""Days until a failed host is back."""

FAR_BELOW = 12.0
"""Standard deviations below the mean at which a Poisson variable's distribution may be taken as zero."""


def in_repair(hosts: int, *, per_host_day: float, repair_days: float) -> float:
    """Hosts in repair at a moment, on average."""
    return hosts * per_host_day * HARDWARE_PART * repair_days


def spares(
    hosts: int,
    *,
    per_host_day: float,
    repair_days: float = REPAIR_DAYS.expected,
    confidence: float = ReliabilityTerms().spare_confidence,
) -> int:
    """Spare hosts that suffice for those in repair, with that probability."""
    mean = in_repair(hosts, per_host_day=per_host_day, repair_days=repair_days)
    return poisson_quantile(mean=mean, probability=confidence)


def poisson_quantile(*, mean: float, probability: float) -> int:
    """The smallest count that a Poisson variable of that mean stays within, with that probability."""
    if mean <= 0:
        return 0
    count = max(0, int(mean - FAR_BELOW * sqrt(mean)))
    term = exp(count * log(mean) - mean - lgamma(count + 1))
    below = term
    # Where rounding keeps the sum from the last bits of the probability, terms that add nothing end it.
    while below < probability and (count < mean or below + term > below):
        count += 1
        term *= mean / count
        below += term
    return count


def repair_days(terms: ReliabilityTerms) -> Figure:
    """Days until a failed host is back, given or published."""
    return given_or(terms.repair_days, REPAIR_DAYS, field="reliability.repair_days")


def level_spares(
    levels: Sequence[FabricLevel], *, hosts: int, rate: Figure, terms: ReliabilityTerms
) -> tuple[LevelSpares, ...]:
    """Spares where each domain of a level keeps its own: the smaller the domains, the more in all."""
    domains = [level for level in levels if level.hosts > 1]
    return tuple(_of_level(level, hosts=hosts, rate=rate, terms=terms) for level in domains)


def _of_level(level: FabricLevel, *, hosts: int, rate: Figure, terms: ReliabilityTerms) -> LevelSpares:
    sizes = domain_sizes(hosts, level.hosts)
    return LevelSpares(
        level=level.name,
        domain_hosts=sizes[0],
        domains=len(sizes),
        spares=spares_figure(sizes[0], rate=rate, terms=terms),
    )


def spares_figure(hosts: int, *, rate: Figure, terms: ReliabilityTerms) -> Figure:
    """Spares for that many hosts, at the ends of failure rate and repair time."""
    days = repair_days(terms)
    mean = in_repair(hosts, per_host_day=rate.expected, repair_days=days.expected)
    return computed(
        lambda per_host_day, repair: spares(
            hosts, per_host_day=per_host_day, repair_days=repair, confidence=terms.spare_confidence
        ),
        rate,
        days,
        formula=f"{terms.spare_confidence:.4g} quantile of a Poisson variable with the mean {hosts:,} hosts × "
        f"{rate.expected:g} failures × {HARDWARE_PART} hardware × {days.expected:g} days = {mean:.3g}",
        source=f"hardware part: arXiv 2407.21783; repair: {days.source}",
    )
