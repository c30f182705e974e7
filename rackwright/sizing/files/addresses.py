"""The cluster's address plan: blocks large enough for the hosts and pods, up to 12,500 hosts and beyond.

The first /16 holds the small subnets and the hosts; pods get its upper half while they fit there, and /16 blocks of
their own beyond. A subnet can't grow in place, so hosts get room for a quarter more.
The RDMA interfaces have a pool of their own.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from math import ceil

from rackwright.specs.api_access import ApiAccess
from rackwright.specs.network import RESERVED_ADDRESSES, Network, RdmaAddresses

FIRST_BLOCK = IPv4Network("10.140.0.0/16")
"""The first of the network's blocks; those after it follow (oci-hpc-oke uses the same)."""

SERVICES = IPv4Network("10.96.0.0/16")
"""Kubernetes' services (kubeadm's customary range)."""

BASTION = IPv4Network("10.140.0.16/29")
"""The Bastion service's foot in the network: it takes one address; the API's subnet lies before it."""

MAX_POD_BLOCKS = 4
"""Blocks for pods beside the first: a VCN has at most five (Oracle's default limit)."""

PODS_PER_HOST = 31
"""Pods that a host may run, where addresses suffice (OKE's usual number for one interface)."""

RDMA_FIRST = IPv4Address("172.16.0.0")
"""Where the RDMA pool begins: 172.16.0.0/12 is private (RFC 1918), and no other block here lies in it."""

SHORTEST_RDMA_PREFIX = 12
LONGEST_RDMA_PREFIX = 24
"""A /12 is all of that private range; below a /24 nothing is saved."""

RDMA_SLACK = 2
"""Addresses of a host's block for each of its interfaces, so that the next pod isn't kept waiting for those that the
last one has yet to give back. Assumed."""

GROWTH = 1.25
"""Room for more hosts: a judgement."""

SHORTEST_NODE_PREFIX = 18
LONGEST_NODE_PREFIX = 20
"""The hosts' subnet is a /20 (4,093 hosts) or larger, at most a quarter of the first block (16,381)."""


def pods_per_host(hosts: int) -> int:
    """Pods that each host may run, so that all have an address."""
    return min(PODS_PER_HOST, MAX_POD_BLOCKS * _addresses(16) // hosts)


def network(*, hosts: int, pods: int, api_access: ApiAccess) -> Network:
    """The blocks for that many hosts and pods, with room for what the way to the API needs."""
    return Network(
        vcn=(FIRST_BLOCK, *_blocks_after_first(pods)),
        api=IPv4Network("10.140.0.0/28"),
        load_balancers=IPv4Network("10.140.1.0/24"),
        nodes=_node_subnet(hosts),
        pods=_blocks_after_first(pods) or (IPv4Network("10.140.128.0/17"),),
        services=SERVICES,
        bastion=BASTION if api_access.way_in == "bastion" else None,
        api_access=api_access,
    )


def rdma_addresses(*, hosts: int, interfaces: int) -> RdmaAddresses | None:
    """The pool of the RDMA interfaces of so many hosts; None where they have none.

    A block is a power of two, so that none straddles a boundary that people count by. The usual /16 with blocks of 100
    ends at 655 hosts.
    """
    if not interfaces:
        return None
    block = 1 << (RDMA_SLACK * interfaces - 1).bit_length()
    sizes = range(LONGEST_RDMA_PREFIX, SHORTEST_RDMA_PREFIX - 1, -1)
    pools = [RdmaAddresses(pool=IPv4Network((int(RDMA_FIRST), size)), per_host=block) for size in sizes]
    wanted = ceil(hosts * GROWTH)
    return next((each for each in pools if each.blocks() >= wanted), pools[-1])


def _node_subnet(hosts: int) -> IPv4Network:
    """The second subnet of its size in the first block, so that the small subnets lie before it."""
    wanted = ceil(hosts * GROWTH)
    prefix = next(
        (size for size in range(LONGEST_NODE_PREFIX, SHORTEST_NODE_PREFIX, -1) if _addresses(size) >= wanted),
        SHORTEST_NODE_PREFIX,
    )
    subnets = FIRST_BLOCK.subnets(new_prefix=prefix)
    next(subnets)
    return next(subnets)


def _blocks_after_first(pods: int) -> tuple[IPv4Network, ...]:
    if pods <= _addresses(17):
        return ()
    first = int(FIRST_BLOCK.network_address)
    count = ceil(pods / _addresses(16))
    return tuple(IPv4Network((first + index * FIRST_BLOCK.num_addresses, 16)) for index in range(1, count + 1))


def _addresses(prefix: int) -> int:
    return int(2 ** (32 - prefix)) - RESERVED_ADDRESSES
