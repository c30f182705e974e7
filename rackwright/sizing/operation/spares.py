"""Spare hosts: as many as are in repair at a moment, with a probability.

Failed hosts leave at random and come back after some days, so those in repair are a Poisson variable with the mean
rate × days, whatever the repair's distribution (Palm's theorem).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt

from rackwright.sizing.figures import PlanningFigures, computed, given_or
from rackwright.sizing.network.fabric import domain_sizes
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.operation import LevelSpares
from rackwright.specs.terms import ReliabilityTerms

FAR_BELOW = 12.0
"""Standard deviations below the mean at which a Poisson variable's distribution may be taken as zero."""


def in_repair(hosts: int, *, per_host_day: float, hardware_part: float, repair_days: float) -> float:
    """Hosts in repair at a moment, on average; `hardware_part` of the failures takes a host away."""
    return hosts * per_host_day * hardware_part * repair_days


def spares(
    hosts: int,
    *,
    per_host_day: float,
    hardware_part: float,
    repair_days: float,
    confidence: float = ReliabilityTerms().spare_confidence,
) -> int:
    """Spare hosts that suffice for those in repair, with that probability."""
    mean = in_repair(hosts, per_host_day=per_host_day, hardware_part=hardware_part, repair_days=repair_days)
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


def repair_days(terms: ReliabilityTerms, figures: PlanningFigures) -> Figure:
    """Days until a failed host is back, given or published."""
    return given_or(terms.repair_days, figures["repair_days"], field="reliability.repair_days")


def level_spares(
    levels: Sequence[FabricLevel], *, hosts: int, rate: Figure, terms: ReliabilityTerms, figures: PlanningFigures
) -> tuple[LevelSpares, ...]:
    """Spares where each domain of a level keeps its own: the smaller the domains, the more in all."""
    domains = [level for level in levels if level.hosts > 1]
    return tuple(_of_level(level, hosts=hosts, rate=rate, terms=terms, figures=figures) for level in domains)


def _of_level(
    level: FabricLevel, *, hosts: int, rate: Figure, terms: ReliabilityTerms, figures: PlanningFigures
) -> LevelSpares:
    sizes = domain_sizes(hosts, level.hosts)
    return LevelSpares(
        level=level.name,
        domain_hosts=sizes[0],
        domains=len(sizes),
        spares=spares_figure(sizes[0], rate=rate, terms=terms, figures=figures),
    )


def spares_figure(hosts: int, *, rate: Figure, terms: ReliabilityTerms, figures: PlanningFigures) -> Figure:
    """Spares for that many hosts, at the ends of failure rate and repair time."""
    days, hardware = repair_days(terms, figures), figures["hardware_failure_part"]
    mean = in_repair(hosts, per_host_day=rate.expected, hardware_part=hardware.expected, repair_days=days.expected)
    return computed(
        lambda per_host_day, part, repair: spares(
            hosts,
            per_host_day=per_host_day,
            hardware_part=part,
            repair_days=repair,
            confidence=terms.spare_confidence,
        ),
        rate,
        hardware,
        days,
        formula=f"{terms.spare_confidence:.4g} quantile of a Poisson variable with the mean {hosts:,} hosts × "
        f"{rate.expected:g} failures × {hardware.expected:g} hardware × {days.expected:g} days = {mean:.3g}",
        source=f"hardware part: {hardware.source}; repair: {days.source}",
    )
