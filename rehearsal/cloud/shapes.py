"""The shapes of the simulated region: what a host of each has, and what is left of it for pods.

Sources: docs.oracle.com "Compute Shapes" for OCPUs, memory, GPUs and ports; each is what the page says in 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

CPUS_PER_OCPU = 2
"""Logical processors of an Oracle CPU on x86 (docs.oracle.com, "Compute Shapes")."""

KIB_PER_GB = 1024 * 1024
"""KiB in what Oracle calls a GB of a host's memory: memory modules come in powers of two."""

STORAGE_RESERVE = 0.1
"""Part of the boot volume below which kubelet evicts (its default, `nodefs.available<10%`)."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A kind of host."""

    name: str
    ocpus: float
    """Of a flexible shape: the most that can be asked for."""
    memory_gb: float
    """Of a flexible shape: the most that can be asked for."""
    flexible: bool = False
    gpus: int = 0
    rdma_interfaces: int = 0
    """Ports on the RDMA fabric, each of which gives one virtual function; none: it isn't on a cluster network."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one host has: a fixed shape's own figures, or those that were asked of a flexible shape."""

    cpus: int
    memory_kib: int

    def reserved_millicpus(self) -> int:
        """What kubelet keeps for itself and the system, in thousandths of a processor.

        Assumed to be what managed Kubernetes services commonly publish: 6% of the first core, 1% of the second, 0.5% of
        two more and 0.25% of the rest, and 100m for the system.
        """
        shares = ((1, 60.0), (1, 10.0), (2, 5.0), (self.cpus, 2.5))
        left, kept = self.cpus, 0.0
        for count, each in shares:
            taken = min(left, count)
            kept += taken * each
            left -= taken
        return round(kept) + 100

    def reserved_kib(self) -> int:
        """What kubelet keeps for itself and the system, in KiB.

        Assumed as for processors: 25% of the first 4 GiB, 20% of the next 4, 10% of the next 8, 6% up to 128 and 2%
        beyond, and the 100 MiB below which kubelet evicts (its default, `memory.available<100Mi`).
        """
        gib = 1024 * 1024
        shares = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (self.memory_kib // gib + 1, 0.02))
        left, kept = self.memory_kib, 0.0
        for count, share in shares:
            taken = min(left, count * gib)
            kept += taken * share
            left -= taken
        return round(kept) + 100 * 1024


SHAPES = {
    shape.name: shape
    for shape in (
        Shape(name="BM.GPU.H100.8", ocpus=112, memory_gb=2048, gpus=8, rdma_interfaces=16),
        Shape(name="BM.GPU.H200.8", ocpus=112, memory_gb=3072, gpus=8, rdma_interfaces=8),
        Shape(name="BM.GPU.B200.8", ocpus=128, memory_gb=4096, gpus=8, rdma_interfaces=8),
        Shape(name="BM.GPU.A100-v2.8", ocpus=128, memory_gb=2048, gpus=8, rdma_interfaces=16),
        Shape(name="BM.GPU4.8", ocpus=64, memory_gb=2048, gpus=8, rdma_interfaces=16),
        Shape(name="VM.Standard.E4.Flex", ocpus=114, memory_gb=1760, flexible=True),
        Shape(name="VM.Standard.E5.Flex", ocpus=126, memory_gb=2052, flexible=True),
        Shape(name="VM.Standard.E6.Flex", ocpus=126, memory_gb=1454, flexible=True),
        Shape(name="VM.Standard3.Flex", ocpus=56, memory_gb=896, flexible=True),
    )
}


def size(shape: Shape, *, ocpus: float | None = None, memory_gb: float | None = None) -> Size:
    """A host's size; raise `ValueError` when a flexible shape isn't asked for what it can give."""
    if not shape.flexible:
        return Size(cpus=round(shape.ocpus * CPUS_PER_OCPU), memory_kib=round(shape.memory_gb * KIB_PER_GB))
    if ocpus is None:
        raise ValueError(f"shapeConfig is required for the flexible shape {shape.name}")
    memory = ocpus * 16 if memory_gb is None else memory_gb  # Oracle's default: 16 GB for each OCPU
    if not 1 <= ocpus <= shape.ocpus:
        raise ValueError(f"ocpus {ocpus:g} is not within 1 and {shape.ocpus:g} of shape {shape.name}")
    if not 1 <= memory <= shape.memory_gb:
        raise ValueError(f"memoryInGBs {memory:g} is not within 1 and {shape.memory_gb:g} of shape {shape.name}")
    return Size(cpus=round(ocpus * CPUS_PER_OCPU), memory_kib=round(memory * KIB_PER_GB))
