"""What an architecture refuses, with the nearest values that fit, and which kind each layer is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rackwright.specs.architecture import Architecture, Experts, LayerKind

pytestmark = pytest.mark.pure

FITS: dict[str, Any] = {
    "layers": 4,
    "hidden": 512,
    "ffn": 2048,
    "heads": 8,
    "kv_heads": 8,
    "vocabulary": 1000,
    "sequence_tokens": 1024,
}
LATENT = {"query_rank": 64, "key_value_rank": 32, "nope_head": 16, "rope_head": 8, "value_head": 16}


@pytest.mark.parametrize(
    ("changes", "field", "expected", "remedy"),
    [
        ({"kv_heads": 3}, "kv_heads", "a divisor of the 8 heads", "the nearest that divide are 2 and 4"),
        ({"kv_heads": 12}, "kv_heads", "a divisor of the 8 heads", "the nearest that divide are 4 and 8"),
        ({"hidden": 500}, "hidden", "a multiple of the 8 heads", "the nearest multiples are 496 and 504"),
        ({"hidden": 5}, "hidden", "a multiple of the 8 heads", "the nearest multiples are 8; or give head_width"),
        ({"kv_heads": 2, "latent_attention": LATENT}, "kv_heads", "the 8 heads", "use kv_heads: 8"),
        ({"experts": {"count": 4, "active": 5, "ffn": 64}}, "active", "at most the 4 experts", "active: 4 or less"),
        (
            {"experts": {"count": 4, "active": 1, "ffn": 64, "shared_ffn": 32}},
            "shared_ffn",
            "nothing where no expert is shared",
            "shared: 1",
        ),
        (
            {"experts": {"count": 4, "active": 1, "ffn": 64, "dense_layers": 4}},
            "experts.dense_layers",
            "fewer than the 4 layers",
            "use 3 or less",
        ),
        (
            {"experts": {"count": 4, "active": 1, "ffn": 64, "dense_layers": 1, "every": 4}},
            "experts.every",
            "at most the 3 layers after the dense ones",
            "use 3 or less",
        ),
        ({"window": {"tokens": 2048}}, "window.tokens", "the sequence of 1024 tokens", "use 1024 or less"),
        ({"window": {"tokens": 64, "full_every": 5}}, "window.full_every", "at most the 4 layers", "use 4 or less"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_nearest_that_does(
    changes: dict[str, Any], field: str, expected: str, remedy: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Architecture(**{**FITS, **changes})
    (error,) = refused.value.errors()
    context = error["ctx"]
    assert context["field"] == field
    assert expected in context["expected"]
    assert remedy in context["remedy"]


@pytest.mark.parametrize("field", ["layers", "hidden", "ffn", "heads", "kv_heads", "vocabulary", "sequence_tokens"])
def test_nothing_may_be_zero(field: str) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Architecture(**{**FITS, field: 0})


def test_a_head_width_frees_the_hidden_width_from_the_heads() -> None:
    architecture = Architecture(**{**FITS, "hidden": 500, "head_width": 64, "kv_heads": 2})
    assert (architecture.query_width, architecture.key_value_width) == (512, 128)


def test_each_second_layer_can_have_experts() -> None:
    experts = Experts(count=4, active=1, ffn=64, every=2)
    architecture = Architecture(**{**FITS, "experts": experts})
    assert [architecture.kind(layer).experts for layer in range(4)] == [False, True, False, True]


def test_the_first_layers_can_stay_dense() -> None:
    experts = Experts(count=4, active=1, ffn=64, dense_layers=3)
    architecture = Architecture(**{**FITS, "experts": experts})
    assert [architecture.kind(layer).experts for layer in range(4)] == [False, False, False, True]


def test_each_second_layer_can_see_the_whole_sequence() -> None:
    architecture = Architecture(**{**FITS, "window": {"tokens": 128, "full_every": 2}})
    assert [architecture.kind(layer).windowed for layer in range(4)] == [True, False, True, False]


def test_each_third_layer_that_sees_the_whole_sequence_comes_third() -> None:
    architecture = Architecture(**{**FITS, "layers": 6, "window": {"tokens": 128, "full_every": 3}})
    assert [architecture.kind(layer).windowed for layer in range(6)] == [True, True, False, True, True, False]


def test_a_module_of_multi_token_prediction_is_a_layer_like_the_last() -> None:
    architecture = Architecture(
        **{**FITS, "prediction_layers": 1, "experts": {"count": 4, "active": 1, "ffn": 64, "dense_layers": 3}}
    )
    assert architecture.kind(4) == architecture.kind(3) == LayerKind(experts=True, windowed=False)


def test_a_module_of_multi_token_prediction_is_no_next_layer_in_the_rhythm() -> None:
    """The next one would see the whole sequence: kinds go by three, and the fifth layer is the last."""
    architecture = Architecture(
        **{**FITS, "layers": 5, "prediction_layers": 1, "window": {"tokens": 128, "full_every": 3}}
    )
    assert architecture.kind(5) == architecture.kind(4) == LayerKind(experts=False, windowed=True)


@given(layers=st.integers(1, 40), dense=st.integers(0, 39), every=st.integers(1, 40))
def test_layers_with_experts_are_counted_as_they_are_named(layers: int, dense: int, every: int) -> None:
    """The closed form agrees with asking each layer."""
    dense = min(dense, layers - 1)
    every = min(every, layers - dense)
    experts = Experts(count=4, active=1, ffn=64, dense_layers=dense, every=every)
    architecture = Architecture(**{**FITS, "layers": layers, "experts": experts})
    kinds = architecture.kinds()
    assert sum(count for kind, count in kinds.items() if kind.experts) == architecture.expert_layers >= 1
    assert kinds.total() == layers
