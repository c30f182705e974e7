"""The plan: what a request comes to, each figure with its formula and source.

Fields that the plan chooses (parallelism, hosts) are plain numbers; what is computed from them or read somewhere is a
`Figure`. Units end the fields' names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rackwright.specs.architecture import Architecture
from rackwright.specs.base import Spec
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.kubernetes_names import API_VERSION, ApiVersion
from rackwright.specs.operation import ReliabilityPlan, StoragePlan, TransferPlan
from rackwright.specs.request import Request
from rackwright.specs.site import CostPlan, DeliveryPlan, PowerPlan
from rackwright.specs.terms import Recompute


class ModelPlan(Spec):
    """The model and what one token costs."""

    name: str
    architecture: Architecture
    parameters: Figure
    active_parameters: Figure
    """Parameters that each token passes through."""
    train_flops_per_token: Figure
    """Forward and backward, causal attention (half of the full square)."""


class HostsPlan(Spec):
    """The hosts of the GPU pool."""

    gpu: str
    shape: str
    gpus_per_host: int
    hosts: int
    """All of them, the spares included."""
    spares: int
    """Hosts kept free for those that fail."""
    idle: int
    """Hosts that neither train nor are spares, because the parallelism doesn't divide them."""
    training_gpus: int


class ParallelismPlan(Spec):
    """How the model is split; tensor × context × pipeline × data is the number of training GPUs."""

    tensor: int
    context: int
    pipeline: int
    virtual_pipeline: int
    """Model chunks on each pipeline rank."""
    expert: int
    """Takes its ranks from tensor × context × data."""
    expert_tensor: int
    """Ranks that share one expert's matrices."""
    data: int
    parameter_shards: int
    """Ranks that share one copy of weights and gradients: 1 with ZeRO-1, more with FSDP or HSDP."""
    micro_batch_sequences: int
    micro_batches: int
    """Micro-batches that each pipeline works off in one step."""
    batch_sequences: int
    recompute: Recompute


class SearchPlan(Spec):
    """How the parallelism was found."""

    layouts: int
    """Valid ones, all of which the search decided on."""
    refused_by_memory: int
    slower_for_certain: int
    """Left out because even a lower bound of their step time is too long."""
    computed: int
    """Whose step time was computed in full."""
    limited_by: str
    """What keeps the plan from being better, in words."""
    runner_up: ParallelismPlan | None
    """The best that splits the model otherwise."""
    runner_up_lost: str
    """Why, in words."""
    more_memory: str
    """What layout would be faster if it fitted into memory, in words; empty where none with the same micro-batch is."""


class RankMemory(Spec):
    """What lies in the memory of a GPU of one pipeline rank."""

    rank: int
    weights_and_gradients_gb: float
    optimizer_gb: float
    activations_gb: float
    overhead_gb: float
    """CUDA context, NCCL buffers, allocator's losses."""
    total_gb: float


class MemoryPlan(Spec):
    """Memory of the GPUs, by pipeline rank."""

    ranks: tuple[RankMemory, ...]
    capacity_gb: Figure
    fullest_gb: Figure
    fullest_rank: int
    """The pipeline rank that runs out of memory first."""
    fits: bool


class StepPlan(Spec):
    """One optimizer step, by parts that add up."""

    matrix_s: Figure
    attention_s: Figure
    elementwise_s: Figure
    """Norms, activations, sums: bound by the GPU's memory."""
    overhead_s: Figure
    """Launching kernels."""
    tensor_communication_s: Figure
    context_communication_s: Figure
    expert_communication_s: Figure
    pipeline_communication_s: Figure
    pipeline_bubble_s: Figure
    data_communication_s: Figure
    optimizer_s: Figure
    straggler_s: Figure
    """Waiting for the slowest of many GPUs."""
    step_s: Figure
    """The sum of the parts above."""
    tensor_communication_hidden_s: Figure
    """What work hides of the messages, in no sum; so with the three below."""
    context_communication_hidden_s: Figure
    pipeline_communication_hidden_s: Figure
    data_communication_hidden_s: Figure


class RunPlan(Spec):
    """The whole run."""

    steps: int
    tokens_per_step: int
    tokens_per_s: Figure
    tokens_per_s_per_gpu: Figure
    mfu: Figure
    """Model FLOPs utilisation: causal attention, against the dense peak of the precision."""
    undisturbed_days: Figure
    """Were nothing ever to fail."""
    days: Figure
    """With the losses of `reliability`."""


class TierCables(Spec):
    """The cables below one tier of switches."""

    tier: Literal["leaf", "spine", "core"]
    """Whose ports from below they end in: `leaf` are those of the hosts."""
    copper: int
    optical: int


class FabricPlan(Spec):
    """The RDMA fabric. Oversubscription is what the ports come to; it is never more than what was asked."""

    switch: str
    spine_switch: str
    """Of spines and cores."""
    rail_optimised: bool
    rails: int
    endpoints: int
    """Switch ports that hosts take at the switch's port speed."""
    tiers: int
    leaf_switches: int
    spine_switches: int
    core_switches: int
    switches: int
    unit_hosts: int
    """What the fabric grows by: the hosts of a full unit, which brings its leaves and their uplinks."""
    units: int
    pods: int
    """Units that spines join; cores join pods."""
    most_hosts: int
    """Hosts that this design can grow to."""
    cables: int
    """Host to leaf, and switch to switch, those of units that aren't full included."""
    copper_cables: int
    optical_cables: int
    optics: int
    """Transceivers at the switch's port speed: two for each optical cable."""
    tier_cables: tuple[TierCables, ...]
    """The hosts' first."""
    leaf_oversubscription: Figure
    spine_oversubscription: Figure
    bisection_tbit_s: Figure
    host_racks: int
    network_racks: int
    racks: int
    levels: tuple[FabricLevel, ...]
    """The domains in which hosts stand close together, from coarse to fine."""
    levels_assumed: bool
    """True where the place's domains were not published, and their sizes are a judgement."""


class Plan(Spec):
    """The answer to a request."""

    api_version: Annotated[ApiVersion, Field(alias="apiVersion")] = API_VERSION
    kind: Literal["Plan"] = "Plan"
    request: Request
    model: ModelPlan
    hosts: HostsPlan
    parallelism: ParallelismPlan
    search: SearchPlan
    memory: MemoryPlan
    step: StepPlan
    run: RunPlan
    reliability: ReliabilityPlan
    fabric: FabricPlan
    storage: StoragePlan
    transfer: TransferPlan
    power: PowerPlan
    cost: CostPlan
    delivery: DeliveryPlan
    warnings: tuple[str, ...]
    """What breaks first, in words, the worst first."""
