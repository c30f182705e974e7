"""What lies in a GPU's memory on each pipeline rank; for many layouts at once.

State: 2-byte weights, gradients of the software's width, and optimizer state sharded over the replicas (ZeRO-1,
Megatron-LM's `theoretical_memory_usage.py`), or all of it sharded (FSDP). Activations: counted from what each layer's
operations keep for their backward pass; with FlashAttention no scores. Bytes here are 10^9 to the GB.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rackwright.catalog import Software
from rackwright.sizing.step import parameters
from rackwright.sizing.step.layouts import Integers, Layouts, Numbers
from rackwright.sizing.step.parallelism import Layout
from rackwright.sizing.step.stages import Stage, rank_layers, stages
from rackwright.sizing.units import GB
from rackwright.specs.architecture import Architecture
from rackwright.specs.figure import Figure
from rackwright.specs.plan import RankMemory

VALUE_BYTES = 2
"""Bytes of a weight or an activation value in BF16."""


LOGIT_BYTES = 4
"""Bytes of each logit at the loss: 2-byte values and their gradient, fused and in place (Megatron-LM's fused
cross-entropy)."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Parameters that one GPU of a rank works with."""

    shared: Numbers
    """Of all but routed experts."""
    experts: Numbers
    """Of routed experts."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on one GPU of a kind of rank, in GB; columns over the layouts."""

    weights_and_gradients_gb: Numbers
    optimizer_gb: Numbers
    activations_gb: Numbers
    overhead_gb: float

    @property
    def total_gb(self) -> Numbers:
        """All of it."""
        return self.weights_and_gradients_gb + self.optimizer_gb + self.activations_gb + self.overhead_gb


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Bytes that a layer keeps for its backward pass, and those of them that selective recomputation doesn't keep."""

    token: float
    """For each of the GPU's own tokens (sequence parallelism splits them over the tensor ranks)."""
    token_selective: float
    copy: float = 0.0
    """For each copy of a token at a routed expert."""
    copy_selective: float = 0.0


def fullest_gb(architecture: Architecture, layouts: Layouts, software: Software, *, sequence_tokens: int) -> Numbers:
    """Memory of the fullest rank of each layout."""
    totals = [
        stage_memory(architecture, layouts, software, stage=stage, sequence_tokens=sequence_tokens).total_gb
        for stage in stages(architecture, layouts)
    ]
    return np.asarray(np.maximum.reduce(totals)) if totals else np.zeros(0)


def frugal(software: Software) -> Software:
    """The software with memory's least: optimizer state in fewer bits, little overhead."""
    least = {
        name: Figure(expected=figure.expected if figure.low is None else figure.low)
        for name, figure in (
            ("optimizer_bytes", software.optimizer_bytes),
            ("memory_overhead_gb", software.memory_overhead_gb),
        )
    }
    return software.model_copy(update=least)


def rank_memories(
    architecture: Architecture, layout: Layout, software: Software, *, sequence_tokens: int
) -> list[RankMemory]:
    """Memory of each pipeline rank of one layout, by parts."""
    layers = np.array(rank_layers(architecture, layout.pipeline), dtype=np.int64)
    every = Layouts.of([layout] * layout.pipeline)
    memory = stage_memory(
        architecture,
        every,
        software,
        stage=Stage(rank=np.arange(layout.pipeline), dense=layers[:, 0], expert=layers[:, 1]),
        sequence_tokens=sequence_tokens,
    )
    return [
        RankMemory(
            rank=rank,
            weights_and_gradients_gb=float(memory.weights_and_gradients_gb[rank]),
            optimizer_gb=float(memory.optimizer_gb[rank]),
            activations_gb=float(memory.activations_gb[rank]),
            overhead_gb=memory.overhead_gb,
            total_gb=float(memory.total_gb[rank]),
        )
        for rank in range(layout.pipeline)
    ]


def stage_memory(
    architecture: Architecture,
    layouts: Layouts,
    software: Software,
    *,
    stage: Stage,
    sequence_tokens: int,
) -> Memory:
    """Memory of one rank."""
    held = parameters_held(architecture, layouts, stage)
    gradients = software.gradient_bytes
    shards = layouts.parameter_shards
    expert_replicas = layouts.expert_replicas
    whole = VALUE_BYTES + gradients
    experts_shards = np.where(layouts.fully_sharded, expert_replicas, 1)
    weights = whole * (held.shared / shards + held.experts / experts_shards)
    # One layer's weights are gathered while it runs, the next one's fetched ahead; with a pipeline, all of the rank's.
    gathered = np.where(layouts.pipeline > 1, 1.0, np.minimum(1.0, 2 / np.maximum(1, stage.layers)))
    weights = weights + np.where(
        layouts.fully_sharded, gathered * VALUE_BYTES * (held.shared + np.where(experts_shards > 1, held.experts, 0)), 0
    )
    optimizer = software.optimizer_bytes.expected * (
        held.shared / layouts.optimizer_shards + held.experts / expert_replicas
    )
    return Memory(
        weights_and_gradients_gb=weights / GB,
        optimizer_gb=optimizer / GB,
        activations_gb=_activation_bytes(architecture, layouts, stage, sequence_tokens) / GB,
        overhead_gb=software.memory_overhead_gb.expected,
    )


def parameters_held(architecture: Architecture, layouts: Layouts, stage: Stage) -> Held:
    """Parameters whose layers one GPU of a rank runs."""
    dense = parameters.dense_layer(architecture).total if architecture.expert_layers < architecture.layers else 0
    shared = stage.dense * dense / layouts.tensor
    experts = np.zeros(len(layouts))
    if architecture.experts is not None:
        layer = parameters.expert_layer(architecture)
        shared = shared + stage.expert * (layer.total - layer.routed) / layouts.tensor
        experts = stage.expert * layer.routed / (layouts.expert * layouts.expert_tensor)
    first, last = stage.rank == 0, stage.rank == layouts.pipeline - 1
    own_head = last & ~(architecture.tied_embeddings & first)
    ends = first * parameters.embedding(architecture) + own_head * parameters.head(architecture)
    ends = ends + last * architecture.prediction_layers * 2 * architecture.hidden**2  # projections before the modules
    return Held(shared=shared + ends / layouts.tensor, experts=experts)


def _activation_bytes(architecture: Architecture, layouts: Layouts, stage: Stage, sequence_tokens: int) -> Numbers:
    own = sequence_tokens * layouts.micro_batch / (layouts.tensor * layouts.context)
    copies = own * layouts.expert_tensor * (architecture.experts.active if architecture.experts else 0)
    dense_bytes = _layer_bytes(kept(architecture, experts=False), layouts, own, copies)
    expert_bytes = _layer_bytes(kept(architecture, experts=True), layouts, own, copies)
    in_flight = _micro_batches_in_flight(layouts, stage.rank)
    whole = in_flight * (stage.dense * dense_bytes + stage.expert * expert_bytes)
    # With full recomputation a layer keeps its input alone, and one at a time is whole in its backward pass.
    inputs = in_flight * stage.layers * own * VALUE_BYTES * architecture.hidden
    recomputed = inputs + np.where(stage.expert > 0, expert_bytes, dense_bytes)
    is_last = stage.rank == layouts.pipeline - 1
    heads = is_last * (1 + architecture.prediction_layers)
    logits: Numbers = heads * LOGIT_BYTES * own * architecture.vocabulary
    return np.where(layouts.recompute_full, recomputed, whole) + logits


def _layer_bytes(layer: Kept, layouts: Layouts, own: Numbers, copies: Numbers | Integers) -> Numbers:
    whole = own * layer.token + copies * layer.copy
    return np.where(
        layouts.recompute_selective, whole - own * layer.token_selective - copies * layer.copy_selective, whole
    )


def kept(architecture: Architecture, *, experts: bool) -> Kept:
    """What one layer keeps: inputs of norms and products, and what attention and activation functions need.

    Selective recomputation runs norms, activation functions and latent attention's projections up again (Megatron-Core,
    `recompute_modules`), so their outputs aren't kept.
    """
    norm_outputs = 2 * VALUE_BYTES * architecture.hidden
    attention, attention_selective = _attention_kept(architecture)
    # The activation function's inputs (two if gated) and its output.
    width_bytes = VALUE_BYTES * (3 if architecture.gated else 2)
    width = architecture.ffn
    if experts and architecture.experts is not None:
        width = architecture.experts.shared_width
    token = Kept(
        token=2 * norm_outputs + attention + width_bytes * width,
        token_selective=norm_outputs + attention_selective + VALUE_BYTES * width,
    )
    if not experts or architecture.experts is None:
        return token
    routed = architecture.experts.ffn
    copy_ends = 2 * VALUE_BYTES * architecture.hidden  # the copy that was sent, and the expert's output
    return replace(token, copy=width_bytes * routed + copy_ends, copy_selective=VALUE_BYTES * routed)


def _attention_kept(architecture: Architecture) -> tuple[float, float]:
    """Bytes for a token, and those that selective recomputation doesn't keep."""
    latent = architecture.latent_attention
    if latent is None:
        values = 2 * architecture.query_width + 2 * architecture.key_value_width  # queries, keys, values, output
        return VALUE_BYTES * values, 0.0
    low_rank = latent.query_rank + latent.key_value_rank + latent.rope_head
    up = architecture.heads * (2 * (latent.nope_head + latent.rope_head) + latent.value_head)
    output = architecture.heads * latent.value_head
    return VALUE_BYTES * (2 * low_rank + up + output), VALUE_BYTES * up


def _micro_batches_in_flight(layouts: Layouts, rank: Integers) -> Numbers:
    """Micro-batches whose activations a rank holds at the peak (1F1B; interleaved: Megatron's warm-up count)."""
    behind = layouts.pipeline - rank
    plain = np.minimum(layouts.micro_batches, behind).astype(np.float64)
    in_chunks = 2 * (behind - 1) + (layouts.virtual_pipeline - 1) * layouts.pipeline + 1
    interleaved = np.minimum(in_chunks, layouts.micro_batches * layouts.virtual_pipeline) / layouts.virtual_pipeline
    return np.asarray(np.where(layouts.virtual_pipeline == 1, plain, interleaved))
