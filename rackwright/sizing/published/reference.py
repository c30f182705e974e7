"""Reference clusters as requests, and what was published of them beside the figures of their plans.

Hardware that can't be planned with stands beside the catalogue's figures in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import truediv

from pydantic import BaseModel

from rackwright.catalog import CLUSTERS, Published, ReferenceCluster, ReferenceHardware
from rackwright.sizing.figures import computed, ends, exact, product
from rackwright.sizing.published.comparison import hardware
from rackwright.sizing.units import MONTHS_PER_YEAR
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request

HUNDRED_BILLION = 1e11
"""US dollars that a machine after the next ones was said to cost (news article)."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One published statement, and our figure where there is one."""

    published: Published
    planned: Figure | None

    @property
    def difference(self) -> float | None:
        """Our figure over the published one, less 1."""
        if self.planned is None or not self.published.figure:
            return None
        return self.planned.expected / self.published.figure - 1

    @property
    def in_range(self) -> bool | None:
        """Whether what was published lies in our figure's range; None where one of the two has none."""
        if self.planned is None or self.published.figure is None or self.planned.low is None:
            return None
        low, high = ends(self.planned)
        return low <= self.published.figure <= high


def reference_request(name: str) -> Request:
    """The request that plans a reference cluster as it was published; `SpecError` for an unknown name."""
    name = CLUSTERS.name(name, field="reference")
    cluster = CLUSTERS.entries[name]
    return Request(
        name=name,
        model=cluster.model,
        tokens=cluster.tokens,
        batch_tokens=cluster.batch_tokens,
        place=cluster.place,
        gpu=cluster.gpu,
        switch=cluster.switch,
        cooling=cluster.cooling,
        gpus=cluster.gpus,
        gpus_include_spares=True,
        fabric=cluster.fabric,
        delivery=cluster.delivery,
    )


def comparisons(plan: Plan, cluster: ReferenceCluster) -> list[Comparison]:
    """Each published statement with the plan's figure of that name."""
    return [
        Comparison(published=published, planned=find_figure(plan, published.what)) for published in cluster.published
    ]


def hardware_comparisons(entry: ReferenceHardware) -> list[Comparison]:
    """Each published statement with the catalogue's figure."""
    return [Comparison(published=published, planned=_hardware_figure(published.what)) for published in entry.published]


def find_figure(plan: Plan, name: str) -> Figure | None:
    """The plan's figure or count of that name, in whichever part it stands; None where there is none."""
    if name in DERIVED:
        return DERIVED[name](plan)
    for part in _parts(plan):
        found = getattr(part, name, None)
        if isinstance(found, Figure):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return exact(found, formula=f"{found:,}")
    return None


def _parts(plan: Plan) -> Iterator[BaseModel]:
    return (part for _, part in plan if isinstance(part, BaseModel))


def _gpus(plan: Plan) -> Figure:
    hosts, each = plan.hosts.hosts, plan.hosts.gpus_per_host
    return exact(hosts * each, formula=f"{hosts:,} hosts × {each}, spares included")


def _gpus_over_meta(plan: Plan) -> Figure:
    """As articles measure clusters: by one of Meta's two."""
    meta = CLUSTERS.entries["meta-24k"].gpus
    return product(_gpus(plan), 1 / meta, formula=f"GPUs / {meta:,}")


def _of_hosts(plan: Plan, hosts: int, what: str) -> Figure:
    each = plan.hosts.gpus_per_host
    return exact(hosts * each, formula=f"{hosts:,} hosts of {what} × {each}")


def _pod_gpus(plan: Plan) -> Figure:
    fabric = plan.fabric
    return _of_hosts(plan, next(level.hosts for level in fabric.levels if level.name == "spine"), "a pod")


def _electricity_usd(plan: Plan, *, part_of_year: float) -> Figure:
    run = plan.cost.electricity_usd
    per_gwh = run.expected / plan.power.energy_gwh.expected
    return product(
        plan.power.energy_year_gwh,
        per_gwh * part_of_year,
        formula=f"{plan.power.energy_year_gwh.expected:,.0f} GWh a year × {per_gwh:,.0f} USD/GWh × {part_of_year:.3g}",
        source=run.source,
    )


def _gpus_for_100_billion(plan: Plan) -> Figure:
    each = plan.cost.capital_usd_per_gpu
    return computed(
        lambda price: HUNDRED_BILLION / price,
        each,
        formula=f"100,000,000,000 USD / {each.expected:,.0f} USD for a GPU, all in",
        source=each.source,
    )


DERIVED: dict[str, Callable[[Plan], Figure]] = {
    "gpus": _gpus,
    "gpus_over_meta": _gpus_over_meta,
    "unit_gpus": lambda plan: _of_hosts(plan, plan.fabric.unit_hosts, "a unit"),
    "pod_gpus": _pod_gpus,
    "electricity_usd_per_year": lambda plan: _electricity_usd(plan, part_of_year=1),
    "electricity_usd_per_month": lambda plan: _electricity_usd(plan, part_of_year=1 / MONTHS_PER_YEAR),
    "gpus_for_100_billion_usd": _gpus_for_100_billion,
    "total_parameters": lambda plan: plan.model.parameters,
}
"""What articles tell of, and a plan has no field of its own for."""


def _hardware_figure(what: str) -> Figure | None:
    """A figure of some hardware, `4xdojo-cabinet.memory_gb`, or a ratio, `a/b.memory_gb`; None for other words."""
    names, dot, field = what.rpartition(".")
    if not dot:
        return None
    figures = [hardware(name, field="reference").figures.get(field) for name in names.split("/")]
    if None in figures or len(figures) > 2:  # noqa: PLR2004 - one, or one over another
        return None
    known = [figure for figure in figures if figure is not None]
    if len(known) == 1:
        return known[0]
    return computed(truediv, *known, formula=names)
