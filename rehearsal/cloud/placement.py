"""Giving hosts to pools and taking them back: positions on the fabric, and addresses in subnets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, islice

from rehearsal.cloud.behaviours import Context
from rehearsal.cloud.errors import limit_exceeded, out_of_capacity
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.pools import Pool
from rehearsal.cloud.services.network import free_addresses, subnet_block
from rehearsal.cloud.state import Host


def launch(context: Context, pool: Pool) -> list[Host]:
    """Add the hosts that a pool lacks, and return them; raise `OracleError`, and add none, when there aren't enough.

    Positions on the fabric are given out in order, the lowest free first, so that each block is full before the next
    is begun.
    """
    cloud, there = context.cloud, len(context.cloud.hosts_of(pool.id))
    wanted = [pool.placements[number % len(pool.placements)] for number in range(there, pool.hosts)]
    domains, subnets = Counter(domain for domain, _ in wanted), Counter(subnet for _, subnet in wanted)
    _check_capacity(context, pool, domains)
    positions = {domain: _free_positions(context, pool, domain) for domain in domains}
    addresses = {subnet: _free_addresses(context, subnet, number) for subnet, number in subnets.items()}
    hosts = [
        Host(
            id=ocid("instance", context.region.key),
            pool=pool.id,
            number=cloud.launched + index,
            shape=pool.shape.name,
            availability_domain=domain,
            position=next(positions[domain]) if pool.on_fabric else None,
            subnet=subnet,
            address=next(addresses[subnet]),
            joins=pool.boot.joins,
        )
        for index, (domain, subnet) in enumerate(wanted)
    ]
    cloud.launched += len(hosts)
    cloud.hosts.update((host.id, host) for host in hosts)
    return hosts


def surplus(context: Context, pool: Pool) -> list[Host]:
    """The hosts that a pool has too many, the newest: so growing and shrinking again leaves the same hosts."""
    return context.cloud.hosts_of(pool.id)[pool.hosts :]


def release(context: Context, hosts: Iterable[Host]) -> None:
    """Give hosts back."""
    for host in hosts:
        context.cloud.hosts.pop(host.id, None)


def _check_capacity(context: Context, pool: Pool, wanted: Counter[str]) -> None:
    capacity = context.cloud.capacity.get(pool.shape.name)
    if capacity is None:
        return
    taken = Counter(host.availability_domain for host in context.cloud.hosts.values() if host.shape == pool.shape.name)
    for domain, number in wanted.items():
        if number > capacity - taken[domain]:
            raise out_of_capacity(
                f"{pool.name} asks for {number} more hosts of shape {pool.shape.name} in {domain}; "
                f"{capacity - taken[domain]} of {capacity} are free"
            )


def _free_positions(context: Context, pool: Pool, domain: str) -> Iterator[int]:
    taken = {
        host.position
        for host in context.cloud.hosts.values()
        if host.availability_domain == domain and host.shape == pool.shape.name
    }
    return (position for position in count() if position not in taken)


def _free_addresses(context: Context, subnet: str, wanted: int) -> Iterator[str]:
    free = [str(address) for address in islice(free_addresses(context, subnet), wanted)]
    if len(free) < wanted:
        block = subnet_block(context.resource(subnet))
        raise limit_exceeded(
            f"The subnet {subnet} ({block}) has {len(free)} free private IP addresses; {wanted} more are needed"
        )
    return iter(free)
