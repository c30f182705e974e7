"""The enumeration lists what is valid, all of it and once: held against plain loops over all that there might be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.catalog import MODELS
from rackwright.sizing.search import counting, enumeration
from rackwright.sizing.search.enumeration import Space
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.parallelism import Layout, stage_layers
from rackwright.specs.architecture import Architecture, Experts
from rackwright.specs.terms import RECOMPUTES

pytestmark = pytest.mark.pure


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Small models, dense or with experts."""
    kv_heads = draw(st.sampled_from([1, 2, 3, 4]))
    experts = draw(
        st.none()
        | st.builds(
            Experts,
            count=st.sampled_from([2, 4, 6]),
            active=st.just(2),
            ffn=st.sampled_from([48, 64]),
            shared=st.sampled_from([0, 1]),
            dense_layers=st.just(0),
        )
    )
    heads = kv_heads * draw(st.sampled_from([1, 2]))
    return Architecture(
        layers=draw(st.integers(1, 12)),
        hidden=heads * 16,
        ffn=draw(st.sampled_from([96, 128])),
        heads=heads,
        kv_heads=kv_heads,
        vocabulary=1000,
        sequence_tokens=4096,
        experts=experts,
    )


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Few GPUs, so that plain loops are done soon."""
    host = draw(st.sampled_from([1, 2, 4, 6, 8]))
    return Space(
        architecture=draw(architectures()),
        sequence_tokens=draw(st.sampled_from([512, 3000, 4096, 8192, 12288])),
        batch=draw(st.integers(1, 16)),
        gpus=draw(st.integers(1, 16)),
        gpus_per_host=host,
        nvlink_domain_gpus=host * draw(st.sampled_from([1, 2])),
        fully_sharded=draw(st.booleans()),
    )


def plain(space: Space) -> Iterator[Layout]:
    """Every layout, by trying all numbers of one dimension after the other."""
    numbers = range(1, space.gpus + 1)
    for tensor, context in product(numbers, numbers):
        if not all(inner_rules(space, tensor, context)):
            continue
        for pipeline, virtual in product(range(1, space.architecture.layers + 1), range(1, 20)):
            if not all(pipeline_rules(space, pipeline, virtual)):
                continue
            for data in range(1, space.gpus // (tensor * context * pipeline) + 1):
                gpus = tensor * context * pipeline * data
                if gpus % space.gpus_per_host and gpus > space.gpus_per_host:
                    continue
                split = Layout(
                    tensor=tensor,
                    context=context,
                    pipeline=pipeline,
                    virtual_pipeline=virtual,
                    expert=1,
                    data=data,
                    micro_batch=1,
                    micro_batches=1,
                    recompute="none",
                )
                yield from batches_and_experts(space, split)


def batches_and_experts(space: Space, split: Layout) -> Iterator[Layout]:
    """What a split leaves open: micro-batches, experts, shards, recomputation."""
    multiple = split.pipeline if split.virtual_pipeline > 1 else 1
    for micro_batch in range(1, 2 * space.batch):
        sequences = split.data * micro_batch
        # The multiple that comes nearest to the batch; of two that are equally near, the larger one.
        micro_batches = min(
            range(multiple, space.batch + 2 * multiple + 1, multiple),
            key=lambda count: (abs(count * sequences - space.batch), -count),  # used at once
        )
        if abs(micro_batches * sequences - space.batch) * 10 > space.batch:
            continue
        for (expert, expert_tensor), shards in product(experts(space, split), shard_sizes(space, split)):
            for recompute in RECOMPUTES:
                yield replace(
                    split,
                    expert=expert,
                    expert_tensor=expert_tensor,
                    micro_batch=micro_batch,
                    micro_batches=micro_batches,
                    parameter_shards=shards,
                    recompute=recompute,
                )


def inner_rules(space: Space, tensor: int, context: int) -> Iterator[bool]:
    """What tensor and context ranks must divide."""
    architecture = space.architecture
    yield architecture.heads % tensor == 0
    yield architecture.kv_heads % tensor == 0
    yield space.nvlink_domain_gpus % tensor == 0
    yield space.sequence_tokens // context % tensor == 0
    yield context == 1 or space.sequence_tokens % (2 * context) == 0
    yield context == 1 or space.sequence_tokens // context >= 2048
    if architecture.experts is None or architecture.experts.dense_layers or architecture.experts.every > 1:
        yield architecture.ffn % tensor == 0
    if architecture.experts is not None:
        yield architecture.experts.shared * architecture.experts.ffn % tensor == 0


def pipeline_rules(space: Space, ranks: int, chunks: int) -> Iterator[bool]:
    """How layers fall on pipeline ranks and chunks."""
    layers = space.architecture.layers
    yield layers % ranks == 0 or layers + 2 >= 2 * ranks
    split = stage_layers(layers, ranks)
    yield all(count >= 1 for count in split)
    yield len(set(split[1:-1])) <= 1
    if chunks > 1:
        yield ranks > 1
        if space.fully_sharded:
            yield ranks * chunks <= layers
        elif layers % ranks == 0:
            yield layers % (ranks * chunks) == 0
        else:
            yield (layers + 2) % (ranks * chunks) == 0


def experts(space: Space, split: Layout) -> list[tuple[int, int]]:
    """Expert and expert tensor ranks."""
    there = space.architecture.experts
    if there is None:
        return [(1, 1)]
    return [
        (expert, tensor)
        for expert, tensor in product(range(1, there.count + 1), range(1, space.nvlink_domain_gpus + 1))
        if there.count % expert == 0
        and there.ffn % tensor == 0
        and space.nvlink_domain_gpus % tensor == 0
        and (tensor == 1 or not space.fully_sharded)
        and split.tensor * split.context * split.data % (expert * tensor) == 0
    ]


def shard_sizes(space: Space, split: Layout) -> list[int]:
    """Parameter shards."""
    ranks = split.data * split.context
    if not space.fully_sharded:
        return [1]
    return [
        shards
        for shards in range(1, ranks + 1)
        if shards == ranks or (ranks % shards == 0 and shards * split.tensor % space.gpus_per_host == 0)
    ]


def rows(layouts: Layouts) -> list[Layout]:
    """All of them, one by one."""
    return [layouts.row(index) for index in range(len(layouts))]


@settings(max_examples=60, deadline=None)
@given(space=spaces())
def test_what_is_listed_is_what_plain_loops_find(space: Space) -> None:
    listed = rows(enumeration.layouts(space))
    assert Counter(listed) == Counter(plain(space))


@settings(deadline=None)
@given(space=spaces())
def test_counts_are_those_of_the_list(space: Space) -> None:
    splits = enumeration.model_splits(space)
    every = enumeration.with_micro_batches(splits, space.largest_batch // (splits.step * splits.sequences))
    number = len(enumeration.layouts(space))
    assert counting.size(space, splits) == number
    assert counting.count(space, every) == number


@settings(deadline=None)
@given(space=spaces())
def test_the_most_data_ranks_are_the_most_that_are_listed(space: Space) -> None:
    splits = enumeration.model_splits(space)
    layouts, which = enumeration.on_data_ranks(space, splits, least=np.ones(len(splits), dtype=np.int64))
    most = np.zeros(len(splits), dtype=np.int64)
    np.maximum.at(most, which, layouts.data)
    assert enumeration.most_data(space, splits).tolist() == most.tolist()


@settings(deadline=None)
@given(space=spaces(), fewer=st.integers(1, 20))
def test_what_is_left_on_fewer_gpus_is_what_they_have_by_themselves(space: Space, fewer: int) -> None:
    fewer = min(fewer, space.gpus)
    splits = enumeration.on_fewer(enumeration.model_splits(space), fewer)
    left = splits.take(splits.most > 0)
    found, _ = enumeration.on_data_ranks(
        space,
        enumeration.with_micro_batches(left, space.largest_batch // (left.step * left.sequences)),
        least=np.ones(0, dtype=np.int64) if not len(left) else np.ones(1, dtype=np.int64),
    )
    assert Counter(rows(found)) == Counter(rows(enumeration.layouts(replace(space, gpus=fewer))))


@settings(deadline=None)
@given(space=spaces(), least=st.integers(1, 20))
def test_data_ranks_from_a_number_on_are_all_others_of_the_list(space: Space, least: int) -> None:
    splits = enumeration.model_splits(space)
    every, _ = enumeration.on_data_ranks(space, splits, least=np.ones(len(splits), dtype=np.int64))
    some, _ = enumeration.on_data_ranks(space, splits, least=np.full(len(splits), least))
    assert Counter(rows(some)) == Counter(each for each in rows(every) if each.data >= least)


@pytest.mark.parametrize(
    ("layers", "ranks"),
    [(126, 16), (126, 9), (61, 8), (61, 16), (61, 21), (32, 8), (80, 5), (96, 96)],
)
def test_pipelines_of_published_models_can_be_split(layers: int, ranks: int) -> None:
    assert enumeration.can_split(layers, ranks)


@pytest.mark.parametrize(("layers", "ranks"), [(126, 5), (61, 5), (61, 62), (32, 31)])
def test_pipelines_whose_middle_ranks_differ_or_that_leave_one_empty_can_not(layers: int, ranks: int) -> None:
    assert not enumeration.can_split(layers, ranks)


def test_a_pipeline_need_not_be_a_power_of_two() -> None:
    architecture = MODELS.entries["llama-3.1-405b"].architecture
    space = Space(
        architecture=architecture,
        sequence_tokens=8192,
        batch=2048,
        gpus=16_128,
        gpus_per_host=8,
        nvlink_domain_gpus=8,
        fully_sharded=False,
    )
    splits = enumeration.model_splits(space).layouts
    assert {1, 2, 3, 4, 6, 7, 8, 9, 14, 16, 18, 21, 32, 42, 63, 64, 126} <= set(splits.pipeline.tolist())
    nine = splits.take(splits.pipeline == 9)
    assert set(nine.virtual_pipeline.tolist()) == {1, 2, 7, 14}


def test_batches_stay_within_the_tolerance_on_any_number_of_gpus() -> None:
    architecture = MODELS.entries["deepseek-v3-671b"].architecture
    space = Space(
        architecture=architecture,
        sequence_tokens=4096,
        batch=1000,
        gpus=4000,
        gpus_per_host=8,
        nvlink_domain_gpus=8,
        fully_sharded=False,
    )
    splits = enumeration.model_splits(space)
    found, _ = enumeration.on_data_ranks(space, splits, least=splits.most - 50)
    assert ceil(0.9 * 1000) <= found.batch.min() <= found.batch.max() <= floor(1.1 * 1000)
