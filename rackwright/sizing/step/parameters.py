"""How many parameters a model has, and where they sit."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.step import products
from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class LayerParameters:
    """Parameters of one layer."""

    attention: int
    """The projections of queries, keys, values and output."""
    feed_forward: int
    """What every token passes: the dense network, or router and shared experts."""
    routed: int
    """All routed experts, with their biases."""
    routed_active: int
    """The routed experts that one token visits."""
    norms: int
    """Norms, biases and the like: no matrix work."""

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
        attention=products.attention(architecture).weights,
        feed_forward=products.network(architecture, architecture.ffn).weights,
        routed=0,
        routed_active=0,
        norms=_norms(architecture) + _feed_forward_biases(architecture, architecture.ffn),
    )


def expert_layer(architecture: Architecture) -> LayerParameters:
    """A layer with a mixture of experts."""
    experts = architecture.experts
    if experts is None:
        raise ValueError("the architecture has no experts")
    one = products.network(architecture, experts.ffn).weights + _feed_forward_biases(architecture, experts.ffn)
    shared_biases = experts.shared * _feed_forward_biases(architecture, experts.shared_ffn or experts.ffn)
    return LayerParameters(
        attention=products.attention(architecture).weights,
        feed_forward=products.network(architecture, experts.shared_width).weights + architecture.hidden * experts.count,
        routed=experts.count * one,
        routed_active=experts.active * one,
        norms=_norms(architecture) + shared_biases + (experts.count if experts.router_biases else 0),
    )


def layer(architecture: Architecture, *, experts: bool) -> LayerParameters:
    """A layer of either kind (see `Architecture.kind`)."""
    return expert_layer(architecture) if experts else dense_layer(architecture)


def prediction_layer(architecture: Architecture) -> LayerParameters:
    """One module of multi-token prediction: a layer like the last, and what joins it to the model.

    Two norms and a projection from the last hidden state beside the next token's embedding (DeepSeek-V3,
    README_WEIGHTS.md), counted with the feed-forward network, and a norm before the output projection.
    """
    last = layer(architecture, experts=architecture.kind(architecture.layers).experts)
    return LayerParameters(
        attention=last.attention,
        feed_forward=last.feed_forward + 2 * architecture.hidden * architecture.hidden,
        routed=last.routed,
        routed_active=last.routed_active,
        norms=last.norms + 3 * norm(architecture),
    )


def embedding(architecture: Architecture) -> int:
    """The input embedding, learned positions included."""
    positions = architecture.sequence_tokens if architecture.learned_positions else 0
    return (architecture.vocabulary + positions) * architecture.hidden


def head(architecture: Architecture) -> int:
    """The output projection as a matrix; with tied embeddings it is the embedding's own."""
    return products.head(architecture).weights


def norm(architecture: Architecture) -> int:
    """One norm of the residual stream."""
    return architecture.hidden * (2 if architecture.norm_biases else 1)


def layers(architecture: Architecture) -> list[tuple[int, LayerParameters]]:
    """Each kind of layer that occurs, with how many there are; multi-token prediction is apart."""
    expert_layers = architecture.expert_layers
    kinds = []
    if architecture.layers > expert_layers:
        kinds.append((architecture.layers - expert_layers, dense_layer(architecture)))
    if expert_layers:
        kinds.append((expert_layers, expert_layer(architecture)))
    return kinds


def prediction(architecture: Architecture) -> int:
    """All parameters of multi-token prediction, without the shared embedding and output projection."""
    return architecture.prediction_layers * prediction_layer(architecture).total


def total(architecture: Architecture) -> int:
    """All parameters of the model, as they are published: multi-token prediction is not among them."""
    outside = embedding(architecture) + (0 if architecture.tied_embeddings else head(architecture))
    return outside + norm(architecture) + sum(count * each.total for count, each in layers(architecture))


def trained(architecture: Architecture) -> int:
    """All parameters that training holds: the model's and those of multi-token prediction."""
    return total(architecture) + prediction(architecture)


def active(architecture: Architecture) -> int:
    """The parameters that one token passes through, embedding and output projection included."""
    idle = sum(count * (each.routed - each.routed_active) for count, each in layers(architecture))
    return total(architecture) - idle


def _feed_forward_biases(architecture: Architecture, width: int) -> int:
    if not architecture.biases:
        return 0
    return (2 if architecture.gated else 1) * width + architecture.hidden


def _norms(architecture: Architecture) -> int:
    """Norms of one layer, and what attention has besides its matrices."""
    latent = architecture.latent_attention
    count = (4 if architecture.post_norms else 2) * norm(architecture)
    if latent:
        count += latent.query_rank + latent.key_value_rank
    if architecture.query_key_norms:
        count += 2 * architecture.width_of_head
    if architecture.attention_sinks:
        count += architecture.heads
    has_biases = architecture.biases if architecture.attention_biases is None else architecture.attention_biases
    if has_biases:
        count += architecture.query_width + 2 * architecture.key_value_width + architecture.hidden
    return count
