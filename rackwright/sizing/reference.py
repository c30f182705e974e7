"""Reference clusters as requests, and their plans beside what was published of them."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import CLUSTERS, Published, ReferenceCluster
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One published statement, and the plan's figure where it has one."""

    published: Published
    planned: Figure | None

    @property
    def difference(self) -> float | None:
        """The plan's figure over the published one, less 1."""
        if self.planned is None or self.published.figure is None:
            return None
        return self.planned.expected / self.published.figure - 1


def reference_request(name: str) -> Request:
    """The request that plans a reference cluster as it was published; `SpecError` for an unknown name."""
    cluster = CLUSTERS.get(name, field="reference")
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
    )


def comparisons(plan: Plan, cluster: ReferenceCluster) -> list[Comparison]:
    """Each published statement with the plan's figure of that name."""
    return [
        Comparison(published=published, planned=find_figure(plan, published.what)) for published in cluster.published
    ]


def find_figure(plan: Plan, name: str) -> Figure | None:
    """The plan's figure of that name, in whichever part it stands; None where there is none."""
    for part in (plan.run, plan.reliability, plan.storage, plan.power, plan.cost):
        figure = getattr(part, name, None)
        if isinstance(figure, Figure):
            return figure
    if name == "hosts":
        return Figure(expected=plan.hosts.hosts, formula=f"{plan.request.gpus} GPUs / {plan.hosts.gpus_per_host}")
    return None
