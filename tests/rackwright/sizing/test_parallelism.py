"""Layouts are valid, and layers fall on pipeline ranks without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import MODELS
from rackwright.sizing.parallelism import BATCH_TOLERANCE, layouts, stage_layers

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


@pytest.mark.parametrize("name", ["llama-3.1-405b", "llama-3-8b", "grok-1-314b", "deepseek-v3-671b"])
@pytest.mark.parametrize("gpus", [8, 512, 1000])
def test_every_layout_keeps_the_rules(name: str, gpus: int) -> None:
    architecture = MODELS.entries[name].architecture
    found = list(layouts(architecture, gpus=gpus, gpus_per_host=8, sequence_tokens=8192, batch=1024))
    assert found
    for layout in found:
        assert layout.tensor * layout.context * layout.pipeline * layout.data == layout.gpus <= gpus
        assert layout.gpus % 8 == 0 or layout.gpus < 8
        assert layout.tensor <= 8
        assert architecture.kv_heads % layout.tensor == 0
        assert abs(layout.batch - 1024) <= BATCH_TOLERANCE * 1024
        assert sum(stage_layers(architecture.layers, layout.pipeline)) == architecture.layers
        if layout.virtual_pipeline > 1:
            assert layout.micro_batches % layout.pipeline == 0
            assert architecture.layers % layout.pipeline == 0 or (architecture.layers + 2) % layout.pipeline == 0
        experts = architecture.experts.count if architecture.experts else 1
        assert experts % layout.expert == 0
        assert layout.tensor * layout.context * layout.data % layout.expert == 0
