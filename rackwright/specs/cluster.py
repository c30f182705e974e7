"""The cluster spec: all that the Pulumi programs need to declare a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from rackwright.specs.base import KUBERNETES_VERSION_PATTERN, DnsLabel, Spec, refuse
from rackwright.specs.fabric import Fabric
from rackwright.specs.job_cluster import GpuHosts, JobCluster
from rackwright.specs.network import Network, RdmaAddresses
from rackwright.specs.places import OraclePlace, Place
from rackwright.specs.platform import Platform
from rackwright.specs.pools import GpuPool, Pool, SystemPool
from rackwright.specs.queues import Queues

API_VERSION: Literal["rackwright.dev/v1alpha1"] = "rackwright.dev/v1alpha1"


class ClusterSpec(Spec):
    """A cluster as it shall be. `rackwright size` writes it, people edit it, `pulumi up` makes it so."""

    api_version: Annotated[Literal["rackwright.dev/v1alpha1"], Field(alias="apiVersion")] = API_VERSION
    kind: Literal["Cluster"] = "Cluster"
    name: Annotated[DnsLabel, StringConstraints(max_length=40)]
    """Goes into the name of everything that is made; at most 40 characters, so that suffixes fit."""
    place: Place
    kubernetes_version: Annotated[str, StringConstraints(pattern=KUBERNETES_VERSION_PATTERN)]
    network: Network | None = None
    """Needed where the network is made, at an Oracle place."""
    fabric: Fabric
    rdma: RdmaAddresses | None = None
    """Needed where interfaces of the RDMA fabric get addresses of their own, as virtual functions do."""
    pools: Annotated[tuple[Pool, ...], Field(min_length=1)]
    platform: Platform = Platform()
    queues: Queues

    @model_validator(mode="after")
    def _pools_are_named_apart(self) -> ClusterSpec:
        names = [pool.name for pool in self.pools]
        if len(set(names)) != len(names):
            refuse(field="pools", value=names, expected="a different name for each pool", remedy="rename the twin")
        for role, pools in (("gpu", self.gpu_pools()), ("system", self.system_pools())):
            if len(pools) != 1:
                refuse(
                    field="pools",
                    value=names,
                    expected=f"exactly one pool with role {role!r}, found {len(pools)}",
                    remedy=f"keep one pool with role: {role}",
                )
        return self

    @model_validator(mode="after")
    def _oracle_is_complete(self) -> ClusterSpec:
        if not isinstance(self.place, OraclePlace):
            return self
        if self.network is None:
            refuse(
                field="network",
                value=None,
                expected="the CIDR blocks of the network that is made at an Oracle place",
                remedy="add network, or let `rackwright size` write the file",
            )
        for index, pool in enumerate(self.pools):
            if isinstance(pool, GpuPool) and pool.image_id is None:
                refuse(
                    field=f"pools.{index}.image_id",
                    value=None,
                    expected="the image of the GPU hosts",
                    remedy="import Oracle's GPU image with RDMA drivers and give its ocid1.image…",
                )
        return self

    @model_validator(mode="after")
    def _addresses_suffice(self) -> ClusterSpec:
        if self.network is None:
            return self
        hosts = sum(pool.hosts for pool in self.pools)
        pods = sum(pool.hosts * pool.pods_per_host for pool in self.pools)
        for field, needed, there in (
            ("network.nodes", hosts, self.network.node_addresses()),
            ("network.pods", pods, self.network.pod_addresses()),
        ):
            if needed > there:
                refuse(
                    field=field,
                    value=f"{there} addresses",
                    expected=f"at least {needed} for {hosts} hosts",
                    remedy="use a shorter prefix, add a block, or lower pods_per_host",
                )
        return self

    @model_validator(mode="after")
    def _rdma_addresses_suffice(self) -> ClusterSpec:
        if self.rdma is None:
            return self
        pool, interfaces = self.gpu_pool, self.gpu_pool.allocatable.rdma_interfaces
        if self.rdma.per_host < interfaces:
            refuse(
                field="rdma.per_host",
                value=self.rdma.per_host,
                expected=f"at least {interfaces}, the RDMA interfaces of a host of pool {pool.name!r}",
                remedy="use larger blocks, and a shorter prefix if the hosts then no longer fit",
            )
        if self.rdma.blocks() < pool.hosts:
            refuse(
                field="rdma.pool",
                value=f"{self.rdma.pool}, {self.rdma.blocks()} blocks of {self.rdma.per_host}",
                expected=f"a block for each of the {pool.hosts} hosts of pool {pool.name!r}",
                remedy="use a shorter prefix or smaller blocks",
            )
        if self.network is None:
            return self
        ranges = {
            **{f"vcn.{index}": block for index, block in enumerate(self.network.vcn)},
            "services": self.network.services,
        }
        for name, block in ranges.items():
            if block.overlaps(self.rdma.pool):
                refuse(
                    field="rdma.pool",
                    value=str(self.rdma.pool),
                    expected=f"no overlap with network.{name} ({block})",
                    remedy="use another private range, such as one of 172.16.0.0/12",
                )
        return self

    @model_validator(mode="after")
    def _quotas_exist(self) -> ClusterSpec:
        quota = sum(team.gpus for team in self.queues.teams)
        there = self.gpu_pool.schedulable_gpus()
        if quota > there:
            refuse(
                field="queues.teams",
                value=f"{quota} GPUs in all",
                expected=f"at most the {there} GPUs of the pool {self.gpu_pool.name!r} without its spares",
                remedy="lower the teams' gpus, or add hosts to the pool",
            )
        return self

    def for_jobs(self) -> JobCluster:
        """The part that the operator needs."""
        pool = self.gpu_pool
        hosts = GpuHosts(
            name=pool.name, shape=pool.shape, gpus_per_host=pool.gpus_per_host, allocatable=pool.allocatable
        )
        return JobCluster(fabric=self.fabric, gpu_pool=hosts, queues=self.queues)

    def gpu_pools(self) -> tuple[GpuPool, ...]:
        """The pools with GPUs."""
        return tuple(pool for pool in self.pools if isinstance(pool, GpuPool))

    def system_pools(self) -> tuple[SystemPool, ...]:
        """The pools without."""
        return tuple(pool for pool in self.pools if isinstance(pool, SystemPool))

    @property
    def gpu_pool(self) -> GpuPool:
        """The pool that training runs on."""
        return self.gpu_pools()[0]

    @property
    def system_pool(self) -> SystemPool:
        """The pool for controllers and services."""
        return self.system_pools()[0]
