"""The work of one layer: its matrix products, and the memory traffic of all that goes element by element."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.step.products import Products, attention, network, replicated
from rackwright.specs.architecture import Architecture

FORWARD_PART = 1 / 3
"""Of matrix work: one product forward, two backward (gradients of inputs and of weights)."""

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

EXPERT_BIAS_BYTES = 10
"""A bias that no product adds: bytes a token's copy and output; repeated for each copy (written and read), added (the
output read, the sum written), and the gradient read once more to sum it."""


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
    expert_bias_bytes: float
    """What biases add to it, where the experts' products don't add them."""
    saved_by_recompute_bytes: float
    """Part of `elementwise_bytes` that selective recomputation runs a second time."""


def dense_work(architecture: Architecture) -> LayerWork:
    """A layer with a dense feed-forward network."""
    shared = attention(architecture) + network(architecture, architecture.ffn)
    return _layer(architecture, shared=shared, width=architecture.ffn, routed=None)


def expert_work(architecture: Architecture) -> LayerWork:
    """A layer with a mixture of experts."""
    experts = architecture.experts
    if experts is None:
        raise ValueError("the architecture has no experts")
    width = experts.shared_width
    shared = attention(architecture) + replicated(architecture.hidden, experts.count)
    if width:
        shared += network(architecture, width)
    return _layer(architecture, shared=shared, width=width, routed=experts.ffn)


def _layer(architecture: Architecture, *, shared: Products, width: int, routed: int | None) -> LayerWork:
    activation = GATED_ACTIVATION_BYTES if architecture.gated else PLAIN_ACTIVATION_BYTES
    rotated = 0 if architecture.learned_positions else architecture.query_width + architecture.key_value_width
    elementwise = NORM_BYTES * architecture.hidden + ROTATION_BYTES * rotated + activation * width
    experts = architecture.experts
    outputs = (2 if architecture.gated else 1) * (routed or 0) + architecture.hidden
    return LayerWork(
        shared=shared,
        experts=network(architecture, routed) if routed else Products(),
        experts_active=experts.active if experts and routed else 0,
        experts_count=experts.count if experts and routed else 0,
        elementwise_bytes=elementwise,
        expert_elementwise_bytes=(activation * routed + PERMUTATION_BYTES * architecture.hidden) if routed else 0.0,
        expert_bias_bytes=EXPERT_BIAS_BYTES * outputs if architecture.biases and routed else 0.0,
        saved_by_recompute_bytes=elementwise * FORWARD_PART,
    )
