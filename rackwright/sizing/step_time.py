"""How long one optimizer step takes, by parts.

The model: matrix work and attention run at a fraction of the GPU's peak, element-wise work at one of its
memory's rate; communication moves at a fraction of its
link's rate, and a part of it is hidden behind work; the slowest pipeline rank sets the pace, and filling and draining
the pipeline adds its bubble. The fractions are the training software's, from the catalogue. Not modelled: stragglers,
congestion, data loading.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import Gpu, Host, Software
from rackwright.sizing import flops, memory, parameters
from rackwright.sizing.parallelism import Layout, stage_layers
from rackwright.specs.architecture import Architecture
from rackwright.specs.request import Precision

TENSOR_COLLECTIVES = 8
"""All-gathers and reduce-scatters of one layer and micro-batch, forward and backward (arXiv 2205.05198, section 4)."""

CONTEXT_PASSES = 3
"""Times that keys and values go round the ring: once forward, twice backward (keys, values and their gradients)."""

ALL_TO_ALLS = 4
"""Of one mixture-of-experts layer and micro-batch: dispatch and combine, forward and backward."""

PIPELINE_TRANSFERS = 2
"""Of one chunk and micro-batch: activations forward, their gradients backward."""

DATA_BYTES = 6
"""Bytes a parameter: FP32 gradients reduced (4), BF16 weights gathered (2); ZeRO-1 in Megatron-LM."""

ELEMENTWISE_HIDDEN_BYTES = 40
"""Memory traffic of norms, residual sums and rotary positions: bytes a token and unit of hidden width, one layer.

Two norms read and write 2-byte values forward (8) and read two, write one backward (12); two sums (12); rotation (8).
"""

ELEMENTWISE_FFN_BYTES = 16
"""The same of a gated activation, a unit of the feed-forward width: 3 values forward, 5 backward, 2 bytes each."""

OPTIMIZER_TRAFFIC_BYTES = 34
"""Bytes a parameter that Adam reads and writes: 12 of state each way, 4 of gradient, 2 + 4 of weights."""

FULL_RECOMPUTE_FACTOR = 4 / 3
"""Work with full recomputation against none: the forward pass runs twice (one of three parts more)."""

ACTIVATION_BYTES = 2
"""Bytes of one activation value (BF16)."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a step runs on."""

    gpu: Gpu
    host: Host
    software: Software
    precision: Precision

    @property
    def peak_flops(self) -> float:
        """Dense peak of the precision, FLOP/s."""
        return self.gpu.peak_tflops[self.precision].expected * 1e12

    @property
    def attention_flops(self) -> float:
        """Achieved rate of attention, FLOP/s (scores stay in BF16)."""
        return self.gpu.peak_tflops["bf16"].expected * 1e12 * self.software.attention_efficiency.expected

    @property
    def matrix_flops(self) -> float:
        """Achieved rate of matrix work, FLOP/s."""
        return self.peak_flops * self.software.matrix_efficiency[self.precision].expected

    @property
    def memory_bytes_per_s(self) -> float:
        """Achieved rate of the GPU's memory."""
        return self.gpu.memory_bandwidth_gb_s.expected * 1e9 * self.software.memory_efficiency.expected

    @property
    def nvlink_bytes_per_s(self) -> float:
        """Achieved rate inside a host, for one GPU."""
        return self.gpu.nvlink_gb_s.expected * 1e9 * self.software.network_efficiency.expected

    @property
    def network_bytes_per_s(self) -> float:
        """Achieved rate between hosts, for one GPU."""
        line = self.host.network_gbit_s * 1e9 / 8 / self.host.gpus_per_host
        return line * self.software.network_efficiency.expected

    def link_bytes_per_s(self, group: int) -> float:
        """Achieved rate of a collective over `group` GPUs that are neighbours in rank order."""
        return self.nvlink_bytes_per_s if group <= self.host.gpus_per_host else self.network_bytes_per_s


@dataclass(frozen=True, kw_only=True)
class StepTime:
    """Seconds of one step, by parts that add up."""

    matrix_s: float
    attention_s: float
    elementwise_s: float
    tensor_s: float
    context_s: float
    expert_s: float
    pipeline_s: float
    bubble_s: float
    data_s: float
    optimizer_s: float

    @property
    def total_s(self) -> float:
        """The whole step."""
        work = self.matrix_s + self.attention_s + self.elementwise_s
        communication = self.tensor_s + self.context_s + self.expert_s + self.pipeline_s + self.data_s
        return work + communication + self.bubble_s + self.optimizer_s


def step_time(architecture: Architecture, layout: Layout, machine: Machine, *, sequence_tokens: int) -> StepTime:
    """The step's parts. Those of the micro-batches are the slowest pipeline rank's."""
    tokens = sequence_tokens * layout.micro_batch / layout.context  # of one micro-batch on one GPU's tensor group
    recompute = FULL_RECOMPUTE_FACTOR if layout.recompute == "full" else 1.0
    count, with_head = _slowest_stage(architecture, layout)
    matrix = count * _mean_layer_flops(architecture) + with_head * flops.head_flops(architecture)
    matrix_s = recompute * tokens * matrix / layout.tensor / machine.matrix_flops
    attention = count * flops.layer_attention_flops(architecture, sequence_tokens=sequence_tokens)
    attention_s = recompute * tokens * attention / layout.tensor / machine.attention_flops
    elementwise_s = recompute * count * _elementwise_s(architecture, layout, machine, tokens)
    tensor_s = count * _tensor_s(architecture, layout, machine, tokens)
    context_s = max(0.0, count * _context_s(architecture, layout, machine, tokens) - attention_s)
    expert_s = count * _expert_s(architecture, layout, machine, tokens)
    pipeline_s = _pipeline_s(architecture, layout, machine, tokens)
    one = matrix_s + attention_s + elementwise_s + tensor_s + context_s + expert_s + pipeline_s
    held = memory.parameters_on_rank(architecture, layout, rank=0)
    return StepTime(
        matrix_s=layout.micro_batches * matrix_s,
        attention_s=layout.micro_batches * attention_s,
        elementwise_s=layout.micro_batches * elementwise_s,
        tensor_s=layout.micro_batches * tensor_s,
        context_s=layout.micro_batches * context_s,
        expert_s=layout.micro_batches * expert_s,
        pipeline_s=layout.micro_batches * pipeline_s,
        bubble_s=(layout.pipeline - 1) / layout.virtual_pipeline * one,
        data_s=_data_s(layout, machine, held),
        optimizer_s=held / layout.sharding_ranks * OPTIMIZER_TRAFFIC_BYTES / machine.memory_bytes_per_s,
    )


def _slowest_stage(architecture: Architecture, layout: Layout) -> tuple[int, int]:
    """Layers of the pipeline rank with the most work, and whether it is the last one, which has the head."""
    split = stage_layers(architecture.layers, layout.pipeline)
    head_in_layers = flops.head_flops(architecture) / _mean_layer_flops(architecture)
    last_is_slowest = split[-1] + head_in_layers >= max(split)
    return (split[-1], 1) if last_is_slowest else (max(split), 0)


def _mean_layer_flops(architecture: Architecture) -> float:
    kinds = parameters.layers(architecture)
    return sum(count * flops.layer_matrix_flops(layer) for count, layer in kinds) / architecture.layers


def _elementwise_s(architecture: Architecture, layout: Layout, machine: Machine, tokens: float) -> float:
    """Work bound by memory: one layer, one micro-batch. Sequence parallelism splits it over the tensor ranks."""
    experts = architecture.experts
    ffn = experts.ffn * (experts.active + experts.shared) if experts else architecture.ffn
    size = ELEMENTWISE_HIDDEN_BYTES * architecture.hidden + ELEMENTWISE_FFN_BYTES * ffn
    return tokens / layout.tensor * size / machine.memory_bytes_per_s


def _tensor_s(architecture: Architecture, layout: Layout, machine: Machine, tokens: float) -> float:
    """Exposed communication between tensor ranks: one layer, one micro-batch."""
    share = (layout.tensor - 1) / layout.tensor
    size = TENSOR_COLLECTIVES * tokens * architecture.hidden * ACTIVATION_BYTES * share
    return size / machine.nvlink_bytes_per_s * (1 - machine.software.tensor_overlap.expected)


def _context_s(architecture: Architecture, layout: Layout, machine: Machine, tokens: float) -> float:
    """Communication of the context ring, which attention hides: one layer, one micro-batch."""
    width = 2 * architecture.key_value_width * ACTIVATION_BYTES / layout.tensor
    size = CONTEXT_PASSES * tokens * (layout.context - 1) * width
    return size / machine.link_bytes_per_s(layout.tensor * layout.context)


def _expert_s(architecture: Architecture, layout: Layout, machine: Machine, tokens: float) -> float:
    """Exposed all-to-alls between expert ranks: mean over the layers, one micro-batch."""
    if architecture.experts is None or layout.expert == 1:
        return 0.0
    sent = tokens / layout.tensor * architecture.experts.active * architecture.hidden * ACTIVATION_BYTES
    size = ALL_TO_ALLS * sent / layout.expert
    near = min(layout.expert, machine.host.gpus_per_host)
    seconds = max(
        size * (near - 1) / machine.nvlink_bytes_per_s,
        size * (layout.expert - near) / machine.network_bytes_per_s,
    )
    part = architecture.expert_layers / architecture.layers
    return part * seconds * (1 - machine.software.expert_overlap.expected)


def _pipeline_s(architecture: Architecture, layout: Layout, machine: Machine, tokens: float) -> float:
    """Exposed transfers to the next and the previous pipeline rank: all chunks, one micro-batch."""
    if layout.pipeline == 1:
        return 0.0
    size = (
        PIPELINE_TRANSFERS * layout.virtual_pipeline * tokens * architecture.hidden * ACTIVATION_BYTES / layout.tensor
    )
    seconds = size / machine.link_bytes_per_s(layout.gpus)
    return seconds * (1 - machine.software.pipeline_overlap.expected)


def _data_s(layout: Layout, machine: Machine, held: float) -> float:
    """Exposed part of reducing gradients and gathering weights, once a step."""
    ranks = layout.sharding_ranks
    seconds = (ranks - 1) / ranks * held * DATA_BYTES / machine.link_bytes_per_s(layout.tensor * ranks)
    return seconds * (1 - machine.software.data_overlap.expected)
