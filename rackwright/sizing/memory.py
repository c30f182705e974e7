"""What lies in a GPU's memory on each pipeline rank.

Formulas: Megatron-LM, `theoretical_memory_usage.py`: 2-byte weights and 4-byte gradients on each rank, 12 bytes of
optimizer state sharded over the data ranks (ZeRO-1); activations of a layer with sequence parallelism and
FlashAttention s·b·(18h + 4f) / (tensor · context) bytes. Bytes here are 10^9 to the GB.
"""

from __future__ import annotations

from rackwright.sizing import parameters
from rackwright.sizing.parallelism import Layout, stage_layers
from rackwright.specs.architecture import Architecture
from rackwright.specs.plan import RankMemory

WEIGHT_AND_GRADIENT_BYTES = 6
"""Bytes a parameter: 2 for the BF16 weight, 4 for the FP32 gradient (Megatron-LM)."""

OPTIMIZER_BYTES = 12
"""Bytes a parameter: FP32 weight and Adam's two moments (Megatron-LM)."""

GB = 1e9
"""Bytes."""


def rank_memory(
    architecture: Architecture, layout: Layout, *, rank: int, sequence_tokens: int, overhead_gb: float
) -> RankMemory:
    """Memory of one pipeline rank, by parts."""
    dense, routed = _parameters_on(architecture, layout, rank)
    optimizer = dense / layout.sharding_ranks + routed / layout.expert_sharding_ranks
    weights_gb = WEIGHT_AND_GRADIENT_BYTES * (dense + routed) / GB
    optimizer_gb = OPTIMIZER_BYTES * optimizer / GB
    activations_gb = _activation_bytes(architecture, layout, rank, sequence_tokens) / GB
    return RankMemory(
        rank=rank,
        weights_and_gradients_gb=weights_gb,
        optimizer_gb=optimizer_gb,
        activations_gb=activations_gb,
        overhead_gb=overhead_gb,
        total_gb=weights_gb + optimizer_gb + activations_gb + overhead_gb,
    )


def parameters_on_rank(architecture: Architecture, layout: Layout, *, rank: int) -> float:
    """Parameters whose weights and gradients one GPU of a pipeline rank holds."""
    return sum(_parameters_on(architecture, layout, rank))


def telling_ranks(layout: Layout) -> set[int]:
    """The ranks of which one is the fullest: the first keeps most activations, the second may hold more layers."""
    return {0, min(1, layout.pipeline - 1), layout.pipeline - 1}


def _parameters_on(architecture: Architecture, layout: Layout, rank: int) -> tuple[float, float]:
    """Parameters on one GPU of a rank: those that all data ranks share, and routed experts."""
    first, count = _layers_on(architecture, layout, rank)
    dense_layers = architecture.layers - architecture.expert_layers
    plain = max(0, min(dense_layers, first + count) - first)
    dense = routed = 0.0
    if plain:
        dense += plain * parameters.dense_layer(architecture).total / layout.tensor
    if count > plain:
        layer = parameters.expert_layer(architecture)
        dense += (count - plain) * (layer.total - layer.routed) / layout.tensor
        routed += (count - plain) * layer.routed / layout.expert
    if rank == 0:
        dense += parameters.embedding(architecture) / layout.tensor
    if rank == layout.pipeline - 1 and not (architecture.tied_embeddings and layout.pipeline == 1):
        dense += parameters.head(architecture) / layout.tensor
    return dense, routed


def _layers_on(architecture: Architecture, layout: Layout, rank: int) -> tuple[int, int]:
    """The first layer of a rank and how many it has, as if chunks weren't interleaved."""
    split = stage_layers(architecture.layers, layout.pipeline)
    return sum(split[:rank]), split[rank]


def _activation_bytes(architecture: Architecture, layout: Layout, rank: int, sequence_tokens: int) -> float:
    tokens = sequence_tokens * layout.micro_batch / (layout.tensor * layout.context)
    _, count = _layers_on(architecture, layout, rank)
    whole = tokens * _layer_activation_width(architecture)
    held = count * _micro_batches_in_flight(layout, rank)
    # With recomputation each layer keeps its input (2 bytes a value), and one at a time is whole in its backward pass.
    recomputed = held * 2 * tokens * architecture.hidden + whole
    layers = recomputed if layout.recompute == "full" else held * whole
    is_last = rank == layout.pipeline - 1
    logits = 4 * tokens * (architecture.hidden + architecture.vocabulary) if is_last else 0.0
    return layers + logits


def _layer_activation_width(architecture: Architecture) -> float:
    """Bytes a token that one layer keeps for its backward pass."""
    experts = architecture.experts
    if experts is None:
        return 18 * architecture.hidden + 4 * architecture.ffn
    copies = 4 * architecture.hidden * experts.active  # tokens dispatched to experts and their outputs
    return 18 * architecture.hidden + copies + 4 * experts.ffn * (experts.active + experts.shared)


def _micro_batches_in_flight(layout: Layout, rank: int) -> float:
    """Micro-batches whose activations a rank holds at the peak (1F1B; interleaved: Megatron's warm-up count)."""
    stages, chunks = layout.pipeline, layout.virtual_pipeline
    behind = stages - rank
    if chunks == 1:
        return min(layout.micro_batches, behind)
    in_chunks = 2 * (behind - 1) + (chunks - 1) * stages + 1
    return min(in_chunks, layout.micro_batches * chunks) / chunks
