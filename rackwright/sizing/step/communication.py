"""Seconds that messages between GPUs take and nothing hides, for many layouts at once.

Ranks are laid out as Megatron-LM does: tensor ranks are neighbours, then context, then data, then pipeline; expert
ranks are taken from tensor × context × data in that order.
"""

from __future__ import annotations

import numpy as np

from rackwright.sizing.step.layouts import Integers, Layouts, Numbers
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.memory import VALUE_BYTES, Held
from rackwright.sizing.step.micro_batch import MicroBatch
from rackwright.sizing.step.work import LayerWork

TENSOR_COLLECTIVES = 9
"""All-gathers and reduce-scatters of one layer and micro-batch with sequence parallelism (Megatron-LM).

Four forward, four backward; backward also gathers the inputs of two products again for the weights' gradients, of which
half is taken as hidden.
"""

TENSOR_COLLECTIVES_FORWARD = 4
"""Of them in the forward pass."""

CONTEXT_PASSES = 3
"""Times that a context ring turns: once forward, twice backward (keys, values and their gradients)."""

ALL_TO_ALLS = 4
"""Of one mixture-of-experts layer and micro-batch: dispatch and combine, forward and backward."""

PIPELINE_TRANSFERS = 2
"""Of one chunk and micro-batch: activations forward, their gradients backward."""


def tensor_s(batch: MicroBatch) -> Numbers:
    """Between tensor ranks: one layer, one micro-batch."""
    layouts, machine = batch.layouts, batch.machine
    passes = TENSOR_COLLECTIVES + np.where(layouts.recompute_full, TENSOR_COLLECTIVES_FORWARD, 0)
    width = batch.architecture.hidden * VALUE_BYTES * (layouts.tensor - 1) / layouts.tensor
    rate = machine.collective_bytes_per_s(layouts.tensor, inner=np.ones_like(layouts.tensor))
    return passes * batch.tokens * width / rate * (1 - machine.software.tensor_overlap.expected)


def context_s(batch: MicroBatch, *, attention_s: Numbers) -> Numbers:
    """Of the context ring, what attention doesn't hide: one layer, one micro-batch."""
    layouts = batch.layouts
    width = 2 * batch.architecture.key_value_width * VALUE_BYTES / layouts.tensor
    size = CONTEXT_PASSES * batch.tokens * (layouts.context - 1) * width
    rate = batch.machine.collective_bytes_per_s(layouts.context, inner=layouts.tensor)
    return np.maximum(0.0, size / rate - attention_s * batch.machine.software.context_overlap.expected)


def expert_s(batch: MicroBatch, layer: LayerWork) -> Numbers:
    """All-to-alls between expert ranks, which nothing hides: one layer, one micro-batch.

    Copies of tokens for experts on the same host travel over NVLink, the others through the GPU's own ports, both at
    once.
    """
    layouts, machine = batch.layouts, batch.machine
    if not layer.experts_active:
        return np.zeros(len(layouts))
    sent = batch.copies(layer.experts_active) * batch.architecture.hidden * VALUE_BYTES
    near = machine.near(layouts.expert, inner=layouts.expert_tensor)
    inside = sent * (near - 1) / layouts.expert * _sent_once(batch, layer, ranks=layouts.expert)
    outside = sent * (layouts.expert - near) / layouts.expert * _sent_once(batch, layer, ranks=layouts.expert // near)
    narrowed = machine.oversubscription(layouts.expert * layouts.expert_tensor)
    seconds = np.maximum(inside / machine.nvlink_bytes_per_s, outside * narrowed / machine.network_bytes_per_s)
    passes = ALL_TO_ALLS * np.where(layouts.recompute_full, 1.5, 1.0)
    return passes * seconds / machine.software.alltoall_efficiency.expected


def _sent_once(batch: MicroBatch, layer: LayerWork, *, ranks: Integers) -> Numbers | float:
    """Part of a token's copies that travel, where one serves all of its experts on a rank, or on a host."""
    experts = batch.architecture.experts
    if experts is None or not batch.machine.software.expert_copies_merged:
        return 1.0
    if batch.machine.routes_in_turn:
        together = np.maximum(1, experts.count // ranks)
        touched = (layer.experts_active + together - np.gcd(layer.experts_active, together)) / together
        return np.minimum(1.0, touched / layer.experts_active)
    distinct = ranks * (1 - (1 - 1 / ranks) ** layer.experts_active)
    reachable = np.maximum(1, ranks * experts.active_groups / experts.groups)
    return np.minimum(1.0, np.minimum(distinct, reachable) / layer.experts_active)


def pipeline_s(batch: MicroBatch) -> Numbers:
    """To the next and the previous pipeline rank: all chunks, one micro-batch."""
    layouts, machine = batch.layouts, batch.machine
    size = PIPELINE_TRANSFERS * layouts.virtual_pipeline * batch.own_tokens * batch.architecture.hidden * VALUE_BYTES
    distance = layouts.tensor * layouts.context * layouts.data
    seconds = size / machine.transfer_bytes_per_s(distance, span=layouts.gpus)
    # Only the interleaved schedule sends while it works (Megatron-LM, `overlap_p2p_comm`).
    hidden = np.where(layouts.virtual_pipeline > 1, machine.software.pipeline_overlap.expected, 0.0)
    return np.where(layouts.pipeline > 1, seconds * (1 - hidden), 0.0)


def data_s(layouts: Layouts, machine: Machine, *, held: Held, micro_batch_s: Numbers, layers: Integers) -> Numbers:
    """Gradients and weights between the replicas, once a step; FSDP: with every micro-batch.

    ZeRO-1 reduces gradients behind the last micro-batch's backward pass and gathers weights behind the first one's
    forward pass. FSDP gathers each layer's weights twice and reduces its gradients behind the layers' own work. What is
    hidden still takes memory bandwidth and processors from the work: `data_interference` of it.
    """
    sharded = layouts.fully_sharded
    seconds = np.where(
        sharded, _sharded_s(layouts, machine, held, layers=layers), _replicated_s(layouts, machine, held)
    )
    # With a pipeline, weights stay gathered over the step: gathering them for each micro-batch would cost too much.
    rounds = np.where(sharded & (layouts.pipeline == 1), layouts.micro_batches, 1)
    # Interleaved, a chunk is done with its last micro-batch while the others still work off theirs.
    chunks = 1 - 1 / layouts.virtual_pipeline
    window_s = micro_batch_s * (1 + (layouts.pipeline - 1) * chunks)
    interference = machine.software.data_interference.expected
    return rounds * np.maximum(seconds * interference, seconds - window_s * (1 - interference))


def _replicated_s(layouts: Layouts, machine: Machine, held: Held) -> Numbers:
    """ZeRO-1, one step: gradients reduced, weights gathered, in buckets."""
    software = machine.software
    size = software.gradient_bytes + VALUE_BYTES
    for_each_rank = software.bucket_parameters_per_rank.expected * layouts.replicas
    buckets = held.shared / np.maximum(software.bucket_parameters.expected, for_each_rank)
    shared = _ring_s(layouts.replicas, layouts.tensor, held.shared * size, machine, messages=2 * np.ceil(buckets))
    return shared + _experts_s(layouts, held.experts * size, machine, messages=2)


def _sharded_s(layouts: Layouts, machine: Machine, held: Held, *, layers: Integers) -> Numbers:
    """FSDP, one micro-batch: weights gathered forward and backward, gradients reduced, layer by layer.

    HSDP also reduces what is left between its groups.
    """
    gathers = np.where(layouts.pipeline == 1, 2, 1)
    gradient = machine.software.gradient_bytes
    messages = (gathers + 1) * layers
    size = gathers * VALUE_BYTES + gradient
    shared = _ring_s(layouts.parameter_shards, layouts.tensor, held.shared * size, machine, messages=messages)
    experts = _experts_s(layouts, held.experts * size, machine, messages=messages)
    reduced = held.shared / layouts.parameter_shards * 2 * gradient
    groups = np.maximum(1, layouts.replicas // layouts.parameter_shards)
    across = _ring_s(groups, layouts.tensor * layouts.parameter_shards, reduced, machine, messages=layers)
    return shared + experts + across


def _experts_s(layouts: Layouts, size: Numbers, machine: Machine, *, messages: Numbers | Integers | int) -> Numbers:
    return _ring_s(layouts.expert_replicas, layouts.expert * layouts.expert_tensor, size, machine, messages=messages)


def _ring_s(
    ranks: Integers, inner: Integers, size: Numbers, machine: Machine, *, messages: Numbers | Integers | int
) -> Numbers:
    """Rings over groups of `ranks`, `inner` apart, that move `size` bytes in so many messages."""
    moved = (ranks - 1) / ranks * size / machine.collective_bytes_per_s(ranks, inner=inner)
    return moved + messages * (ranks - 1) * machine.software.hop_s.expected
