"""A transformer's architecture: what its parameters, FLOPs and memory follow from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, NamedTuple

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
    """Inner width of one routed expert."""
    shared: Annotated[int, Field(ge=0)] = 0
    """Experts that every token visits."""
    shared_ffn: PositiveInt | None = None
    """Inner width of one shared expert; unset: as wide as a routed one."""
    dense_layers: Annotated[int, Field(ge=0)] = 0
    """Layers at the start that keep the dense feed-forward network."""
    every: PositiveInt = 1
    """Of the layers after those, each `every`-th has experts (2: dense, experts, dense, experts, …)."""
    groups: PositiveInt = 1
    """Groups that the routed experts form."""
    active_groups: PositiveInt = 1
    """Groups that the experts of one token may come from (DeepSeek-V3: 4 of 8, so that it travels to few hosts)."""
    router_biases: bool = False
    """The router has a bias for each expert."""

    @property
    def shared_width(self) -> int:
        """Inner width of all shared experts together."""
        return self.shared * (self.shared_ffn or self.ffn)

    @model_validator(mode="after")
    def _active_exist(self) -> Experts:
        if self.active > self.count:
            refuse(
                field="active",
                value=self.active,
                expected=f"at most the {self.count} experts that there are",
                remedy=f"use active: {self.count} or less, or count: {self.active} or more",
            )
        if self.active_groups > self.groups:
            refuse(
                field="active_groups",
                value=self.active_groups,
                expected=f"at most the {self.groups} groups that there are",
                remedy=f"use active_groups: {self.groups} or less, or groups: {self.active_groups} or more",
            )
        if self.shared_ffn is not None and not self.shared:
            refuse(
                field="shared_ffn",
                value=self.shared_ffn,
                expected="nothing where no expert is shared",
                remedy="say how many are (shared: 1), or leave shared_ffn out",
            )
        return self


class LatentAttention(Spec):
    """Multi-head latent attention (DeepSeek): queries, keys and values through low-rank projections."""

    query_rank: PositiveInt
    """Width that queries are pressed into."""
    key_value_rank: PositiveInt
    """Width that keys and values are pressed into."""
    nope_head: PositiveInt
    """Width of a head's part without position."""
    rope_head: PositiveInt
    """Width of a head's part with rotary position; the keys share one."""
    value_head: PositiveInt
    """Width of a head's values."""


class AttentionWindow(Spec):
    """Attention to the near tokens only, on some of the layers."""

    tokens: PositiveInt
    """Keys that a query sees at most."""
    full_every: Annotated[int, Field(ge=2)] | None = None
    """Each `full_every`-th layer sees the whole sequence (2: windowed, full, windowed, …); unset: none does."""
    chunked: bool = False
    """The sequence is cut into chunks of `tokens`, and a query sees its own chunk (Llama 4); else the window slides."""


class LayerKind(NamedTuple):
    """What tells a layer from its neighbours."""

    experts: bool
    windowed: bool


class Architecture(Spec):
    """A decoder-only transformer. Widths and counts have no unit; sequences are in tokens."""

    layers: PositiveInt
    """Without those of multi-token prediction."""
    hidden: PositiveInt
    """Width of the residual stream."""
    ffn: PositiveInt
    """Inner width of the dense feed-forward network."""
    heads: PositiveInt
    """Attention heads of queries."""
    kv_heads: PositiveInt
    """Heads of keys and values: `heads` for multi-head attention, fewer for grouped queries, 1 for multi-query."""
    head_width: PositiveInt | None = None
    """Width of one head; unset: hidden / heads."""
    vocabulary: PositiveInt
    """Tokens that the model knows: rows of the embedding matrix."""
    sequence_tokens: PositiveInt
    """Length of the sequences in pre-training."""
    gated: bool = True
    """Three matrices in the feed-forward network (SwiGLU and its kin) rather than two (GELU, squared ReLU)."""
    tied_embeddings: bool = False
    """The output projection is the embedding matrix."""
    learned_positions: bool = False
    """A position embedding for each token of the sequence (GPT-3); rotary positions have no parameters."""
    biases: bool = False
    """Linear layers have biases; so have experts."""
    attention_biases: bool | None = None
    """Of queries, keys, values and their output; unset: as `biases`."""
    norm_biases: bool = False
    """Norms have biases (LayerNorm) rather than weights alone (RMSNorm)."""
    post_norms: bool = False
    """Norms after attention and feed-forward network too, not only before (Grok-1)."""
    query_key_norms: bool = False
    """Learned norms of each head's queries and keys, the heads sharing one (Qwen3)."""
    attention_sinks: bool = False
    """A learned number for each head in the sum of its scores (GPT-OSS)."""
    experts: Experts | None = None
    latent_attention: LatentAttention | None = None
    window: AttentionWindow | None = None
    prediction_layers: Annotated[int, Field(ge=0)] = 0
    """Modules of multi-token prediction (DeepSeek-V3): each a projection and one more layer like the last, which are
    trained with the model; embedding and output projection are the model's own."""

    @model_validator(mode="after")
    def _heads_fit(self) -> Architecture:
        if self.heads % self.kv_heads:
            divisors = (n for n in range(1, self.heads + 1) if self.heads % n == 0)
            refuse(
                field="kv_heads",
                value=self.kv_heads,
                expected=f"a divisor of the {self.heads} heads",
                remedy=f"the nearest that divide are {_nearest(divisors, self.kv_heads)}",
            )
        if self.head_width is None and self.hidden % self.heads:
            below = self.hidden // self.heads * self.heads
            near = [width for width in (below, below + self.heads) if width]
            refuse(
                field="hidden",
                value=self.hidden,
                expected=f"a multiple of the {self.heads} heads",
                remedy=f"the nearest multiples are {_nearest(near, self.hidden)}; or give head_width",
            )
        if self.latent_attention is not None and self.kv_heads != self.heads:
            refuse(
                field="kv_heads",
                value=self.kv_heads,
                expected=f"the {self.heads} heads, as latent attention has keys and values for each",
                remedy=f"use kv_heads: {self.heads}, or leave latent_attention out",
            )
        return self

    @model_validator(mode="after")
    def _experts_fit(self) -> Architecture:
        experts = self.experts
        if experts is not None and experts.dense_layers >= self.layers:
            refuse(
                field="experts.dense_layers",
                value=experts.dense_layers,
                expected=f"fewer than the {self.layers} layers",
                remedy=f"use {self.layers - 1} or less, or leave experts out",
            )
        if experts is not None and experts.every > self.layers - experts.dense_layers:
            refuse(
                field="experts.every",
                value=experts.every,
                expected=f"at most the {self.layers - experts.dense_layers} layers after the dense ones",
                remedy=f"use {self.layers - experts.dense_layers} or less, or leave experts out",
            )
        return self

    @model_validator(mode="after")
    def _window_fits(self) -> Architecture:
        window = self.window
        if window is not None and window.tokens > self.sequence_tokens:
            refuse(
                field="window.tokens",
                value=window.tokens,
                expected=f"at most the sequence of {self.sequence_tokens} tokens",
                remedy=f"use {self.sequence_tokens} or less, or leave window out",
            )
        if window is not None and window.full_every is not None and window.full_every > self.layers:
            refuse(
                field="window.full_every",
                value=window.full_every,
                expected=f"at most the {self.layers} layers",
                remedy=f"use {self.layers} or less, or leave it out where no layer sees the whole sequence",
            )
        return self

    @property
    def query_width(self) -> int:
        """Width of all heads together."""
        return self.heads * self.width_of_head

    @property
    def key_value_width(self) -> int:
        """Width of all key heads together (the same again for the values)."""
        return self.kv_heads * self.width_of_head

    @property
    def width_of_head(self) -> int:
        """Width of one head."""
        return self.head_width or self.hidden // self.heads

    @property
    def expert_layers(self) -> int:
        """Layers with a mixture of experts, without those of multi-token prediction."""
        return (self.layers - self.experts.dense_layers) // self.experts.every if self.experts else 0

    def kind(self, layer: int) -> LayerKind:
        """What a layer is; they count from 0, and those of multi-token prediction, after the last, are as the last."""
        layer = min(layer, self.layers - 1)
        experts, window = self.experts, self.window
        return LayerKind(
            experts=experts is not None
            and layer >= experts.dense_layers
            and (layer - experts.dense_layers + 1) % experts.every == 0,
            windowed=window is not None and (window.full_every is None or (layer + 1) % window.full_every != 0),
        )

    def kinds(self) -> Counter[LayerKind]:
        """How many layers there are of each kind, without those of multi-token prediction."""
        return Counter(self.kind(layer) for layer in range(self.layers))


def _nearest(candidates: Iterable[int], value: int) -> str:
    """The two candidates next to a value, as words."""
    return " and ".join(map(str, sorted(sorted(candidates, key=lambda each: abs(each - value))[:2])))
