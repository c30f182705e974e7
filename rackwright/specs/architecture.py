"""A transformer's architecture: what its parameters, FLOPs and memory follow from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rackwright.specs.base import Spec, refuse

PositiveInt = Annotated[int, Field(ge=1)]


class Experts(Spec):
    """The mixture of experts that takes the place of the feed-forward network."""

    count: PositiveInt
    """Routed experts of one layer."""
    active: PositiveInt
    """Routed experts that each token visits."""
    ffn: PositiveInt
    """Inner width of one expert."""
    shared: Annotated[int, Field(ge=0)] = 0
    """Experts of the same width that every token visits."""
    dense_layers: Annotated[int, Field(ge=0)] = 0
    """Layers at the start that keep a dense feed-forward network (of width `ffn`)."""

    @model_validator(mode="after")
    def _active_exist(self) -> Experts:
        if self.active > self.count:
            refuse(
                field="active",
                value=self.active,
                expected=f"at most the {self.count} experts that there are",
                remedy="lower active or raise count",
            )
        return self


class LatentAttention(Spec):
    """Multi-head latent attention (DeepSeek): queries, keys and values through low-rank projections."""

    query_rank: PositiveInt
    key_value_rank: PositiveInt
    nope_head: PositiveInt
    """Width of a head's part without position."""
    rope_head: PositiveInt
    """Width of a head's part with rotary position; the keys share one."""
    value_head: PositiveInt


class Architecture(Spec):
    """A decoder-only transformer. Widths and counts have no unit; sequences are in tokens."""

    layers: PositiveInt
    hidden: PositiveInt
    """Width of the residual stream."""
    ffn: PositiveInt
    """Inner width of the dense feed-forward network."""
    heads: PositiveInt
    kv_heads: PositiveInt
    """Heads of keys and values: `heads` for multi-head attention, fewer for grouped queries, 1 for multi-query."""
    head_width: PositiveInt | None = None
    """Width of one head; unset: hidden / heads."""
    vocabulary: PositiveInt
    sequence_tokens: PositiveInt
    """Length of the sequences in pre-training."""
    gated: bool = True
    """Three matrices in the feed-forward network (SwiGLU and its kin) rather than two."""
    tied_embeddings: bool = False
    """The output projection is the embedding matrix."""
    learned_positions: bool = False
    """A position embedding for each token of the sequence (GPT-3); rotary positions have no parameters."""
    biases: bool = False
    """Linear layers have biases, and the norms too (GPT-3)."""
    experts: Experts | None = None
    latent_attention: LatentAttention | None = None

    @model_validator(mode="after")
    def _heads_divide(self) -> Architecture:
        if self.heads % self.kv_heads:
            nearest = min((n for n in range(1, self.heads + 1) if self.heads % n == 0), key=self._distance_to_kv_heads)
            refuse(
                field="kv_heads",
                value=self.kv_heads,
                expected=f"a divisor of the {self.heads} heads",
                remedy=f"the nearest that divides is {nearest}",
            )
        if self.head_width is None and self.hidden % self.heads:
            refuse(
                field="hidden",
                value=self.hidden,
                expected=f"a multiple of the {self.heads} heads",
                remedy=f"use {round(self.hidden / self.heads) * self.heads}, or give head_width",
            )
        if self.experts is not None and self.experts.dense_layers >= self.layers:
            refuse(
                field="experts.dense_layers",
                value=self.experts.dense_layers,
                expected=f"fewer than the {self.layers} layers",
                remedy="lower it, or leave experts out",
            )
        return self

    def _distance_to_kv_heads(self, heads: int) -> int:
        return abs(heads - self.kv_heads)

    @property
    def query_width(self) -> int:
        """Width of all heads together."""
        return self.heads * (self.head_width or self.hidden // self.heads)

    @property
    def key_value_width(self) -> int:
        """Width of all key heads together (the same again for the values)."""
        return self.query_width // self.heads * self.kv_heads

    @property
    def expert_layers(self) -> int:
        """Layers with a mixture of experts."""
        return self.layers - self.experts.dense_layers if self.experts else 0
