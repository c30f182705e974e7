"""From the order to training on all GPUs, as phases that run into each other.

Hosts flow: they arrive, are racked and cabled at each phase's pace, so the slowest pace sets the flow; then each part
is commissioned and burnt in for some days. All paces are taken at their fast ends together for the low end of a day,
and at their slow ends together for its high end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from rackwright.sizing.figures import PlanningFigures, ends, given_or, product
from rackwright.sizing.operation.spares import repair_days
from rackwright.sizing.units import DAYS_PER_WEEK
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.plan import FabricPlan
from rackwright.specs.site import DeliveryPhase, DeliveryPlan
from rackwright.specs.terms import DeliveryTerms, ReliabilityTerms


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is to be done."""

    hosts: int
    first_hosts: int
    spares: int
    cables: int
    site_ready_days: float

    @property
    def first_part(self) -> float:
        """The first hosts, as a part of those that train in the end."""
        return min(1.0, self.first_hosts / max(1, self.hosts - self.spares))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast it is done."""

    lead_days: float
    arriving_per_day: float
    racked_per_day: float
    cables_per_day: float
    commissioning_days: float
    burn_in_days: float
    failed_part: float
    repair_days: float


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Days from the order."""

    phases: dict[str, tuple[float, float]]
    """When each begins and ends."""
    failed_hosts: float
    first_train: float
    all_train: float
    limited_by: str


def schedule(work: Work, pace: Pace) -> Schedule:
    """The phases at one pace."""
    begin = max(work.site_ready_days, pace.lead_days)
    per_host = work.cables / work.hosts
    paces = {
        "hosts arrive": pace.arriving_per_day,
        "racking": pace.racked_per_day,
        "cabling": pace.cables_per_day / per_host,
    }
    arrived = pace.lead_days + work.hosts / paces["hosts arrive"]
    racked = max(begin + work.hosts / paces["racking"], arrived)
    cabled = max(begin + work.hosts / paces["cabling"], racked)
    flow = min(paces.values())
    # Hosts that fail are made good by others that have arrived, so the first part takes a few more.
    first_cabled = min(begin + work.first_hosts / (1 - pace.failed_part) / flow, cabled)
    commissioned = cabled + pace.commissioning_days
    burnt_in = commissioned + pace.burn_in_days
    failed = work.hosts * pace.failed_part
    mended = burnt_in + (pace.repair_days + pace.burn_in_days if failed > work.spares else 0)
    slowest = min(paces, key=lambda phase: paces[phase])
    waited = "site" if work.site_ready_days > pace.lead_days else "lead time"
    return Schedule(
        phases={
            "site": (0.0, work.site_ready_days),
            "lead time": (0.0, pace.lead_days),
            "hosts arrive": (pace.lead_days, arrived),
            "racking": (begin, racked),
            "cabling": (begin, cabled),
            "commissioning": (first_cabled, commissioned),
            "burn-in": (first_cabled + pace.commissioning_days, burnt_in),
            "mending": (first_cabled + pace.commissioning_days + pace.burn_in_days, mended),
        },
        failed_hosts=failed,
        first_train=first_cabled + pace.commissioning_days + pace.burn_in_days,
        all_train=mended,
        limited_by=slowest if cabled - begin > begin else waited,
    )


def trained_days(at: Schedule, *, first_part: float, run_days: float) -> float:
    """Days until a run is done that takes `run_days` on all hosts, begun on a part of them with the same pace each.

    Begun on a part, it may be done before all have come.
    """
    meanwhile = (at.all_train - at.first_train) * first_part
    if meanwhile >= run_days:
        return at.first_train + run_days / first_part
    return at.all_train + run_days - meanwhile


def delivery_plan(
    *,
    run_days: Figure,
    hosts: int,
    spares: int,
    gpus_per_host: int,
    fabric: FabricPlan,
    levels: Sequence[FabricLevel],
    terms: DeliveryTerms,
    repairs: ReliabilityTerms,
    figures: PlanningFigures,
) -> DeliveryPlan:
    """The phases with their dates, at the expected pace and at both ends."""
    training = hosts - spares
    wanted = terms.first_hosts or next((level.hosts for level in levels if level.hosts < hosts), hosts)
    work = Work(
        hosts=hosts,
        first_hosts=min(training, wanted),
        spares=spares,
        cables=fabric.cables + ceil(figures["ethernet_cables_per_host"].expected * hosts),
        site_ready_days=terms.site_ready_days,
    )
    assumptions = _Assumptions.of(terms, repairs, figures, hosts=hosts)
    failed_part = assumptions.burn_in_failed_part
    slow, expected, fast = (schedule(work, pace) for pace in assumptions.paces())

    def day(of: Callable[[Schedule], float], formula: str) -> Figure:
        return _between(of(fast), of(expected), of(slow), formula=formula)

    def phase(name: str) -> DeliveryPhase:
        starts, finishes = expected.phases[name]
        how = assumptions.words(work)[name]
        return DeliveryPhase(
            phase=name,
            starts_days=day(lambda at: at.phases[name][0], how),
            ends_days=day(lambda at: at.phases[name][1], how),
            starts=_on(terms.start_date, starts),
            ends=_on(terms.start_date, finishes),
        )

    after = (
        f"{assumptions.commissioning_days.expected:g} days of commissioning + "
        f"{assumptions.burn_in_days.expected:g} of burn-in"
    )
    mending = expected.all_train - expected.phases["burn-in"][1]
    first = day(
        lambda at: at.first_train,
        f"the first {work.first_hosts:,} hosts, and {failed_part.expected:.0%} for those that fail, are cabled "
        f"on day {expected.phases['commissioning'][0]:.4g} ({expected.limited_by} takes longest) + {after}",
    )
    everything = day(
        lambda at: at.all_train,
        f"all {hosts:,} hosts are cabled on day {expected.phases['cabling'][1]:.4g} + {after} + {mending:.3g} to mend "
        f"and burn in again what fails, {expected.failed_hosts:,.0f} hosts beside {spares:,} spares",
    )
    run_low, run_high = ends(run_days)
    trained = _between(
        *(
            trained_days(at, first_part=work.first_part, run_days=run)
            for at, run in ((fast, run_low), (expected, run_days.expected), (slow, run_high))
        ),
        formula=f"{everything.expected:.4g} days until all train + {run_days.expected:.4g} days of training − what "
        f"{work.first_part:.0%} of them have done since day {first.expected:.4g}",
    )
    return DeliveryPlan(
        hosts_per_week=assumptions.hosts_per_week,
        phases=tuple(map(phase, expected.phases)),
        burn_in_failed_hosts=product(
            failed_part,
            hosts,
            formula=f"{hosts:,} hosts × {failed_part.expected:g}",
            source=failed_part.source,
        ),
        limited_by=expected.limited_by,
        first_gpus=work.first_hosts * gpus_per_host,
        first_gpus_train_days=first,
        all_gpus_train_days=everything,
        trained_days=trained,
        first_gpus_train=_on(terms.start_date, first.expected),
        all_gpus_train=_on(terms.start_date, everything.expected),
        trained=_on(terms.start_date, trained.expected),
    )


@dataclass(frozen=True, kw_only=True)
class _Assumptions:
    """The request's terms, or the ranges that stand in for them."""

    lead_days: Figure
    vendors: int
    hosts_per_week: Figure
    technicians: int
    racked_per_technician_day: Figure
    cables_per_technician_day: Figure
    commissioning_days: Figure
    burn_in_days: Figure
    burn_in_failed_part: Figure
    repair_days: Figure

    @classmethod
    def of(
        cls, terms: DeliveryTerms, repairs: ReliabilityTerms, figures: PlanningFigures, *, hosts: int
    ) -> _Assumptions:
        each = given_or(terms.hosts_per_week, figures["hosts_per_week"], field="delivery.hosts_per_week")
        crew = max(figures["least_technicians"].expected, hosts / figures["hosts_per_technician"].expected)
        return cls(
            lead_days=given_or(terms.lead_days, figures["lead_days"], field="delivery.lead_days"),
            vendors=terms.vendors,
            hosts_per_week=product(
                each, terms.vendors, formula=f"{terms.vendors} vendors × {each.expected:g}", source=each.source
            ),
            technicians=terms.technicians or ceil(crew),
            racked_per_technician_day=figures["racked_per_technician_day"],
            cables_per_technician_day=figures["cables_per_technician_day"],
            commissioning_days=figures["commissioning_days"],
            burn_in_days=figures["burn_in_days"],
            burn_in_failed_part=figures["burn_in_failed_part"],
            repair_days=repair_days(repairs, figures),
        )

    def paces(self) -> tuple[Pace, Pace, Pace]:
        """The slow, the expected and the fast one."""
        return self._pace(_low, _high), self._pace(_expected, _expected), self._pace(_high, _low)

    def _pace(self, rate: Callable[[Figure], float], length: Callable[[Figure], float]) -> Pace:
        return Pace(
            lead_days=length(self.lead_days),
            arriving_per_day=rate(self.hosts_per_week) / DAYS_PER_WEEK,
            racked_per_day=rate(self.racked_per_technician_day) * self.technicians,
            cables_per_day=rate(self.cables_per_technician_day) * self.technicians,
            commissioning_days=length(self.commissioning_days),
            burn_in_days=length(self.burn_in_days),
            failed_part=length(self.burn_in_failed_part),
            repair_days=length(self.repair_days),
        )

    def words(self, work: Work) -> dict[str, str]:
        """What each phase's days follow from."""
        crew = f"{self.technicians:,} people"
        return {
            "site": f"delivery.site_ready_days: {work.site_ready_days:g}",
            "lead time": f"{self.lead_days.expected:g} days from the order: {self.lead_days.source}",
            "hosts arrive": f"{work.hosts:,} hosts at {self.hosts_per_week.expected:g} a week",
            "racking": f"{work.hosts:,} hosts by {crew} at {self.racked_per_technician_day.expected:g} a day each",
            "cabling": f"{work.cables:,} cables by {crew} at {self.cables_per_technician_day.expected:g} a day each",
            "commissioning": f"{self.commissioning_days.expected:g} days for each part",
            "burn-in": f"{self.burn_in_days.expected:g} days for each part",
            "mending": f"{self.burn_in_failed_part.expected:.0%} of the hosts fail at first; where spares don't make "
            f"up for them, {self.repair_days.expected:g} days to mend them and another burn-in",
        }


def _between(fast: float, expected: float, slow: float, *, formula: str) -> Figure:
    """A day at the three paces."""
    return Figure(
        expected=expected,
        low=min(fast, expected, slow),
        high=max(fast, expected, slow),
        formula=formula,
        source="sizing/site/delivery.py: the flow of the slowest phase, at paces each with its source in figures.yaml",
        assumed=True,
    )


def _expected(figure: Figure) -> float:
    return figure.expected


def _low(figure: Figure) -> float:
    return ends(figure)[0]


def _high(figure: Figure) -> float:
    return ends(figure)[1]


def _on(start: date | None, days: float) -> date | None:
    """The day; None without a start, and beyond the calendar's end."""
    if start is None or ceil(days) > (date.max - start).days:
        return None
    return start + timedelta(days=ceil(days))
