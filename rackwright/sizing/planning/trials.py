"""Plans of one task on any number of GPUs, each made once, from layouts that are prepared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil

from rackwright.sizing.operation import reliability
from rackwright.sizing.planning.task import Task
from rackwright.sizing.planning.writing_up import Sized, write_up
from rackwright.sizing.search.enumeration import Space
from rackwright.sizing.search.searching import Prepared, prepare, search
from rackwright.sizing.search.wishes import check_wish
from rackwright.sizing.units import SECONDS_PER_DAY
from rackwright.specs.plan import Plan

DAYS_TOLERANCE = 0.01
"""Part of a run's days that isn't worth another search: far less than the step time is sure of."""

Report = Callable[[str], None]
"""Takes what is being worked on, in a few words."""


def silent(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class _Range:
    """Layouts on more than `low` and up to `high` hosts."""

    low: int
    high: int
    fastest: Plan
    """No layout on up to `high` hosts is faster."""
    goodput: float
    """No layout on more than `low` hosts has more."""

    @property
    def least_days(self) -> float:
        """Days that no layout of the range can undercut."""
        return self.fastest.run.undisturbed_days.expected / self.goodput


@dataclass(frozen=True, kw_only=True)
class Trials:
    """Plans of a task on up to `most_gpus`."""

    task: Task
    most_gpus: int
    report: Report = silent
    _plans: dict[tuple[int, int | None], Plan | None] = field(default_factory=dict)

    @cached_property
    def prepared(self) -> Prepared:
        """All layouts on the most GPUs."""
        self.report("preparing layouts")
        task = self.task
        space = Space.of(
            task.architecture,
            task.machine,
            gpus=self.most_gpus,
            sequence_tokens=task.sequence_tokens,
            batch=task.batch,
            wish=task.request.parallelism,
        )
        check_wish(space)
        return prepare(space, task.machine)

    @property
    def made(self) -> list[Plan]:
        """All plans that were made so far."""
        return [plan for plan in self._plans.values() if plan is not None]

    def on(self, gpus: int, *, pool: int | None = None) -> Plan | None:
        """The plan with most tokens a second on at most so many GPUs; None where the model fits on no such number.

        `pool` is the number of GPUs that are there anyway, those that stay idle included. Without it only hosts that
        train, and their spares, belong to the plan.
        """
        key = (gpus, pool)
        if key not in self._plans:
            sized = self._sized(gpus, pool=pool)
            self._plans[key] = write_up(self.task, sized) if sized else None
        return self._plans[key]

    def meets(self, gpus: int, days: float) -> bool:
        """Whether the plan on so many GPUs takes at most so many days: sooner known than the plan where it doesn't."""
        if (gpus, None) in self._plans:
            plan = self._plans[gpus, None]
        else:
            # Goodput is at most 1, so no slower rate can do.
            at_least = self.task.request.tokens / (days * SECONDS_PER_DAY) * (1 - 1e-9)
            sized = self._sized(gpus, pool=None, at_least=at_least)
            plan = write_up(self.task, sized) if sized else None
        return plan is not None and plan.run.days.expected <= days

    def quickest(self, gpus: int, *, pool: int | None = None) -> Plan | None:
        """The plan that takes the fewest days on at most so many GPUs, to within `DAYS_TOLERANCE`.

        It needn't have the most tokens a second: the more hosts train, the lower goodput is. No layout on more than n
        hosts is faster than the best on all, nor has a better goodput than n hosts have. Where that can't beat the
        quickest so far, a range of hosts is left out; others are halved.
        """
        host = self.task.gpus_per_host
        best = self.on(gpus, pool=pool)
        if best is None:
            return None
        ranges = [_Range(low=0, high=ceil(gpus / host), fastest=best, goodput=1.0)]
        while ranges:
            ranges.sort(key=lambda each: -each.least_days)
            nearest = ranges.pop()
            if nearest.least_days > best.run.days.expected * (1 - DAYS_TOLERANCE):
                break
            middle = (nearest.low + nearest.high) // 2
            fewer = self.on(middle * host, pool=pool) if middle > nearest.low else None
            if fewer is None:
                continue
            best = min(best, fewer, key=lambda plan: plan.run.days.expected)
            ranges.append(replace(nearest, high=middle, fastest=fewer))
            ranges.append(replace(nearest, low=middle, goodput=fewer.reliability.goodput.expected))
        return best

    def _sized(self, gpus: int, *, pool: int | None, at_least: float = 0.0) -> Sized | None:
        self.report(f"searching layouts on {gpus:,} GPUs")
        request, per_host = self.task.request, self.task.gpus_per_host
        hosts = ceil((pool or gpus) / per_host)
        spares = self._spares(hosts)
        usable = min(gpus, (pool or gpus) - spares * per_host) if request.gpus_include_spares else gpus
        found = search(self.prepared, gpus=usable, at_least=at_least)
        if found.best is None:
            return None
        if pool is None:
            hosts = ceil(found.best.layout.gpus / per_host)
            spares = self._spares(hosts)
        within = pool is not None and request.gpus_include_spares
        return Sized(hosts=hosts if within else hosts + spares, spares=spares, choice=found.best, found=found)

    def _spares(self, hosts: int) -> int:
        task = self.task
        return reliability.spares_wanted(hosts, task.request.reliability, host=task.machine.host, figures=task.figures)
