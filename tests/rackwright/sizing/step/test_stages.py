"""Layers on the ranks that tell all."""

from __future__ import annotations

import pytest

from rackwright.catalog import MODELS
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.stages import rank_layers, stages, telling_ranks
from tests.rackwright.sizing.machines import layout

pytestmark = pytest.mark.pure

DEEPSEEK = MODELS.entries["deepseek-v3-671b"].architecture
LLAMA = MODELS.entries["llama-3.1-405b"].architecture


@pytest.mark.parametrize("name", MODELS.entries)
@pytest.mark.parametrize("pipeline", [1, 2, 4, 8])
def test_all_layers_stand_on_some_rank_with_prediction_on_the_last(name: str, pipeline: int) -> None:
    architecture = MODELS.entries[name].architecture
    if architecture.layers + 2 < 2 * pipeline:
        return
    ranks = rank_layers(architecture, pipeline)
    assert sum(dense + expert for dense, expert in ranks) == architecture.layers + architecture.prediction_layers
    plain = architecture.model_copy(update={"prediction_layers": 0})
    assert sum(expert for _, expert in rank_layers(plain, pipeline)) == architecture.expert_layers


def test_deepseek_has_its_dense_layers_in_front_and_prediction_at_the_end() -> None:
    """61 layers, 3 of them dense, on 4 ranks; one module of multi-token prediction."""
    assert rank_layers(DEEPSEEK, 4) == [(3, 12), (0, 16), (0, 16), (0, 15)]
    assert telling_ranks(DEEPSEEK, 4) == [(0, 3, 12), (1, 0, 16), (3, 0, 15)]


def test_ranks_that_are_like_the_first_tell_nothing() -> None:
    assert telling_ranks(LLAMA, 7) == [(0, 18, 0), (6, 18, 0)]


def test_columns_hold_the_ranks_of_each_layout() -> None:
    found = stages(DEEPSEEK, Layouts.of([layout(pipeline=1), layout(pipeline=4)]))
    assert [stage.rank.tolist() for stage in found] == [[0, 0], [0, 1], [0, 3]]
    assert [stage.layers.tolist() for stage in found] == [[62, 15], [62, 16], [62, 15]]
