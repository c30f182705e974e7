"""What fails, how often, and what it costs.

Failures are taken as independent and evenly spread in time (a Poisson process), at published rates for a host and day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rackwright.catalog import FAILURES, FailureRecord, Host
from rackwright.sizing.figures import PlanningFigures, computed, ends, exact, given, product
from rackwright.sizing.operation import checkpoints, restart
from rackwright.sizing.operation.spares import level_spares, repair_days, spares, spares_figure
from rackwright.sizing.units import HOURS_PER_DAY, SECONDS_PER_DAY
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.operation import FailureCause, PublishedFailures, ReliabilityPlan, StoragePlan
from rackwright.specs.terms import ReliabilityTerms

MEASURED = (
    "the same form gives RSC-1 1.8 h at 16,384 GPUs and 0.23 h at 131,072, as its authors project; at 1,024 GPUs they "
    "measured 7.9 h where it gives 28.8 h (arXiv 2410.21680), so small jobs may fail more often than this"
)
"""How far the formula is borne out."""


def by_rate() -> list[FailureRecord]:
    """What was published of failures, the least of them first."""
    return sorted(FAILURES.entries.values(), key=lambda record: record.per_host_day)


def published_rate() -> Figure:
    """Failures that stop a job, for one host and day: the least, the middle and the most of the records by rate."""
    records = by_rate()
    low, expected, high = records[0], records[len(records) // 2], records[-1]
    return Figure(
        low=low.per_host_day,
        expected=round(expected.per_host_day, 5),
        high=high.per_host_day,
        source="; ".join(
            f"{end}: {record.title} ({record.source})"
            for end, record in (("low", low), ("expected", expected), ("high", high))
        ),
    )


def failure_rate(terms: ReliabilityTerms, *, host: Host) -> Figure:
    """Failures for a host and day: one's own, or the published ones.

    Those of other GPUs, and of hosts with another number of them, are taken over by the GPU, and marked as assumed.
    """
    if terms.failures_per_host_day is not None:
        return given(terms.failures_per_host_day, field="reliability.failures_per_host_day")
    records = by_rate()
    published, their_gpus = published_rate(), records[0].gpus_per_host
    part = host.gpus_per_host / their_gpus
    known = any(record.gpu == host.gpu for record in records)
    if known and part == 1:
        return published
    whose = "those of hosts with eight" if known else f"none is published for {host.gpu}; those of A100 and H100 hosts"
    return product(
        published,
        part,
        formula=f"{published.expected:g} × {host.gpus_per_host} / {their_gpus} GPUs",
        source=f"{whose} stand in: {published.source}",
    ).model_copy(update={"assumed": True})


def spares_wanted(hosts: int, terms: ReliabilityTerms, *, host: Host, figures: PlanningFigures) -> int:
    """Spare hosts for that many, at the expected rate and repair time."""
    return spares(
        hosts,
        per_host_day=failure_rate(terms, host=host).expected,
        hardware_part=figures["hardware_failure_part"].expected,
        repair_days=repair_days(terms, figures).expected,
        confidence=terms.spare_confidence,
    )


def failures_per_day(hosts: int, *, per_host_day: float) -> float:
    """Failures a day of a job on that many hosts."""
    return hosts * per_host_day


def mean_time_to_failure_s(hosts: int, *, per_host_day: float) -> float:
    """Seconds between two failures of a job on that many hosts."""
    return SECONDS_PER_DAY / failures_per_day(hosts, per_host_day=per_host_day)


def reliability_plan(
    *,
    training_hosts: int,
    training_gpus: int,
    pool_hosts: int,
    spare_hosts: int,
    host: Host,
    levels: Sequence[FabricLevel],
    storage: StoragePlan,
    terms: ReliabilityTerms,
    figures: PlanningFigures,
) -> ReliabilityPlan:
    """Failures and what they cost, at low, expected and high failure rates."""
    rate = failure_rate(terms, host=host)
    per_day = product(
        rate, training_hosts, formula=f"{training_hosts:,} training hosts × {rate.expected:.4g}", source=rate.source
    )
    parts = restart.restart_parts(training_gpus, figures)
    losses = _Losses(
        stall_s=storage.checkpoint_stall_s,
        behind_s=storage.checkpoint_write_s if storage.checkpoints == "async" else NOTHING_BEHIND,
        restart_s=restart.restart(parts, read_s=storage.checkpoint_read_s, terms=terms),
        mean_s=computed(lambda each: SECONDS_PER_DAY / each, per_day, formula="86,400 s / failures a day"),
    )
    return ReliabilityPlan(
        failures_per_host_day=rate,
        failures_per_day=per_day,
        mean_time_to_failure_h=computed(
            lambda each: HOURS_PER_DAY / each, per_day, formula=f"24 h / {per_day.expected:.3g}", source=MEASURED
        ),
        published=tuple(_at_published(record, training_gpus) for record in by_rate()),
        causes=_causes(per_day),
        detection_s=parts.detection_s,
        placement_s=parts.placement_s,
        start_s=parts.start_s,
        group_initialisation_s=parts.group_initialisation_s,
        restart_s=losses.restart_s,
        checkpoint_interval_s=losses.best_interval(),
        young_interval_s=losses.published_interval(checkpoints.young_interval_s, name="Young's √(2δM)"),
        daly_interval_s=losses.published_interval(
            checkpoints.daly_interval_s, name="Daly's √(2δM)·(1 + x/3 + x²/9) − δ with x = √(δ/2M)"
        ),
        goodput=losses.goodput(),
        half_goodput_hosts=losses.half_goodput_hosts(rate),
        repair_days=repair_days(terms, figures),
        spares=_pool_spares(training_hosts, spare_hosts, rate=rate, terms=terms, figures=figures),
        level_spares=level_spares(levels, hosts=pool_hosts, rate=rate, terms=terms, figures=figures),
    )


NOTHING_BEHIND = exact(0.0, formula="a synchronous checkpoint is written while the training waits")
"""Seconds of writing in the background."""


@dataclass(frozen=True, kw_only=True)
class _Losses:
    """What goodput follows from."""

    stall_s: Figure
    behind_s: Figure
    """A checkpoint in the background counts only once it is written: until then a failure loses that time more."""
    restart_s: Figure
    mean_s: Figure

    def best_interval(self) -> Figure:
        return computed(
            _interval_s,
            self.stall_s,
            self.behind_s,
            self.mean_s,
            formula=f"x + ln(1 − x) + δ/M = 0 for x = τ/M, {self._named()}; no shorter than the "
            f"{self.behind_s.expected:.4g} s of writing in the background",
            source=f"the exact optimum of {checkpoints.SOURCE}",
        )

    def published_interval(self, optimum: Callable[..., float], *, name: str) -> Figure:
        return computed(
            lambda stall_s, mean_s: optimum(stall_s=stall_s, mean_time_to_failure_s=mean_s),
            self.stall_s,
            self.mean_s,
            formula=f"{name}, {self._named()}",
            source=f"for comparison: {checkpoints.SOURCE}",
        )

    def goodput(self) -> Figure:
        interval = _interval_s(self.stall_s.expected, self.behind_s.expected, self.mean_s.expected)
        lost = self.restart_s.expected + self.behind_s.expected
        return computed(
            _goodput,
            self.stall_s,
            self.behind_s,
            self.restart_s,
            self.mean_s,
            formula=f"τ / (M·exp(R/M)·(exp((τ+δ)/M) − 1)), τ = {interval:,.4g} s, {self._named()}, R = {lost:,.4g} s",
            source=checkpoints.SOURCE,
        )

    def half_goodput_hosts(self, rate: Figure) -> Figure:
        mean_s = checkpoints.half_goodput_mean_s(
            stall_s=self.stall_s.expected, write_s=self.behind_s.expected, restart_s=self.restart_s.expected
        )
        return computed(
            lambda stall_s, behind_s, restart_s, per_host_day: (
                SECONDS_PER_DAY
                / per_host_day
                / checkpoints.half_goodput_mean_s(stall_s=stall_s, write_s=behind_s, restart_s=restart_s)
            ),
            self.stall_s,
            self.behind_s,
            self.restart_s,
            rate,
            formula=f"86,400 s / {rate.expected:.4g} / {mean_s:,.4g} s, the time to failure of one half",
            source=checkpoints.SOURCE,
        )

    def _named(self) -> str:
        return f"δ = {self.stall_s.expected:,.4g} s, M = {self.mean_s.expected:,.4g} s"


def _interval_s(stall_s: float, behind_s: float, mean_s: float) -> float:
    return max(behind_s, checkpoints.best_interval_s(stall_s=stall_s, mean_time_to_failure_s=mean_s))


def _goodput(stall_s: float, behind_s: float, restart_s: float, mean_s: float) -> float:
    return checkpoints.goodput(
        interval_s=_interval_s(stall_s, behind_s, mean_s),
        stall_s=stall_s,
        restart_s=restart_s + behind_s,
        mean_time_to_failure_s=mean_s,
    )


def _at_published(rate: FailureRecord, gpus: int) -> PublishedFailures:
    per_gpu_day = rate.per_host_day / rate.gpus_per_host
    per_day = exact(
        gpus * per_gpu_day,
        formula=f"{gpus:,} GPUs × {rate.per_host_day:.3g} / {rate.gpus_per_host}",
        source=rate.source,
        because="counted on one cluster; its authors give no range",
    )
    return PublishedFailures(
        cluster=rate.title,
        failures_per_day=per_day,
        mean_time_to_failure_h=computed(
            lambda each: HOURS_PER_DAY / each, per_day, formula=f"24 h / {per_day.expected:.3g}", source=rate.source
        ),
    )


def _causes(per_day: Figure) -> tuple[FailureCause, ...]:
    record = next(record for record in FAILURES.entries.values() if record.causes)
    observed = sum(record.causes.values())
    return tuple(
        FailureCause(
            cause=cause,
            share=exact(
                count / observed,
                formula=f"{count} of {observed} unplanned interruptions",
                source=record.causes_source,
                because="counted in one run; another machine may differ",
            ),
            per_day=product(
                per_day, count / observed, formula=f"{per_day.expected:.3g} × {count}/{observed}", source=per_day.source
            ),
        )
        for cause, count in record.causes.items()
    )


def _pool_spares(
    training_hosts: int, spare_hosts: int, *, rate: Figure, terms: ReliabilityTerms, figures: PlanningFigures
) -> Figure:
    """The spares that the plan has, between those that the ends of the ranges would ask for."""
    wanted = spares_figure(training_hosts, rate=rate, terms=terms, figures=figures)
    low, high = ends(wanted)
    return wanted.model_copy(
        update={"expected": spare_hosts, "low": min(low, spare_hosts), "high": max(high, spare_hosts)}
    )
