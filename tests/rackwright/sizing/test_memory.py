"""What a GPU holds: state and activations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rackwright.catalog import MODELS
from rackwright.sizing import memory, parameters
from rackwright.sizing.parallelism import Layout
from rackwright.specs.plan import RankMemory

pytestmark = pytest.mark.pure

LLAMA = MODELS.entries["llama-3.1-405b"].architecture

LAYOUT = Layout(
    tensor=8,
    context=2,
    pipeline=8,
    virtual_pipeline=8,
    expert=1,
    data=8,
    micro_batch=1,
    micro_batches=64,
    recompute="none",
)


def held(layout: Layout, rank: int = 0) -> RankMemory:
    """Memory of a rank with Llama 3.1 405B."""
    return memory.rank_memory(LLAMA, layout, rank=rank, sequence_tokens=8192, overhead_gb=4)


def test_the_parts_add_up() -> None:
    rank = held(LAYOUT)
    parts = (rank.weights_and_gradients_gb, rank.optimizer_gb, rank.activations_gb, rank.overhead_gb)
    assert rank.total_gb == pytest.approx(sum(parts))


@pytest.mark.parametrize("name", ["llama-3.1-405b", "deepseek-v3-671b", "grok-1-314b", "gpt-3-175b"])
def test_all_ranks_together_hold_all_parameters(name: str) -> None:
    """Up to final norms, and the tied matrix that the last rank holds a second time."""
    architecture = MODELS.entries[name].architecture
    layout = replace(LAYOUT, tensor=1, context=1, virtual_pipeline=1)
    whole = sum(memory.parameters_on_rank(architecture, layout, rank=rank) for rank in range(layout.pipeline))
    twice = parameters.head(architecture) if architecture.tied_embeddings else 0
    assert whole == pytest.approx(parameters.total(architecture) + twice, rel=1e-6)


def test_one_gpu_of_a_whole_model_takes_18_bytes_a_parameter() -> None:
    """Megatron-LM: 18 bytes without sharding."""
    small = MODELS.entries["llama-3-8b"].architecture
    layout = replace(LAYOUT, tensor=1, context=1, pipeline=1, virtual_pipeline=1, data=1)
    rank = memory.rank_memory(small, layout, rank=0, sequence_tokens=8192, overhead_gb=0)
    state = rank.weights_and_gradients_gb + rank.optimizer_gb
    assert state == pytest.approx(18 * parameters.total(small) / 1e9, rel=1e-5)


@pytest.mark.parametrize("wider", [{"tensor": 16}, {"context": 4}, {"data": 64}, {"recompute": "full"}])
def test_memory_falls_with_more_ranks_and_with_recomputation(wider: dict[str, int]) -> None:
    assert held(replace(LAYOUT, **wider)).total_gb < held(LAYOUT).total_gb  # type: ignore[arg-type]  # fields by name


def test_memory_falls_with_more_pipeline_ranks() -> None:
    assert held(replace(LAYOUT, pipeline=16)).total_gb < held(LAYOUT).total_gb


def test_the_fullest_rank_is_one_of_the_telling_ones() -> None:
    totals = [held(LAYOUT, rank).total_gb for rank in range(LAYOUT.pipeline)]
    assert totals.index(max(totals)) in memory.telling_ranks(LAYOUT)
