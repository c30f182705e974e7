"""Layers fall on pipeline ranks without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.step.parallelism import stage_layers

pytestmark = pytest.mark.pure


@given(layers=st.integers(1, 200), stages=st.integers(1, 64))
def test_stages_hold_all_layers_as_evenly_as_they_can(layers: int, stages: int) -> None:
    if layers % stages and layers + 2 < 2 * stages:
        return  # too few layers for so many ranks
    split = stage_layers(layers, stages)
    assert len(split) == stages
    assert sum(split) == layers
    assert max(split) - min(split) <= 2


def test_llama_405b_on_16_stages_gives_the_first_and_last_one_layer_less() -> None:
    """ArXiv 2407.21783, section 3.3.2: one layer less on the first and the last rank, for embedding and head."""
    assert stage_layers(126, 16) == (7, *(8,) * 14, 7)


def test_an_odd_number_of_layers_leaves_the_last_stage_short() -> None:
    """DeepSeek-V3: 61 layers, embedding and head on 8 ranks."""
    assert stage_layers(61, 8) == (7, *(8,) * 6, 6)
