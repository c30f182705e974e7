"""The scheduling objects: where a gang may stand (Topology, ResourceFlavor) and who may use how much (queues)."""

from __future__ import annotations

from typing import Any

from rackwright.rendering.nodes import pool_labels
from rackwright.rendering.templates import render
from rackwright.specs import ClusterSpec
from rackwright.specs.kubernetes_names import GPU_RESOURCE, GPU_TAINT_KEY, RDMA_RESOURCE, TEAM_LABEL
from rackwright.specs.pools import GpuPool
from rackwright.specs.queues import Team

TOPOLOGY = "fabric"
"""The name of the cluster's one Topology: a cluster has one fabric."""

MILLI = 1000
"""Thousandths in a processor (Kubernetes' suffix m)."""

MIB_PER_GIB = 1024


def scheduling_objects(spec: ClusterSpec) -> list[dict[str, Any]]:
    """All that Kueue needs to admit and place the jobs of `spec`, with the teams' namespaces, in order of creation."""
    pool = spec.gpu_pool
    return render(
        "scheduling/scheduling.yaml.j2",
        topology=TOPOLOGY,
        levels=[level.node_label for level in spec.fabric.levels],
        flavor=pool.name,
        node_labels=pool_labels(pool),
        gpu_taint_key=GPU_TAINT_KEY,
        cohort=spec.queues.cohort,
        local_queue=spec.queues.local_queue,
        priorities=[{"name": each.name, "value": each.value} for each in spec.queues.priorities],
        teams=[
            {"name": team.name, "labels": {TEAM_LABEL: team.name}, "resources": team_resources(team, pool)}
            for team in spec.queues.teams
        ],
    )


def team_resources(team: Team, pool: GpuPool) -> list[dict[str, str]]:
    """A team's quota, one entry for each resource: its GPUs, and of all else its GPUs' share of their hosts."""
    limits = {"nominalQuota": team.gpus, "borrowingLimit": team.borrowing_gpus, "lendingLimit": team.lending_gpus}
    given = {limit: quantities(gpus, pool) for limit, gpus in limits.items() if gpus is not None}
    return [{"name": name, **{limit: shares[name] for limit, shares in given.items()}} for name in quantities(0, pool)]


def quantities(gpus: int, pool: GpuPool) -> dict[str, str]:
    """What `gpus` GPUs of the pool bring with them, as Kubernetes quantities by resource.

    Divisible resources are rounded down, so that quotas never promise more than there is. Interfaces are rounded up:
    a part of a host still needs a whole one.
    """
    there = pool.allocatable
    shares = {
        "cpu": cpu_quantity(there.cpu * MILLI * gpus // pool.gpus_per_host),
        "memory": memory_quantity(there.memory_gib * MIB_PER_GIB * gpus // pool.gpus_per_host),
        GPU_RESOURCE: str(gpus),
    }
    if there.rdma_interfaces:
        shares[RDMA_RESOURCE] = str(-(-there.rdma_interfaces * gpus // pool.gpus_per_host))
    return shares


def cpu_quantity(milli: int) -> str:
    """Thousandths of a processor in Kubernetes' canonical form, the one that its clients write back."""
    return f"{milli}m" if milli % MILLI else str(milli // MILLI)


def memory_quantity(mib: int) -> str:
    """MiB in Kubernetes' canonical form: the largest unit that leaves a whole number."""
    amount, units = mib, ["Mi", "Gi", "Ti", "Pi"]
    while amount and len(units) > 1 and amount % MIB_PER_GIB == 0:
        amount //= MIB_PER_GIB
        units.pop(0)
    return f"{amount}{units[0]}" if amount else "0"
