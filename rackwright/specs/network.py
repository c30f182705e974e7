"""The cluster's addresses: subnets in the provider's network, and Kubernetes' own ranges."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

from pydantic import Field, model_validator

from rackwright.specs.api_access import ApiAccess
from rackwright.specs.base import Cidr, Spec, refuse

MAX_VCN_PREFIX = 16
"""The shortest prefix of one CIDR block of an Oracle VCN (Oracle's documented range is /16 to /30)."""

RESERVED_ADDRESSES = 3
"""Addresses that Oracle keeps for itself in each subnet: the first two and the last."""


EDGE_ADDRESSES = 2
"""Of each block of addresses, the first and the last name the network and all of its hosts (RFC 1122, 3.2.1.3)."""


class Network(Spec):
    """CIDR blocks. The subnets lie in the VCN's blocks; no two ranges overlap, and Kubernetes' services lie outside."""

    vcn: Annotated[tuple[Cidr, ...], Field(min_length=1, max_length=5)]
    """The network's blocks (at most five, Oracle's default limit for one VCN)."""
    api: Cidr
    """The Kubernetes API endpoint."""
    load_balancers: Cidr
    """The load balancers of Kubernetes services."""
    nodes: Cidr
    """The primary addresses of all hosts."""
    pods: Annotated[tuple[Cidr, ...], Field(min_length=1)]
    """Pod addresses (one subnet for each block)."""
    services: Cidr
    """Kubernetes services: virtual, in no subnet."""
    bastion: Cidr | None = None
    """Where Oracle's Bastion service has its foot in the network, for the `way_in` that needs one."""
    api_access: ApiAccess

    @model_validator(mode="after")
    def _blocks_fit(self) -> Network:
        for index, block in enumerate(self.vcn):
            if block.prefixlen < MAX_VCN_PREFIX:
                refuse(
                    field=f"vcn.{index}",
                    value=str(block),
                    expected=f"a block of /{MAX_VCN_PREFIX} or smaller",
                    remedy="split it into several blocks",
                )
        for name, subnet in self.subnets().items():
            if not any(subnet.subnet_of(block) for block in self.vcn):
                refuse(
                    field=name,
                    value=str(subnet),
                    expected=f"a subnet of the VCN's blocks {', '.join(map(str, self.vcn))}",
                    remedy="move it inside one of them, or add a block to vcn",
                )
        ranges = {**self.subnets(), "services": self.services}
        for (first, one), (second, other) in combinations(ranges.items(), 2):
            if one.overlaps(other):
                refuse(
                    field=second,
                    value=str(other),
                    expected=f"no overlap with {first} ({one})",
                    remedy="move one of the two to a free range",
                )
        for index, block in enumerate(self.vcn):
            if block.overlaps(self.services):
                refuse(
                    field="services",
                    value=str(self.services),
                    expected=f"a range outside vcn.{index} ({block})",
                    remedy="services are virtual: use a private range that no subnet uses, such as 10.96.0.0/16",
                )
        return self

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Network:
        if self.api_access.way_in == "bastion" and self.bastion is None:
            refuse(
                field="bastion",
                value=None,
                expected="a subnet for the Bastion service, as api_access.way_in is bastion",
                remedy="add a free /29 of the VCN, such as bastion: 10.140.0.16/29",
            )
        return self

    def subnets(self) -> dict[str, Cidr]:
        """Each subnet by the name of its field (`pods.0`, `pods.1`, … for the pods)."""
        pods = {f"pods.{index}": block for index, block in enumerate(self.pods)}
        bastion = {} if self.bastion is None else {"bastion": self.bastion}
        return {"api": self.api, "load_balancers": self.load_balancers, "nodes": self.nodes, **pods, **bastion}

    def taken(self) -> dict[str, Cidr]:
        """What nothing else may overlap: the VCN's blocks and the services, each by the name of its field."""
        return {**{f"vcn.{index}": block for index, block in enumerate(self.vcn)}, "services": self.services}

    def node_addresses(self) -> int:
        """Addresses that hosts can have."""
        return self.nodes.num_addresses - RESERVED_ADDRESSES

    def pod_addresses(self) -> int:
        """Addresses that pods can have."""
        return sum(block.num_addresses - RESERVED_ADDRESSES for block in self.pods)


class RdmaAddresses(Spec):
    """Addresses of the GPU hosts' RDMA interfaces: one pool of NVIDIA's nv-ipam, of which each host gets a block.

    They are seen on the RDMA fabric alone, in no subnet of the provider's network.
    """

    pool: Cidr
    """The whole range, which no subnet and no service uses."""
    per_host: Annotated[int, Field(ge=1)]
    """Addresses in a host's block (nv-ipam's `perNodeBlockSize`): at least one for each of its interfaces."""
    declare: bool = False
    """True where NVIDIA's network operator runs on the cluster, so that the pool can be declared there as an `IPPool`
    for its SR-IOV networks to name; False: whoever sets up the operator takes the pool from here."""

    @model_validator(mode="after")
    def _holds_a_block(self) -> RdmaAddresses:
        if self.blocks() < 1:
            refuse(
                field="per_host",
                value=self.per_host,
                expected=f"at most the {self.pool.num_addresses - EDGE_ADDRESSES} addresses of {self.pool}",
                remedy="use a shorter prefix or smaller blocks",
            )
        return self

    def blocks(self) -> int:
        """Hosts that get a block."""
        return (self.pool.num_addresses - EDGE_ADDRESSES) // self.per_host
