"""Where a job's gang and its groups can stand in the fabric, still after hosts were lost.

Ranks follow each other as Megatron-LM numbers them: tensor, context, data, pipeline, the innermost first, and Kueue
gives neighbouring ranks to neighbouring hosts. Groups of neighbours are therefore those of tensor and context ranks,
and those of experts and their tensor ranks; a pipeline's stages are far apart, and send little.
"""

from __future__ import annotations

from collections.abc import Sequence

from rackwright.sizing.network.fabric import domain_sizes
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.training_job import Slice, TopologyWish


def topology_wish(
    *, levels: Sequence[FabricLevel], cluster_hosts: int, job_hosts: int, group_hosts: int, losses: int
) -> TopologyWish:
    """The wish of a job of `job_hosts` whose groups have `group_hosts` each.

    It prefers the finest level of which one domain holds the whole gang. Its groups must each stand within one domain
    of the finest level that can still hold all of them after the worst `losses` hosts are gone; where no level can, or
    where the preferred level does more, they are left to the preference.
    """
    domains = [level for level in levels if level.hosts > 1]
    if not domains:
        return TopologyWish()
    preferred = next((level for level in reversed(domains) if level.hosts >= job_hosts), domains[0])
    return TopologyWish(
        preferred=preferred.name,
        slice=_group_slice(
            domains[domains.index(preferred) :],
            cluster_hosts=cluster_hosts,
            groups=job_hosts // group_hosts,
            group_hosts=group_hosts,
            losses=losses,
        ),
    )


def _group_slice(
    levels: Sequence[FabricLevel], *, cluster_hosts: int, groups: int, group_hosts: int, losses: int
) -> Slice | None:
    if group_hosts == 1:
        return None
    for level in reversed(levels):
        sizes = domain_sizes(cluster_hosts, level.hosts)
        if groups_after_losses(sizes, group_hosts=group_hosts, losses=losses) >= groups:
            return Slice(level=level.name, hosts=group_hosts)
    return None


def groups_after_losses(sizes: Sequence[int], *, group_hosts: int, losses: int) -> int:
    """Groups that fit into domains of those sizes after the worst hosts are lost.

    The first group of a domain goes when it has lost one host more than fit no group anyway, each further one after
    `group_hosts` more; the worst losses take the cheapest first.
    """
    left = sum(size // group_hosts for size in sizes)
    for price in sorted(size % group_hosts + 1 for size in sizes if size >= group_hosts):
        if losses < price:
            return left
        losses -= price
        left -= 1
    return max(0, left - losses // group_hosts)
