"""The work of one layer, in FLOPs and bytes, counted from its matrices.

A matrix product of M rows (tokens), K inputs and N outputs costs 2·M·K·N FLOPs and moves its inputs, weights and
outputs through the GPU's memory. Products split over the tensor ranks keep one side whole: a column-parallel one its
inputs, a row-parallel one its outputs. With sequence parallelism everything else is split over the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.specs.architecture import Architecture

FORWARD_PART = 1 / 3
"""Of matrix work: one product forward, two backward (gradients of inputs and of weights)."""

RECOMPUTED_ATTENTION_PART = 0.22
"""Of attention: two products forward and five backward (the scores are computed again), the forward ones at about 1.4
times the rate (FlashAttention-2, arXiv 2307.08691, figures 4 to 6)."""

NORM_BYTES = 40
"""Memory traffic of norms and residual sums: bytes a token and unit of hidden width, one layer, forward and backward.

Two norms read and write 2-byte values forward (8), read three and write one backward (16); two fused sums read two
values and write one forward (12), and backward pass one on (4).
"""

ROTATION_BYTES = 8
"""Rotary positions: bytes a token and unit of query and key width; read and write, forward and backward."""

GATED_ACTIVATION_BYTES = 16
"""SwiGLU: bytes a token and unit of feed-forward width; 3 values forward, 5 backward."""

PLAIN_ACTIVATION_BYTES = 10
"""GELU or squared ReLU: 2 values forward, 3 backward."""

LOSS_BYTES = 20
"""Softmax and cross-entropy: bytes a token and entry of the vocabulary; 2-byte logits, 4-byte exponentials and
gradient."""

PERMUTATION_BYTES = 16
"""Sorting tokens by expert and back: bytes a token's copy and unit of hidden width; read and write, two sorts, both
ways."""


@dataclass(frozen=True, kw_only=True)
class Products:
    """Matrix products with the same tokens, summed: what FLOPs and bytes follow from."""

    weights: float = 0.0
    """Σ K·N."""
    whole: float = 0.0
    """Σ of the sides that tensor parallelism leaves whole."""
    split: float = 0.0
    """Σ of the sides that it splits."""

    def __add__(self, other: Products) -> Products:
        return Products(
            weights=self.weights + other.weights, whole=self.whole + other.whole, split=self.split + other.split
        )


def column(inputs: int, outputs: int) -> Products:
    """A product whose outputs the tensor ranks split."""
    return Products(weights=inputs * outputs, whole=inputs, split=outputs)


def row(inputs: int, outputs: int) -> Products:
    """A product whose inputs they split."""
    return Products(weights=inputs * outputs, whole=outputs, split=inputs)


def replicated(inputs: int, outputs: int) -> Products:
    """A product that each tensor rank does for its own tokens, with all of the weights."""
    return Products(weights=inputs * outputs, split=inputs + outputs)


@dataclass(frozen=True, kw_only=True)
class LayerWork:
    """One layer of one kind."""

    shared: Products
    """Products that every token passes: attention, dense network or shared experts."""
    experts: Products
    """One routed expert's."""
    experts_active: int
    """Routed experts that a token visits; 0 in a dense layer."""
    experts_count: int
    elementwise_bytes: float
    """Memory traffic for one token, without routed experts."""
    expert_elementwise_bytes: float
    """The same for one token's copy at one expert."""
    saved_by_recompute_bytes: float
    """Part of `elementwise_bytes` that selective recomputation runs a second time."""


def dense_work(architecture: Architecture) -> LayerWork:
    """A layer with a dense feed-forward network."""
    shared = _attention(architecture) + _network(architecture, architecture.ffn)
    return _layer(architecture, shared=shared, width=architecture.ffn, routed=None)


def expert_work(architecture: Architecture) -> LayerWork:
    """A layer with a mixture of experts."""
    experts = architecture.experts
    if experts is None:
        raise ValueError("the architecture has no experts")
    width = experts.shared * (experts.shared_ffn or experts.ffn)
    shared = _attention(architecture) + replicated(architecture.hidden, experts.count)
    if width:
        shared += _network(architecture, width)
    return _layer(architecture, shared=shared, width=width, routed=experts.ffn)


def head_work(architecture: Architecture) -> Products:
    """The output projection."""
    return column(architecture.hidden, architecture.vocabulary)


def _layer(architecture: Architecture, *, shared: Products, width: int, routed: int | None) -> LayerWork:
    activation = GATED_ACTIVATION_BYTES if architecture.gated else PLAIN_ACTIVATION_BYTES
    rotated = 0 if architecture.learned_positions else architecture.query_width + architecture.key_value_width
    elementwise = NORM_BYTES * architecture.hidden + ROTATION_BYTES * rotated + activation * width
    experts = architecture.experts
    return LayerWork(
        shared=shared,
        experts=_network(architecture, routed) if routed else Products(),
        experts_active=experts.active if experts and routed else 0,
        experts_count=experts.count if experts and routed else 0,
        elementwise_bytes=elementwise,
        expert_elementwise_bytes=(activation * routed + PERMUTATION_BYTES * architecture.hidden) if routed else 0.0,
        saved_by_recompute_bytes=elementwise * FORWARD_PART,
    )


def _network(architecture: Architecture, width: int) -> Products:
    return column(architecture.hidden, (2 if architecture.gated else 1) * width) + row(width, architecture.hidden)


def _attention(architecture: Architecture) -> Products:
    hidden, latent = architecture.hidden, architecture.latent_attention
    if latent is None:
        queries_keys_values = column(hidden, architecture.query_width + 2 * architecture.key_value_width)
        return queries_keys_values + row(architecture.query_width, hidden)
    heads = architecture.heads
    return (
        replicated(hidden, latent.query_rank + latent.key_value_rank + latent.rope_head)
        + column(latent.query_rank, heads * (latent.nope_head + latent.rope_head))
        + column(latent.key_value_rank, heads * (latent.nope_head + latent.value_head))
        + row(heads * latent.value_head, hidden)
    )
