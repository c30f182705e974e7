"""Whether a job can ever be admitted by its queue: pure arithmetic over Kueue's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rackwright.specs.kubernetes_names import GPU_RESOURCE

Object = Mapping[str, Any]
"""A Kubernetes object as JSON."""


@dataclass(frozen=True, kw_only=True)
class GpuQuota:
    """GPUs of one ClusterQueue."""

    own: int
    """Nominal quota."""
    lendable: int
    """Of them, those that it lends when idle."""
    borrowing_limit: int | None
    """None: as many as the cohort has."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The most that a job in a queue can ever get."""

    own: int
    borrowed: int

    @property
    def total(self) -> int:
        """Own and borrowed together."""
        return self.own + self.borrowed


def gpu_quota(cluster_queue: Object) -> GpuQuota:
    """A ClusterQueue's GPUs, summed over its flavors."""
    quotas = [
        resource
        for group in cluster_queue["spec"].get("resourceGroups", ())
        for flavor in group["flavors"]
        for resource in flavor["resources"]
        if resource["name"] == GPU_RESOURCE
    ]
    limits = [quota.get("borrowingLimit") for quota in quotas]
    return GpuQuota(
        own=sum(_count(quota["nominalQuota"]) for quota in quotas),
        lendable=sum(_count(quota.get("lendingLimit") or quota["nominalQuota"]) for quota in quotas),
        borrowing_limit=None if None in limits else sum(_count(limit) for limit in limits),
    )


def reach(name: str, cluster_queues: Iterable[Object]) -> Reach:
    """What the queue of that name can ever hand out: its own, and what its cohort lends it. `KeyError` if unknown."""
    queues = {queue["metadata"]["name"]: queue for queue in cluster_queues}
    mine = queues[name]
    quota = gpu_quota(mine)
    cohort = mine["spec"].get("cohortName")
    lent = sum(
        gpu_quota(queue).lendable
        for other, queue in queues.items()
        if cohort and other != name and queue["spec"].get("cohortName") == cohort
    )
    limit = lent if quota.borrowing_limit is None else quota.borrowing_limit
    return Reach(own=quota.own, borrowed=min(lent, limit))


def _count(quantity: str | int) -> int:
    from kubernetes.utils.quantity import parse_quantity  # noqa: PLC0415  # loaded only with a cluster

    value: Decimal = parse_quantity(quantity)  # type: ignore[no-untyped-call]  # the package's utils have no types
    return int(value)
