"""Parameters by part, on an architecture small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.step import parameters
from rackwright.specs.architecture import Architecture

pytestmark = pytest.mark.pure

SMALL: dict[str, Any] = {
    "layers": 2,
    "hidden": 8,
    "ffn": 16,
    "heads": 4,
    "kv_heads": 2,
    "vocabulary": 10,
    "sequence_tokens": 32,
}
EXPERTS: dict[str, Any] = {"count": 4, "active": 2, "ffn": 6, "shared": 1, "shared_ffn": 5}


def added_by(base: dict[str, Any] | None = None, **changes: Any) -> int:  # noqa: ANN401  # fields of any type
    """Parameters of the whole model that the changes add to the small architecture."""
    start = {**SMALL, **(base or {})}
    return parameters.total(Architecture(**{**start, **changes})) - parameters.total(Architecture(**start))


def test_a_plain_layer_has_four_projections_three_matrices_and_two_norms() -> None:
    layer = parameters.dense_layer(Architecture(**SMALL))
    assert layer.attention == 8 * 8 + 2 * 8 * 4 + 8 * 8
    assert layer.feed_forward == 3 * 8 * 16
    assert layer.norms == 2 * 8
    assert layer.routed == layer.routed_active == 0


def test_experts_take_the_networks_place_with_a_router_and_what_is_shared() -> None:
    layer = parameters.expert_layer(Architecture(**SMALL, experts=EXPERTS))
    assert layer.feed_forward == 8 * 4 + 3 * 8 * 5
    assert layer.routed == 4 * 3 * 8 * 6
    assert layer.routed_active == 2 * 3 * 8 * 6


@pytest.mark.parametrize(
    ("changes", "added"),
    [
        ({"gated": False}, 2 * -8 * 16),
        ({"tied_embeddings": True}, -8 * 10),
        ({"learned_positions": True}, 8 * 32),
        ({"norm_biases": True}, (2 * 2 + 1) * 8),
        ({"post_norms": True}, 2 * 2 * 8),
        ({"query_key_norms": True}, 2 * 2 * 2),
        ({"attention_sinks": True}, 2 * 4),
        ({"attention_biases": True}, 2 * (8 + 2 * 4 + 8)),
        ({"biases": True}, 2 * (8 + 2 * 4 + 8 + 2 * 16 + 8)),
        ({"biases": True, "attention_biases": False}, 2 * (2 * 16 + 8)),
        ({"head_width": 3}, 2 * 2 * 8 * (4 + 2)),
        ({"window": {"tokens": 4}}, 0),
        ({"prediction_layers": 1}, 0),
    ],
)
def test_each_trait_adds_its_own(changes: dict[str, Any], added: int) -> None:
    assert added_by(**changes) == added


def test_experts_and_routers_have_biases_of_their_own() -> None:
    """Each of four experts 2 × 6 + 8, the shared one 2 × 5 + 8; a router's for each expert."""
    assert added_by({"experts": EXPERTS, "attention_biases": False}, biases=True) == 2 * (4 * (2 * 6 + 8) + 2 * 5 + 8)
    assert added_by({"experts": EXPERTS}, experts={**EXPERTS, "router_biases": True}) == 2 * 4


def test_a_module_of_multi_token_prediction_adds_a_projection_and_three_norms_to_a_layer() -> None:
    architecture = Architecture(**SMALL, prediction_layers=2)
    layer, module = parameters.dense_layer(architecture), parameters.prediction_layer(architecture)
    assert module.feed_forward == layer.feed_forward + 2 * 8 * 8
    assert module.norms == layer.norms + 3 * 8
    assert parameters.prediction(architecture) == 2 * module.total
    assert parameters.trained(architecture) == parameters.total(architecture) + 2 * module.total


@given(
    layers=st.integers(1, 30),
    dense_layers=st.integers(0, 29),
    every=st.integers(1, 4),
    count=st.integers(1, 64),
    active=st.integers(1, 64),
)
def test_parts_add_up_and_no_more_is_active_than_there_is(
    layers: int, dense_layers: int, every: int, count: int, active: int
) -> None:
    dense_layers = min(dense_layers, layers - 1)
    experts = {
        **EXPERTS,
        "count": count,
        "active": min(active, count),
        "dense_layers": dense_layers,
        "every": min(every, layers - dense_layers),
    }
    architecture = Architecture(**{**SMALL, "layers": layers, "experts": experts})
    in_layers = sum(
        parameters.layer(architecture, experts=architecture.kind(index).experts).total for index in range(layers)
    )
    outside = parameters.embedding(architecture) + parameters.head(architecture) + parameters.norm(architecture)
    assert parameters.total(architecture) == in_layers + outside
    assert 0 < parameters.active(architecture) <= parameters.total(architecture)
    assert (parameters.active(architecture) == parameters.total(architecture)) == (min(active, count) == count)
