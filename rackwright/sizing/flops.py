"""Floating-point operations of training, per token.

One multiplication and addition count as two. The backward pass costs twice the forward pass, hence the factor 6 for
each parameter that a token is multiplied with. Attention is causal: half of the full square (NVIDIA/dgxc-benchmarking,
README, gives the same formula with full attention; see `full_attention`).
"""

from __future__ import annotations

from rackwright.sizing import parameters
from rackwright.specs.architecture import Architecture

TRAIN_FLOPS_PER_PARAMETER = 6
"""FLOPs a token and parameter: 2 forward, 4 backward (arXiv 2001.08361, section 2.1)."""


def layer_matrix_flops(layer: parameters.LayerParameters) -> float:
    """Matrix work of one layer, per token, in FLOPs."""
    return TRAIN_FLOPS_PER_PARAMETER * layer.matrix


def head_flops(architecture: Architecture) -> float:
    """The output projection, per token, in FLOPs."""
    return TRAIN_FLOPS_PER_PARAMETER * parameters.head(architecture)


def matrix_flops(architecture: Architecture) -> float:
    """All matrix work, per token, in FLOPs."""
    in_layers = sum(count * layer_matrix_flops(layer) for count, layer in parameters.layers(architecture))
    return in_layers + head_flops(architecture)


def layer_attention_flops(architecture: Architecture, *, sequence_tokens: int, full_attention: bool = False) -> float:
    """Scores and their product with the values in one layer, per token, in FLOPs.

    2 products × 2 FLOPs × 3 passes × the width of the heads × the sequence, and half of that when causal.
    """
    latent = architecture.latent_attention
    width = (
        architecture.query_width
        if latent is None
        else architecture.heads * (latent.nope_head + latent.rope_head + latent.value_head) / 2
    )
    return (12 if full_attention else 6) * width * sequence_tokens


def train_flops(architecture: Architecture, *, sequence_tokens: int, full_attention: bool = False) -> float:
    """All work of forward and backward pass, per token, in FLOPs; recomputation doesn't count."""
    attention = layer_attention_flops(architecture, sequence_tokens=sequence_tokens, full_attention=full_attention)
    return matrix_flops(architecture) + architecture.layers * attention
