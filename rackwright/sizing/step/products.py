"""The matrix products of a model: what its parameters, FLOPs, memory traffic and messages are all counted from.

A matrix product of M rows (tokens), K inputs and N outputs costs 2·M·K·N FLOPs and moves its inputs, weights and
outputs through the GPU's memory. Products split over the tensor ranks keep one side whole: a column-parallel one its
inputs, a row-parallel one its outputs. With sequence parallelism everything else is split over the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.step.layouts import Integers, Numbers
from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class Products:
    """Matrix products with the same tokens, summed: what FLOPs and bytes follow from."""

    weights: int = 0
    """Σ K·N."""
    whole: int = 0
    """Σ of the sides that tensor parallelism leaves whole."""
    split: int = 0
    """Σ of the sides that it splits."""

    def sides(self, ranks: Numbers | Integers) -> Numbers:
        """Values of inputs and outputs, for a token, on each of the tensor ranks that share the products."""
        return self.whole + self.split / ranks

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


def attention(architecture: Architecture) -> Products:
    """The projections of queries, keys, values and output."""
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


def network(architecture: Architecture, width: int) -> Products:
    """A feed-forward network of that inner width."""
    return column(architecture.hidden, (2 if architecture.gated else 1) * width) + row(width, architecture.hidden)


def head(architecture: Architecture) -> Products:
    """The output projection."""
    return column(architecture.hidden, architecture.vocabulary)
