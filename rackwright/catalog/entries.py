"""What the catalogue's files hold: GPUs, hosts, switches, models, places, software, reference clusters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rackwright.specs.architecture import Architecture
from rackwright.specs.base import Spec
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.pools import Allocatable
from rackwright.specs.request import Cooling, Precision


class Entry(Spec):
    """What every entry has."""

    title: str
    """The name for people."""
    aliases: tuple[str, ...] = ()
    """Other names it is asked for by; case and punctuation don't count (see `loading.plain`)."""


class Gpu(Entry):
    """A GPU."""

    peak_tflops: dict[Precision, Figure]
    """Dense peak by precision, in 10^12 floating-point operations a second."""
    achievable_tflops: Annotated[dict[Precision, Figure], Field(default_factory=dict)]
    """The highest sustained rate of a matrix multiplication that was measured, where one was; same unit."""
    memory_gb: Figure
    """10^9 bytes."""
    memory_bandwidth_gb_s: Figure
    nvlink_gb_s: Figure
    """To the other GPUs of the host, one direction."""
    power_w: Figure


class Host(Entry):
    """A host with GPUs."""

    gpu: str
    gpus_per_host: Annotated[int, Field(ge=1)]
    nvlink_domain_gpus: Annotated[int, Field(ge=1, default_factory=lambda host: host.get("gpus_per_host", 1))]
    """GPUs that reach each other over NVLink; unset: those of the host."""
    rails: Annotated[int, Field(ge=1)]
    ports_per_host: Annotated[int, Field(ge=1)]
    port_bandwidth_gbit_s: Figure
    cpus: Figure
    """Logical processors."""
    memory_gb: Figure
    nvme_tb: Figure
    jobs_may_use: Allocatable
    power_kw: Figure
    """At the plug; expected is the published maximum, low what a typical training load draws."""
    capital_usd: Figure
    rent_usd_per_gpu_h: Figure

    @property
    def network_gbit_s(self) -> float:
        """All RDMA ports of the host together, one direction."""
        return self.ports_per_host * self.port_bandwidth_gbit_s.expected


class Switch(Entry):
    """A switch of the RDMA fabric."""

    ports: Annotated[int, Field(ge=2)]
    port_bandwidth_gbit_s: Figure
    power_kw: Figure
    capital_usd: Figure


class Model(Entry):
    """A model with its exact architecture."""

    source: str
    parameters: Annotated[int, Field(ge=1)]
    """As published, without modules of multi-token prediction."""
    parameters_rounded: bool = False
    """True where only a rounded count was published."""
    batch_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens in one step, as published."""
    architecture: Architecture


class PlaceKind(Entry):
    """A kind of place: which hosts it has and how its fabric is layered."""

    shapes: dict[str, str]
    """The host for each GPU."""
    system_shape: str
    switch: str
    cooling: Cooling
    levels: tuple[FabricLevel, ...]
    levels_source: str
    levels_assumed: bool


class Software(Entry):
    """Training software: efficiencies and overlaps as fractions of 1."""

    matrix_efficiency: dict[Precision, Figure]
    """Achieved part of the dense peak in matrix work, with the casts and gaps between kernels."""
    attention_efficiency: Figure
    """Achieved part of the BF16 peak in attention scores."""
    memory_efficiency: Figure
    """Achieved part of the GPU memory's rate in element-wise kernels."""
    network_efficiency: Figure
    """Achieved part of a link's rate in collectives of large messages."""
    tensor_overlap: Figure
    pipeline_overlap: Figure
    data_overlap: Figure
    expert_overlap: Figure
    memory_overhead_gb: Figure


class Published(Spec):
    """One published statement about a reference cluster."""

    what: str
    """The plan's figure that it stands beside, or a word for what has none."""
    value: str
    """As published, in words."""
    figure: float | None = None
    """The number in the unit of the plan's figure, where the statement has one."""
    source: str


class ReferenceCluster(Entry):
    """A published machine that can be planned by name."""

    gpus: Annotated[int, Field(ge=1)]
    gpu: str
    place: str
    switch: str
    cooling: Cooling
    model: str
    tokens: float
    batch_tokens: Annotated[int, Field(ge=1)] | None = None
    workload_note: str
    published: tuple[Published, ...]
