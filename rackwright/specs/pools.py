"""The pools of hosts that make a cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from rackwright.specs.base import DnsLabel, Spec, refuse


class Allocatable(Spec):
    """What one host offers to pods, after what the system keeps for itself. Quotas are made of these."""

    cpu: Annotated[int, Field(ge=1)]
    """Logical processors."""
    memory_gib: Annotated[int, Field(ge=1)]
    """Memory in 2^30 bytes."""
    rdma_interfaces: Annotated[int, Field(ge=0)] = 0
    """Virtual functions for RDMA (`nvidia.com/rdma-vf`)."""


class Pool(Spec):
    """What every pool has."""

    name: DnsLabel
    """On the label `rackwright.dev/pool` of each of its hosts."""
    hosts: Annotated[int, Field(ge=0)]
    """How many there are."""
    pods_per_host: Annotated[int, Field(ge=1, le=250)] = 31
    """Pods that one host may run; each needs an address (250 is Kubernetes' documented upper practice). Without effect
    at an existing place, whose hosts have it already."""
    boot_volume_gb: Annotated[int, Field(ge=50, le=32768)] = 200
    """Size of the boot volume in GB (Oracle's limits). Without effect at an existing place."""


class SystemPool(Pool):
    """Ordinary hosts for controllers and services."""


class GpuPool(Pool):
    """Hosts with GPUs on one RDMA fabric."""

    shape: Annotated[str, StringConstraints(min_length=1)]
    """The provider's name for the kind of host, such as `BM.GPU.H100.8`."""
    gpu: str
    """The GPU's name in the catalogue."""
    gpus_per_host: Annotated[int, Field(ge=1, le=64)]
    """GPUs that one host offers to pods."""
    spares: Annotated[int, Field(ge=0)] = 0
    """Of the hosts, those kept free to take the place of failed ones; no quota covers them."""
    allocatable: Allocatable
    """What each host offers to pods beside its GPUs."""

    @model_validator(mode="after")
    def _spares_are_hosts(self) -> GpuPool:
        if self.spares > self.hosts:
            refuse(
                field="spares",
                value=self.spares,
                expected=f"at most the pool's {self.hosts} hosts",
                remedy="add hosts or keep fewer spares",
            )
        return self

    def schedulable_gpus(self) -> int:
        """GPUs that quotas may hand out: those of all hosts but the spares."""
        return (self.hosts - self.spares) * self.gpus_per_host
