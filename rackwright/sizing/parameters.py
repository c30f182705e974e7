"""How many parameters a model has, and where they sit."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class LayerParameters:
    """Parameters of one layer."""

    attention: int
    """The projections of queries, keys, values and output."""
    feed_forward: int
    """What every token passes: the dense network, or router and shared experts."""
    routed: int
    """All routed experts."""
    routed_active: int
    """The routed experts that one token visits."""
    norms: int
    """Norms and biases: no matrix work."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.attention + self.feed_forward + self.routed + self.norms

    @property
    def matrix(self) -> int:
        """Those that each token is multiplied with."""
        return self.attention + self.feed_forward + self.routed_active


def dense_layer(architecture: Architecture) -> LayerParameters:
    """A layer with a dense feed-forward network."""
    return LayerParameters(
        attention=_attention(architecture),
        feed_forward=_matrices(architecture) * architecture.hidden * architecture.ffn,
        routed=0,
        routed_active=0,
        norms=_norms(architecture) + (architecture.ffn if architecture.biases else 0),
    )


def expert_layer(architecture: Architecture) -> LayerParameters:
    """A layer with a mixture of experts."""
    experts = architecture.experts
    if experts is None:
        raise ValueError("the architecture has no experts")
    one = _matrices(architecture) * architecture.hidden * experts.ffn
    return LayerParameters(
        attention=_attention(architecture),
        feed_forward=experts.shared * one + architecture.hidden * experts.count,
        routed=experts.count * one,
        routed_active=experts.active * one,
        norms=_norms(architecture),
    )


def embedding(architecture: Architecture) -> int:
    """The input embedding, learned positions included."""
    positions = architecture.sequence_tokens if architecture.learned_positions else 0
    return (architecture.vocabulary + positions) * architecture.hidden


def head(architecture: Architecture) -> int:
    """The output projection as a matrix; with tied embeddings it is the embedding's own."""
    return architecture.vocabulary * architecture.hidden


def layers(architecture: Architecture) -> list[tuple[int, LayerParameters]]:
    """Each kind of layer that occurs, with how many there are."""
    expert_layers = architecture.expert_layers
    kinds = []
    if architecture.layers > expert_layers:
        kinds.append((architecture.layers - expert_layers, dense_layer(architecture)))
    if expert_layers:
        kinds.append((expert_layers, expert_layer(architecture)))
    return kinds


def total(architecture: Architecture) -> int:
    """All parameters of the model."""
    outside = embedding(architecture) + (0 if architecture.tied_embeddings else head(architecture))
    final_norm = architecture.hidden * (2 if architecture.biases else 1)
    return outside + final_norm + sum(count * layer.total for count, layer in layers(architecture))


def active(architecture: Architecture) -> int:
    """The parameters that one token passes through."""
    idle = sum(count * (layer.routed - layer.routed_active) for count, layer in layers(architecture))
    return total(architecture) - idle


def _matrices(architecture: Architecture) -> int:
    return 3 if architecture.gated else 2


def _attention(architecture: Architecture) -> int:
    hidden = architecture.hidden
    latent = architecture.latent_attention
    if latent is None:
        return 2 * hidden * (architecture.query_width + architecture.key_value_width)
    heads = architecture.heads
    queries = latent.query_rank * (hidden + heads * (latent.nope_head + latent.rope_head))
    down = hidden * (latent.key_value_rank + latent.rope_head)
    up = latent.key_value_rank * heads * (latent.nope_head + latent.value_head)
    return queries + down + up + heads * latent.value_head * hidden


def _norms(architecture: Architecture) -> int:
    latent = architecture.latent_attention
    low_rank = latent.query_rank + latent.key_value_rank if latent else 0
    if not architecture.biases:
        return 2 * architecture.hidden + low_rank
    projections = architecture.query_width + 2 * architecture.key_value_width + 2 * architecture.hidden
    return 4 * architecture.hidden + projections
