"""The cluster spec: all that the Pulumi programs need to declare a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from rackwright.specs.base import KUBERNETES_VERSION_PATTERN, Name, Spec, refuse, refuse_all
from rackwright.specs.fabric import Fabric
from rackwright.specs.job_cluster import GpuHosts, JobCluster
from rackwright.specs.kubernetes_names import API_VERSION, ApiVersion
from rackwright.specs.network import RdmaAddresses
from rackwright.specs.outdated_cluster import outdated_fields
from rackwright.specs.places import OraclePlace, Place
from rackwright.specs.platform import Platform
from rackwright.specs.pools import GpuPool, Pool, SystemPool
from rackwright.specs.queues import Queues


class ClusterSpec(Spec):
    """A cluster as it shall be. `rackwright size` writes it, people edit it, `pulumi up` makes it so."""

    api_version: Annotated[ApiVersion, Field(alias="apiVersion")] = API_VERSION
    kind: Literal["Cluster"] = "Cluster"
    name: Name
    """Goes into the name of everything that is made."""
    place: Place
    """Where the cluster stands, and what only that place needs."""
    kubernetes_version: Annotated[str, StringConstraints(pattern=KUBERNETES_VERSION_PATTERN)]
    """The control plane's and the hosts', such as `v1.36.3`; at Oracle one that the region offers."""
    fabric: Fabric
    rdma: RdmaAddresses | None = None
    """For interfaces of the RDMA fabric that have addresses of their own, as virtual functions do; unset: they have
    none, or others see to them."""
    system_pool: SystemPool
    """The hosts of controllers and services."""
    gpu_pools: Annotated[tuple[GpuPool, ...], Field(min_length=1)]
    """The hosts that training runs on: one pool for now."""
    platform: Platform = Platform()
    queues: Queues
    """The teams, their quotas, and the priorities of their jobs."""

    @model_validator(mode="before")
    @classmethod
    def _is_of_today(cls, document: object) -> object:
        if isinstance(document, Mapping) and (refusals := outdated_fields(document)):
            refuse_all(refusals)
        return document

    @model_validator(mode="after")
    def _has_one_gpu_pool(self) -> ClusterSpec:
        names = [pool.name for pool in self.gpu_pools]
        if len(names) > 1:
            refuse(
                field="gpu_pools",
                value=names,
                expected="one pool, since jobs can't choose between several yet",
                remedy="keep one, and declare the others as clusters of their own",
            )
        return self

    @model_validator(mode="after")
    def _pools_are_named_apart(self) -> ClusterSpec:
        names = [pool.name for pool in self.pools]
        if len(set(names)) != len(names):
            refuse(
                field="gpu_pools",
                value=names,
                expected="a name of its own for each pool, the system pool included",
                remedy="rename the twin",
            )
        return self

    @model_validator(mode="after")
    def _addresses_suffice(self) -> ClusterSpec:
        if not isinstance(self.place, OraclePlace):
            return self
        network = self.place.network
        hosts = sum(pool.hosts for pool in self.pools)
        pods = sum(pool.hosts * pool.pods_per_host for pool in self.pools)
        for field, needed, there in (
            ("place.network.nodes", hosts, network.node_addresses()),
            ("place.network.pods", pods, network.pod_addresses()),
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
        if isinstance(self.place, OraclePlace):
            for name, block in self.place.network.taken().items():
                if block.overlaps(self.rdma.pool):
                    refuse(
                        field="rdma.pool",
                        value=str(self.rdma.pool),
                        expected=f"no overlap with place.network.{name} ({block})",
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

    @property
    def pools(self) -> tuple[Pool, ...]:
        """All pools."""
        return (self.system_pool, *self.gpu_pools)

    @property
    def gpu_pool(self) -> GpuPool:
        """The pool that training runs on."""
        return self.gpu_pools[0]
