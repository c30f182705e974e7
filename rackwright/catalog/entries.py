"""What the catalogue's files hold: hardware, models, places, software, clusters, and figures that plans share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rackwright.specs.architecture import Architecture
from rackwright.specs.base import Spec
from rackwright.specs.fabric import FabricLevel, FabricTerms
from rackwright.specs.figure import Figure
from rackwright.specs.pools import Allocatable
from rackwright.specs.request import Cooling, Precision
from rackwright.specs.terms import DeliveryTerms

Generation = Literal["ampere", "hopper", "blackwell"]
ModelKind = Literal["dense", "expert"]


USUAL_PART_OF_PEAK = 0.75
"""Highest sustained matrix rate over the dense peak: 0.71-0.87 where it was measured (stas00/ml-engineering,
compute/accelerator)."""


class Entry(Spec):
    """What every entry has."""

    title: str
    """The name for people."""
    aliases: tuple[str, ...] = ()
    """Other names it is asked for by; case and punctuation don't count (see `loading.plain`)."""


class Published(Spec):
    """One published statement about a reference cluster or an accelerator."""

    what: str
    """The figure that it stands beside, or a word for what has none."""
    value: str
    """As published, in words."""
    figure: float | None = None
    """The number in that figure's unit, where the statement has one."""
    source: str
    unverified: bool = False
    """True where nobody can look the source up."""
    why_different: str = ""
    """Why our figure is another one, where it is."""


class Gpu(Entry):
    """A GPU."""

    peak_tflops: dict[Precision, Figure]
    """Dense peak by precision, in 10^12 floating-point operations a second."""
    achievable_tflops: Annotated[dict[Precision, Figure], Field(default_factory=dict)]
    """The highest sustained rate of a matrix multiplication, where one was measured or follows from one; same unit."""
    memory_gb: Figure
    """10^9 bytes."""
    memory_bandwidth_gb_s: Figure
    nvlink_gb_s: Figure
    """To the other GPUs of the host, one direction."""
    power_w: Figure
    generation: Generation
    """Which kernels there are for it."""

    def achievable(self, precision: Precision) -> float:
        """Highest sustained rate of matrix products, in 10^12 FLOP/s; unmeasured: a usual part of the peak."""
        if precision in self.achievable_tflops:
            return self.achievable_tflops[precision].expected
        return USUAL_PART_OF_PEAK * self.peak_tflops[precision].expected


class Accelerator(Entry):
    """Hardware that can be listed and compared, but not planned with; what nobody published is unset."""

    dies: Annotated[int, Field(ge=1)]
    peak_tflops: dict[Precision, Figure]
    """Of all dies together, dense, in 10^12 floating-point operations a second."""
    memory_gb: Figure | None = None
    """10^9 bytes."""
    memory_bandwidth_gb_s: Figure | None = None
    bisection_gb_s: Figure | None = None
    """Between one half of the dies and the other."""
    power_w: Figure | None = None
    why_not_planned: str
    """What is missing for a plan, as a clause."""
    published: tuple[Published, ...]
    """Statements that disagree with the figures."""


class NcclSettings(Spec):
    """What NCCL is told on a host."""

    environment: Annotated[dict[str, str], Field(min_length=1)]
    """Variables of a training container that reaches the fabric through RDMA interfaces of its own."""
    source: str


class Host(Entry):
    """A host with GPUs."""

    gpu: str
    gpus_per_host: Annotated[int, Field(ge=1)]
    nvlink_domain_gpus: Annotated[int, Field(ge=1, default_factory=lambda host: host.get("gpus_per_host", 1))]
    """GPUs that reach each other over NVLink; unset: those of the host."""
    rails: Annotated[int, Field(ge=1)]
    ports_per_host: Annotated[int, Field(ge=1)]
    port_bandwidth_gbit_s: Figure
    front_network_gbit_s: Figure
    """To storage and the outside, one direction."""
    cpus: Figure
    """Logical processors."""
    memory_gb: Figure
    nvme_tb: Figure
    jobs_may_use: Allocatable
    power_kw: Figure
    """At the plug; expected is the published maximum, low what a typical training load draws."""
    capital_usd: Figure
    rent_usd_per_gpu_h: Figure
    liquid_cooled: bool = False
    """True where chilled air alone can't cool it."""
    nccl: NcclSettings | None = None
    """Unset where nobody publishes any: NCCL then finds out by itself."""

    @property
    def nvlink_domain_hosts(self) -> int:
        """Hosts whose GPUs reach each other over NVLink; 1 where NVLink ends at the host."""
        return max(1, self.nvlink_domain_gpus // self.gpus_per_host)

    @property
    def network_gbit_s(self) -> float:
        """All RDMA ports of the host together, one direction."""
        return self.ports_per_host * self.port_bandwidth_gbit_s.expected


class PlanningFigure(Entry):
    """A figure that plans of all hardware share; its unit ends its name."""

    figure: Figure
    request_field: str = ""
    """The request's own field for it; empty: a request gives it in `figures`."""
    least: float = 0.0
    """The least that a request may give."""
    most: float | None = None


class FailureRecord(Entry):
    """Failures of a published cluster that stopped jobs."""

    gpu: str
    gpus_per_host: Annotated[int, Field(ge=1)]
    failures: Annotated[float, Field(gt=0)]
    host_days: Annotated[float, Field(gt=0)]
    """Hosts times days over which they were counted."""
    source: str
    causes: Annotated[dict[str, int], Field(default_factory=dict)]
    """How many had which cause, the most frequent first."""
    causes_source: str = ""

    @property
    def per_host_day(self) -> float:
        """Failures for a host and day."""
        return self.failures / self.host_days


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
    system_shape: str = ""
    """The flexible shape of the system pool's hosts, where hosts are rented."""
    switch: str
    cooling: Cooling
    levels: tuple[FabricLevel, ...] = ()
    """Unset where they follow from the fabric that is planned."""
    levels_source: str = ""
    levels_assumed: bool = False


class Software(Entry):
    """Training software: efficiencies and overlaps as fractions of 1, the same for all models and clusters."""

    fully_sharded: bool
    """True where data ranks share weights and gradients too (FSDP), not optimizer state alone (ZeRO-1)."""
    expert_copies_merged: bool
    """True where one copy of a token serves all of its experts on a rank, and between hosts all on a host."""
    expert_biases_fused: bool
    """True where an expert's product adds its bias; else the bias passes through memory on its own."""
    benchmark_routes_in_turn: bool
    """True where benchmarks balance experts by sending tokens to them in turn, so that a token's experts stand side by
    side; else by chance. Plans are made for the latter, as learned routing spreads them."""
    gradient_bytes: int
    """Bytes of one gradient where it is accumulated and reduced."""
    optimizer_bytes: Figure
    """Bytes of optimizer state for a parameter, the FP32 weight included; low: moments, or all of it, in fewer bits."""
    matrix_efficiency: dict[Precision, Figure]
    """Part of the highest measured matrix rate of the GPU that large products reach."""
    product_traffic: Figure
    """Part of a product's memory traffic that its arithmetic doesn't hide."""
    attention_efficiency: dict[Generation, Figure]
    """Part of the GPU's highest measured BF16 rate in attention, forward and backward together."""
    recomputed_attention_part: Figure
    """Part of attention's time, forward and backward, that its forward pass takes when it is repeated."""
    full_rate_head_width: Figure
    """Width of a head from which on attention has its full rate; below, its part of it is their quotient to the power
    of `narrow_head_exponent`."""
    narrow_head_exponent: Figure
    attention_before_rotary: Figure
    """Rate of attention in model code of the GPT-2 kind, with learned positions, over that of later models.

    Such models are trained with the kernels of their time: FlashAttention 1 and its ports have about half the rate of
    FlashAttention 2 on an H100 (arXiv 2307.08691, section 4.1).
    """
    memory_efficiency: Figure
    """Part of the GPU memory's rate in element-wise kernels."""
    elementwise_before_rotary: Figure
    """Rate of element-wise work in model code of the GPT-2 kind over that of later models, whose kernels are fused."""
    nvlink_efficiency: Figure
    """Part of NVLink's rate in collectives of large messages; `network_efficiency`: of the ports' rate."""
    network_efficiency: Figure
    hop_s: Figure
    """Seconds for each further rank of a ring and message."""
    tensor_overlap: Figure
    """Part of the communication between tensor ranks that work hides."""
    context_overlap: Figure
    """Part of attention's time that the context ring can hide behind."""
    pipeline_overlap: Figure
    """Part of the transfers between pipeline ranks that an interleaved schedule hides."""
    bucket_parameters: Figure
    """Parameters of one message of gradients, at least; `bucket_parameters_per_rank` for each data rank where more."""
    bucket_parameters_per_rank: Figure
    data_interference: Figure
    """Part of hidden communication between data ranks that slows the work it hides behind."""
    straggler_part: Figure
    """How much longer a step takes for each unit of √ln(hosts): the expected slowest of many."""
    layer_overhead_s: Figure
    """Launching a layer's kernels, for one micro-batch, forward and backward."""
    alltoall_efficiency: Figure
    """Rate of all-to-alls between expert ranks over that of a ring of large messages."""
    expert_product_s: Figure
    """What one product of one expert takes besides its arithmetic: starting, and the last wave of tiles."""
    expert_imbalance: Figure
    """Copies at the busiest expert rank over the mean."""
    expert_overhead_s: Figure
    """Routing and synchronisation of one mixture-of-experts layer and micro-batch."""
    step_error: dict[ModelKind, Figure]
    """How far the predicted step time is off on published runs that had no part in the fit: a fraction, by kind of
    model."""
    memory_overhead_gb: Figure
    """CUDA context, NCCL buffers and allocator's losses."""


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
    fabric: FabricTerms = FabricTerms()
    delivery: DeliveryTerms = DeliveryTerms()
    workload_note: str
    published: tuple[Published, ...]


class ReferenceHardware(Entry):
    """Published hardware that can't be planned with: its statements stand beside the catalogue's figures."""

    compared: tuple[tuple[str, str], ...]
    """What stands beside what, as `rackwright size compare` takes it."""
    note: str
    published: tuple[Published, ...]
    """`what`: a figure of some hardware (`dojo-tile.peak_bf16_tflops`), or one's over another's (`a/b.figure`)."""
