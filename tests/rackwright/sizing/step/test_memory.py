"""What a GPU holds: state and activations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import MODELS, SOFTWARE
from rackwright.sizing.step import memory, parameters
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.plan import RankMemory
from rackwright.specs.terms import RECOMPUTES

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


MEGATRON = SOFTWARE.entries["megatron"]


def held(layout: Layout, rank: int = 0) -> RankMemory:
    """Memory of a rank with Llama 3.1 405B."""
    return memory.rank_memories(LLAMA, layout, MEGATRON, sequence_tokens=8192)[rank]


def fullest(layout: Layout) -> float:
    """Memory of the fullest rank, in GB."""
    return float(memory.fullest_gb(LLAMA, Layouts.of([layout]), MEGATRON, sequence_tokens=8192)[0])


def test_the_parts_add_up() -> None:
    rank = held(LAYOUT)
    parts = (rank.weights_and_gradients_gb, rank.optimizer_gb, rank.activations_gb, rank.overhead_gb)
    assert rank.total_gb == pytest.approx(sum(parts))


@pytest.mark.parametrize("name", ["llama-3.1-405b", "deepseek-v3-671b", "grok-1-314b", "gpt-3-175b"])
def test_all_ranks_together_hold_all_parameters(name: str) -> None:
    """Up to final norms, and the tied matrix that the last rank holds a second time."""
    architecture = MODELS.entries[name].architecture
    layout = replace(LAYOUT, tensor=1, context=1, virtual_pipeline=1, data=1)
    ranks = memory.rank_memories(architecture, layout, MEGATRON, sequence_tokens=8192)
    whole = sum(rank.weights_and_gradients_gb for rank in ranks) * 1e9 / (2 + MEGATRON.gradient_bytes)
    twice = parameters.head(architecture) if architecture.tied_embeddings else 0
    assert whole == pytest.approx(parameters.trained(architecture) + twice, rel=1e-6)


def test_one_gpu_of_a_whole_model_takes_16_bytes_a_parameter() -> None:
    """Megatron-LM: 18 bytes without sharding, with 4-byte gradients; here they have 2."""
    small = MODELS.entries["llama-3-8b"].architecture
    layout = replace(LAYOUT, tensor=1, context=1, pipeline=1, virtual_pipeline=1, data=1)
    rank = memory.rank_memories(small, layout, MEGATRON, sequence_tokens=8192)[0]
    state = rank.weights_and_gradients_gb + rank.optimizer_gb
    assert state == pytest.approx(16 * parameters.total(small) / 1e9, rel=1e-5)


@pytest.mark.parametrize("wider", [{"tensor": 16}, {"context": 4}, {"data": 64}, {"pipeline": 16}])
def test_memory_falls_with_more_ranks(wider: dict[str, int]) -> None:
    assert fullest(replace(LAYOUT, **wider)) < fullest(LAYOUT)  # type: ignore[arg-type]  # fields by name


def test_memory_falls_with_recomputation() -> None:
    none, selective, full = (fullest(replace(LAYOUT, recompute=how)) for how in RECOMPUTES)
    assert none > selective > full


def test_sharded_weights_take_less_memory() -> None:
    plain = replace(LAYOUT, tensor=1, context=1, pipeline=1, virtual_pipeline=1, data=64)
    assert fullest(replace(plain, parameter_shards=64)) < fullest(replace(plain, parameter_shards=8)) < fullest(plain)


@given(
    tensor=st.sampled_from([1, 2, 4, 8]),
    pipeline=st.sampled_from([1, 2, 3, 6, 7, 8, 9, 14, 16, 32, 42, 63]),
    chunks=st.sampled_from([1, 2]),
    data=st.sampled_from([1, 8]),
    micro_batches=st.integers(1, 64),
    name=st.sampled_from(["llama-3.1-405b", "deepseek-v3-671b", "gpt-3-175b", "mixtral-8x7b"]),
)
def test_the_fullest_of_all_ranks_is_found_by_looking_at_three(
    tensor: int, pipeline: int, chunks: int, data: int, micro_batches: int, name: str
) -> None:
    architecture = MODELS.entries[name].architecture
    pipeline = min(pipeline, architecture.layers // 2)
    layout = replace(
        LAYOUT,
        tensor=tensor,
        pipeline=pipeline,
        virtual_pipeline=1 if pipeline == 1 else chunks,
        data=data,
        micro_batches=micro_batches,
    )
    ranks = memory.rank_memories(architecture, layout, MEGATRON, sequence_tokens=8192)
    found = memory.fullest_gb(architecture, Layouts.of([layout]), MEGATRON, sequence_tokens=8192)[0]
    assert found == pytest.approx(max(rank.total_gb for rank in ranks), rel=1e-9)
