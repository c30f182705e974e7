"""Seconds of one training step, as parts that add up; for many layouts at once.

A pipeline rank works off micro-batches; the slowest rank sets the pace. What one micro-batch costs on a rank is counted
from its layers' matrices, memory traffic and messages (work.py, communication.py). Over a step,

    m · slowest + (sum over ranks − slowest) / v      (m micro-batches, v chunks on each rank; interleaved 1F1B)

then come gradients, parameters and the optimizer, as far as nothing hides them. Fractions of peak and of line rate, and
what overlaps with what, are the training software's constants (catalogue, software.yaml): the same for all models.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from rackwright.sizing.step import communication, products, work
from rackwright.sizing.step.flops import attention_flops
from rackwright.sizing.step.layouts import Integers, Layouts, Numbers, total
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.memory import Held, parameters_held
from rackwright.sizing.step.micro_batch import MicroBatch
from rackwright.sizing.step.stages import Stage, rank_layers, stages
from rackwright.sizing.units import GB
from rackwright.specs.architecture import Architecture

CAST_BYTES = 4
"""Memory traffic of casting to FP8: bytes for each 2-byte value that enters a product; read, and written twice, once
transposed for the backward pass (NVIDIA Transformer Engine)."""

EXPERT_PRODUCTS = 6
"""Of one expert and micro-batch: two products forward, each with two backward (the gate and the inner width as one)."""

OPTIMIZER_TRAFFIC_BYTES = 34
"""Bytes a parameter that Adam reads and writes: 12 of state each way, 4 of gradient, 2 + 4 of weights."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one micro-batch costs on one rank (or in one layer), in seconds; columns over the layouts."""

    matrix_s: Numbers
    attention_s: Numbers
    elementwise_s: Numbers
    tensor_s: Numbers
    context_s: Numbers
    expert_s: Numbers
    overhead_s: Numbers

    @property
    def total_s(self) -> Numbers:
        """All of it."""
        return total([getattr(self, field.name) for field in fields(self)])

    def __add__(self, other: Parts) -> Parts:
        return Parts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __mul__(self, factor: Numbers | Integers | float) -> Parts:
        return Parts(**{f.name: getattr(self, f.name) * factor for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class StepTimes:
    """Seconds of one step, by parts that add up; columns over the layouts."""

    matrix_s: Numbers
    """Matrix products, on the slowest pipeline rank; so with the parts down to `overhead_s`."""
    attention_s: Numbers
    elementwise_s: Numbers
    """Bound by the GPU's memory: norms, activation functions, casts, loss."""
    tensor_s: Numbers
    """Exposed communication between tensor ranks; so with the parts below."""
    context_s: Numbers
    expert_s: Numbers
    overhead_s: Numbers
    """Launching kernels, and waiting for the processor where the GPU does."""
    pipeline_s: Numbers
    bubble_s: Numbers
    """Waiting of the slowest rank for the others at the step's start and end."""
    data_s: Numbers
    optimizer_s: Numbers
    straggler_s: Numbers
    """Waiting for the slowest of many GPUs."""

    @property
    def total_s(self) -> Numbers:
        """The whole step."""
        return total([getattr(self, field.name) for field in fields(self)])


def step_times(architecture: Architecture, layouts: Layouts, machine: Machine, *, sequence_tokens: int) -> StepTimes:
    """The parts of a step of each layout."""
    batch = MicroBatch(architecture=architecture, layouts=layouts, machine=machine, sequence_tokens=sequence_tokens)
    dense = _layer_parts(batch, work.dense_work(architecture))
    expert = _layer_parts(batch, work.expert_work(architecture)) if architecture.experts else dense
    end = _head_parts(batch) * (1.0 + architecture.prediction_layers)
    split = stages(architecture, layouts)
    ((dense_layers, expert_layers),) = rank_layers(architecture, 1)

    def on(stage: Stage) -> Parts:
        return dense * stage.dense + expert * stage.expert

    slowest = _slowest([*(on(stage) for stage in split[:-1]), on(split[-1]) + end])
    pipeline_s = communication.pipeline_s(batch)
    one_s = slowest.total_s + pipeline_s
    all_ranks_s = (
        dense.total_s * float(dense_layers)
        + expert.total_s * float(expert_layers)
        + end.total_s
        + pipeline_s * layouts.pipeline
    )
    bubble_s = np.where(layouts.pipeline > 1, np.maximum(0.0, all_ranks_s - one_s) / layouts.virtual_pipeline, 0.0)
    steady = slowest * layouts.micro_batches
    held = parameters_held(architecture, layouts, split[0])
    hosts = np.maximum(1.0, layouts.gpus / machine.host.gpus_per_host)
    return StepTimes(
        **{field.name: getattr(steady, field.name) for field in fields(steady)},
        pipeline_s=pipeline_s * layouts.micro_batches,
        bubble_s=bubble_s,
        data_s=communication.data_s(layouts, machine, held=held, micro_batch_s=one_s, layers=split[0].layers),
        optimizer_s=_optimizer_s(layouts, machine, held),
        straggler_s=(one_s * layouts.micro_batches + bubble_s)
        * machine.software.straggler_part.expected
        * np.sqrt(np.log(hosts)),
    )


def _optimizer_s(layouts: Layouts, machine: Machine, held: Held) -> Numbers:
    sharded = held.shared / layouts.optimizer_shards + held.experts / layouts.expert_replicas
    return sharded * OPTIMIZER_TRAFFIC_BYTES / machine.memory_bytes_per_s


def _slowest(candidates: list[Parts]) -> Parts:
    chosen = candidates[0]
    for other in candidates[1:]:
        slower = other.total_s > chosen.total_s
        chosen = Parts(
            **{f.name: np.where(slower, getattr(other, f.name), getattr(chosen, f.name)) for f in fields(Parts)}
        )
    return chosen


def _layer_parts(batch: MicroBatch, layer: work.LayerWork) -> Parts:
    """One layer, one micro-batch."""
    software = batch.machine.software
    again = np.where(batch.layouts.recompute_full, 1.0, 0.0)
    matrix_s = _shared_products_s(batch, layer.shared, batch.machine) + _expert_products_s(batch, layer)
    attention_s = _attention_s(batch)
    overhead_s = software.layer_overhead_s.expected + (
        software.expert_overhead_s.expected if layer.experts_active else 0
    )
    return Parts(
        matrix_s=matrix_s * (1 + again * work.FORWARD_PART),
        attention_s=attention_s * (1 + again * software.recomputed_attention_part.expected),
        elementwise_s=_elementwise_s(batch, layer) * (1 + again * work.FORWARD_PART),
        tensor_s=communication.tensor_s(batch),
        context_s=communication.context_s(batch, attention_s=attention_s),
        expert_s=communication.expert_s(batch, layer),
        overhead_s=overhead_s * (1 + again * work.FORWARD_PART),
    )


def _attention_s(batch: MicroBatch) -> Numbers:
    architecture, software = batch.architecture, batch.machine.software
    flops = attention_flops(architecture, sequence_tokens=batch.sequence_tokens)
    layers = architecture.layers + architecture.prediction_layers
    width: float = min(1.0, architecture.width_of_head / software.full_rate_head_width.expected)
    narrow: float = width**software.narrow_head_exponent.expected
    rate = batch.machine.attention_flops * narrow
    if architecture.learned_positions:
        rate *= software.attention_before_rotary.expected
    return batch.own_tokens * flops / layers / rate


def _elementwise_s(batch: MicroBatch, layer: work.LayerWork) -> Numbers:
    own, copies = batch.own_tokens, batch.copies(layer.experts_active)
    biases = 0.0 if batch.machine.software.expert_biases_fused else layer.expert_bias_bytes
    traffic = (
        own * layer.elementwise_bytes
        + own * layer.experts_active * (layer.expert_elementwise_bytes + biases)
        + np.where(batch.layouts.recompute_selective, own * layer.saved_by_recompute_bytes, 0.0)
    )
    if batch.machine.precision == "fp8":
        traffic = traffic + CAST_BYTES * (
            batch.tokens * layer.shared.sides(batch.layouts.tensor)
            + copies * layer.experts.sides(batch.layouts.expert_tensor)
        )
    slower = batch.machine.software.elementwise_before_rotary.expected if batch.architecture.learned_positions else 1.0
    return traffic / (batch.machine.memory_bytes_per_s * slower)


def _shared_products_s(batch: MicroBatch, matrices: products.Products, machine: Machine) -> Numbers:
    """Products that tensor ranks share, forward and backward."""
    ranks = batch.layouts.tensor
    flops = 6 * batch.tokens * matrices.weights / ranks
    values = batch.tokens * matrices.sides(ranks)
    return flops / machine.matrix_flops + _traffic_s(machine, values=values, weights=matrices.weights / ranks)


def _expert_products_s(batch: MicroBatch, layer: work.LayerWork) -> Numbers:
    """Products of the routed experts that stand on one GPU."""
    layouts, software = batch.layouts, batch.machine.software
    if not layer.experts_active:
        return np.zeros(len(layouts))
    copies = batch.copies(layer.experts_active)
    flops = 6 * copies * layer.experts.weights / layouts.expert_tensor
    values = copies * layer.experts.sides(layouts.expert_tensor)
    weights = layer.experts_count / layouts.expert * layer.experts.weights / layouts.expert_tensor
    arithmetic_s = software.expert_imbalance.expected * flops / batch.machine.matrix_flops
    starting_s = EXPERT_PRODUCTS * layer.experts_count / layouts.expert * software.expert_product_s.expected
    return arithmetic_s + starting_s + _traffic_s(batch.machine, values=values, weights=weights)


def _traffic_s(machine: Machine, *, values: Numbers, weights: Numbers) -> Numbers:
    """Memory traffic of products that their arithmetic doesn't hide.

    Three products move 2-byte values (FP8: 1-byte), two of them the weights, and the third reads and writes gradients.
    """
    size = 3 * (1.0 if machine.precision == "fp8" else 2.0)
    traffic = size * values + (4 + 2 * machine.software.gradient_bytes) * weights
    return machine.software.product_traffic.expected * traffic / (machine.gpu.memory_bandwidth_gb_s.expected * GB)


def _head_parts(batch: MicroBatch) -> Parts:
    """Output projection and loss, of one micro-batch; the projection stays in BF16."""
    none = np.zeros(len(batch.layouts))
    machine = batch.machine.in_precision("bf16")
    logits = batch.own_tokens * batch.architecture.vocabulary
    return Parts(
        matrix_s=_shared_products_s(batch, products.head(batch.architecture), machine),
        attention_s=none,
        elementwise_s=logits * work.LOSS_BYTES / machine.memory_bytes_per_s,
        tensor_s=none,
        context_s=none,
        expert_s=none,
        overhead_s=none,
    )
