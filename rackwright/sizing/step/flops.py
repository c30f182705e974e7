"""Floating-point operations of training, per token.

One multiplication and addition count as two. The backward pass costs twice the forward pass, hence the factor 6 for
each parameter that a token is multiplied with. Attention is causal: half of the full square (NVIDIA/dgxc-benchmarking,
README, gives the same formula with full attention; see `full_attention`).
"""

from __future__ import annotations

from rackwright.sizing.step import parameters
from rackwright.specs.architecture import Architecture

TRAIN_FLOPS_PER_PARAMETER = 6
"""FLOPs a token and parameter: 2 forward, 4 backward (arXiv 2001.08361, section 2.1)."""

TRAIN_FLOPS_PER_KEY = 12
"""FLOPs a token, key and unit of the heads' width: 2 products × 2 FLOPs × 3 passes."""


def layer_matrix_flops(layer: parameters.LayerParameters) -> float:
    """Matrix work of one layer, per token, in FLOPs."""
    return TRAIN_FLOPS_PER_PARAMETER * layer.matrix


def head_flops(architecture: Architecture) -> float:
    """The output projection, per token, in FLOPs; each module of multi-token prediction runs it once more."""
    return TRAIN_FLOPS_PER_PARAMETER * parameters.head(architecture)


def prediction_flops(architecture: Architecture) -> float:
    """Matrix work of multi-token prediction with its passes through the output projection, per token, in FLOPs."""
    if not architecture.prediction_layers:
        return 0.0
    one = layer_matrix_flops(parameters.prediction_layer(architecture)) + head_flops(architecture)
    return architecture.prediction_layers * one


def matrix_flops(architecture: Architecture) -> float:
    """All matrix work, per token, in FLOPs."""
    in_layers = sum(count * layer_matrix_flops(layer) for count, layer in parameters.layers(architecture))
    return in_layers + head_flops(architecture) + prediction_flops(architecture)


def keys_seen(
    architecture: Architecture, *, sequence_tokens: int, windowed: bool, full_attention: bool = False
) -> float:
    """Keys that a query meets in one layer, the mean over the sequence.

    Causal: half of the sequence, as the diagonal is cut through; of a sliding window w, w − w² / 2s. With
    `full_attention` nothing is taken off for causality.
    """
    window = architecture.window
    if not windowed or window is None or window.tokens >= sequence_tokens:
        return sequence_tokens if full_attention else sequence_tokens / 2
    if full_attention:
        return window.tokens
    return window.tokens / 2 if window.chunked else window.tokens - window.tokens**2 / (2 * sequence_tokens)


def layer_attention_flops(
    architecture: Architecture, *, sequence_tokens: int, full_attention: bool = False, windowed: bool = False
) -> float:
    """Scores and their product with the values in one layer, per token, in FLOPs.

    `windowed` says that the layer is one of those with a window (`Architecture.kind`).
    """
    latent = architecture.latent_attention
    width = (
        architecture.query_width
        if latent is None
        else architecture.heads * (latent.nope_head + latent.rope_head + latent.value_head) / 2
    )
    keys = keys_seen(architecture, sequence_tokens=sequence_tokens, windowed=windowed, full_attention=full_attention)
    return TRAIN_FLOPS_PER_KEY * width * keys


def attention_flops(architecture: Architecture, *, sequence_tokens: int, full_attention: bool = False) -> float:
    """Scores and their product with the values in all layers, per token, in FLOPs."""
    counts = architecture.kinds()
    counts[architecture.kind(architecture.layers)] += architecture.prediction_layers
    return sum(
        count
        * layer_attention_flops(
            architecture, sequence_tokens=sequence_tokens, full_attention=full_attention, windowed=kind.windowed
        )
        for kind, count in counts.items()
    )


def train_flops(architecture: Architecture, *, sequence_tokens: int, full_attention: bool = False) -> float:
    """All work of forward and backward pass, per token, in FLOPs; recomputation doesn't count."""
    attention = attention_flops(architecture, sequence_tokens=sequence_tokens, full_attention=full_attention)
    return matrix_flops(architecture) + attention
