"""All valid layouts of a model on given GPUs, as columns.

A layout is a *replica* (how one copy of the model is split, and what a micro-batch is) on a number of data ranks. There
are few replicas, and up to billions of layouts; so replicas come first, and data ranks are listed for those that are
asked for (counting.py counts the others). What is valid is what Megatron-LM (software with ZeRO-1) or PyTorch (fully
sharded) accepts:

- tensor: divides attention heads, key-value heads and feed-forward widths, and the GPUs that NVLink joins. Key-value
  heads are not replicated over more tensor ranks than there are (Megatron-LM refuses it). The vocabulary is padded.
- context: cuts the sequence into two equal pieces for each rank, and each rank's part over the tensor ranks.
- pipeline: any number of ranks on which `stage_layers` leaves none empty and gives all between the first and the last
  the same number of layers, as Megatron-LM's arguments `decoder-first-pipeline-num-layers` and `…-last-…` can say.
- virtual pipeline: divides a rank's layers, embedding and head counted as layers where they have to be; PyTorch cuts
  anywhere. Interleaving takes micro-batches in multiples of the pipeline ranks (Megatron-LM).
- expert, expert tensor: divide experts and their width; their product divides tensor × context × data.
- data: any number that leaves whole hosts, or less than one host, and a batch near the wish.
- micro-batches: for given data ranks and micro-batch the number that comes nearest to the wished batch.
- parameter shards: 1; fully sharded data × context (FSDP) and its divisors that fill whole hosts (HSDP).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import chain, product
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from rackwright.sizing.step.layouts import Integers, Layouts
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.parallelism import stage_layers
from rackwright.specs.architecture import Architecture
from rackwright.specs.terms import RECOMPUTES, ParallelismTerms

BATCH_TOLERANCE = Fraction(1, 10)
"""Part by which the batch may differ from the wish, so that data ranks divide it: a judgement."""

MIN_CONTEXT_TOKENS = 2048
"""Tokens of a sequence that a context rank keeps: the shortest whole sequences that the step time was fitted to (MPT).
Sequences that are shorter aren't cut."""

CONTIGUOUS_FROM = ceil((1 - BATCH_TOLERANCE) / (2 * BATCH_TOLERANCE))
"""From so many micro-batches on, some number of them comes near enough to the wish, whatever the data ranks.

j micro-batches serve ranks from (1 − t)·batch/j to (1 + t)·batch/j; that overlaps with what j + 1 serve if
j ≥ (1 − t)/(2t).
"""


@dataclass(frozen=True, kw_only=True)
class Space:
    """What layouts are wanted for."""

    architecture: Architecture
    sequence_tokens: int
    batch: int
    """Sequences of one step, as wished."""
    gpus: int
    """At most so many train."""
    gpus_per_host: int
    nvlink_domain_gpus: int
    fully_sharded: bool
    """Whether the software shards weights and gradients too."""
    wish: ParallelismTerms = field(default_factory=ParallelismTerms)
    """Dimensions that shall have a given size."""

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        machine: Machine,
        *,
        gpus: int,
        sequence_tokens: int,
        batch: int,
        wish: ParallelismTerms | None = None,
    ) -> Space:
        """The layouts of a model on so many GPUs of a machine."""
        return cls(
            architecture=architecture,
            sequence_tokens=sequence_tokens,
            batch=batch,
            gpus=gpus,
            gpus_per_host=machine.host.gpus_per_host,
            nvlink_domain_gpus=machine.host.nvlink_domain_gpus,
            fully_sharded=machine.software.fully_sharded,
            wish=wish or ParallelismTerms(),
        )

    @property
    def least_batch(self) -> int:
        """Sequences."""
        return ceil(self.batch * (1 - BATCH_TOLERANCE))

    @property
    def largest_batch(self) -> int:
        """Sequences."""
        return floor(self.batch * (1 + BATCH_TOLERANCE))


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """Layouts that lack their data ranks, as columns."""

    layouts: Layouts
    """On one data rank, with the least number of micro-batches: 1, or the pipeline's ranks if chunks interleave."""
    step: Integers
    """Data ranks come in multiples of it."""
    most: Integers
    """Data ranks that the GPUs suffice for, a multiple of `step`."""

    def __len__(self) -> int:
        return len(self.step)

    def take(self, which: Integers | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Replicas:
        """Those that a mask or indices choose."""
        return Replicas(layouts=self.layouts.take(which), step=self.step[which], most=self.most[which])

    @property
    def sequences(self) -> Integers:
        """Of one data rank, with the least number of micro-batches."""
        return self.layouts.micro_batch * self.layouts.micro_batches


def layouts(space: Space) -> Layouts:
    """Every valid layout. For a few thousand GPUs there are many millions; searching.py asks for those that matter."""
    splits = model_splits(space)
    every = with_micro_batches(splits, space.largest_batch // (splits.step * splits.sequences))
    found, _ = on_data_ranks(space, every, least=np.ones(len(every), dtype=np.int64))
    return found


def model_splits(space: Space) -> Replicas:
    """Every way to split one replica, with micro-batches of one sequence."""
    architecture = space.architecture
    inner = [
        (tensor, context, expert, expert_tensor)
        for tensor, context in product(_tensors(space), _contexts(space))
        if _pieces_divide(space, tensor, context)
        for expert, expert_tensor in _experts(space)
    ]
    stages = _pipelines(architecture.layers, any_cut=space.fully_sharded)
    rows = np.array(
        [
            (*one, *pipeline, recompute)
            for one, pipeline, recompute in product(inner, stages, range(len(RECOMPUTES)))
            if one[0] * one[1] * pipeline[0] <= space.gpus
        ],
        dtype=np.int64,
    ).reshape(-1, 7)
    tensor, context, expert, expert_tensor, pipeline, virtual, recompute = rows.T
    one = np.ones_like(tensor)
    splits = Layouts(
        tensor=tensor,
        context=context,
        pipeline=pipeline,
        virtual_pipeline=virtual,
        expert=expert,
        expert_tensor=expert_tensor,
        data=one,
        parameter_shards=one,
        micro_batch=one,
        micro_batches=np.where(virtual > 1, pipeline, 1),
        recompute=recompute,
    )
    return _on_whole_hosts(space, splits.take(as_wished(splits, space.wish.given)))


def as_wished(splits: Layouts, given: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    """The splits whose dimensions have the given sizes."""
    mask = np.ones(len(splits), dtype=np.bool_)
    for name, size in given.items():
        mask &= np.equal(getattr(splits, name), size)
    return mask


def on_fewer(replicas: Replicas, gpus: int) -> Replicas:
    """The same replicas where there are fewer GPUs; `most` is 0 for those that they don't suffice for."""
    split = replicas.layouts
    most = gpus // (split.tensor * split.context * split.pipeline) // replicas.step * replicas.step
    return replace(replicas, most=np.minimum(replicas.most, most))


def with_micro_batches(splits: Replicas, largest: Integers) -> Replicas:
    """Each split with micro-batches of 1, 2, … up to `largest` sequences."""
    largest = np.maximum(0, largest)
    which = np.repeat(np.arange(len(splits)), largest)
    size = np.arange(len(which)) - np.repeat(np.cumsum(largest) - largest, largest) + 1
    found = splits.take(which)
    return replace(found, layouts=replace(found.layouts, micro_batch=size))


def most_data(space: Space, replicas: Replicas) -> Integers:
    """The largest valid number of data ranks; 0 where there is none."""
    found = np.zeros(len(replicas), dtype=np.int64)
    for first, last in ranges(space, replicas):
        found = np.maximum(found, np.where(last >= first, last * replicas.step, 0))
    return found


def micro_batches(space: Space, replicas: Replicas, data: Integers) -> Integers:
    """The number of micro-batches that comes nearest to the wished batch on so many data ranks."""
    sequences = np.maximum(1, data * replicas.sequences)
    nearest = np.maximum(1, (2 * space.batch + sequences) // (2 * sequences))
    return np.asarray(nearest * replicas.layouts.micro_batches)


def on_data(space: Space, replicas: Replicas, data: Integers) -> Layouts:
    """Layouts on so many data ranks each; fully sharded software shards over all of them."""
    ranks = data * replicas.layouts.context
    return replace(
        replicas.layouts,
        data=data,
        micro_batches=micro_batches(space, replicas, data),
        parameter_shards=ranks if space.fully_sharded else np.ones_like(data),
    )


def on_data_ranks(space: Space, replicas: Replicas, *, least: Integers) -> tuple[Layouts, Integers]:
    """Each replica on every valid number of data ranks from `least` on; and the index of the replica of each."""
    which, data = [], []
    for first, last in ranges(space, replicas, least=least):
        counts = np.maximum(0, last - first + 1)
        rows = np.repeat(np.arange(len(replicas)), counts)
        offset = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        which.append(rows)
        data.append((first[rows] + offset) * replicas.step[rows])
    rows, ranks = np.concatenate(which), np.concatenate(data)
    found = on_data(space, replicas.take(rows), ranks)
    if not space.fully_sharded:
        return found, rows
    again, shards = _shards(found, space.gpus_per_host)
    return replace(found.take(again), parameter_shards=shards), rows[again]


@cache
def factors(least: int, largest: int) -> tuple[tuple[Integers, Integers], ...]:
    """From which to which factor a number of sequences may be multiplied, so that micro-batches make it a valid batch.

    Ranges that don't overlap, one for each number of micro-batches, as tables over 0, 1, 2, … up to one more sequence
    than the largest batch; those two ends have no factor.
    """
    sequences = np.arange(1, largest + 1)
    ranges = [
        (-(-least // (number * sequences)), largest // (number * sequences)) for number in range(1, CONTIGUOUS_FROM)
    ]
    ranges.append((np.ones_like(sequences), largest // (CONTIGUOUS_FROM * sequences)))
    return tuple((np.pad(low, 1, constant_values=1), np.pad(high, 1)) for low, high in ranges)


def ranges(space: Space, replicas: Replicas, *, least: Integers | None = None) -> list[tuple[Integers, Integers]]:
    """Ranges of valid data ranks, in units of `step`."""
    first = np.ones_like(replicas.step) if least is None else np.maximum(1, -(-least // replicas.step))
    units = replicas.most // replicas.step
    sequences = np.minimum(replicas.step * replicas.sequences, space.largest_batch + 1)
    return [
        (np.maximum(low[sequences], first), np.minimum(high[sequences], units))
        for low, high in factors(space.least_batch, space.largest_batch)
    ]


def _on_whole_hosts(space: Space, splits: Layouts) -> Replicas:
    """The data ranks that splits may have: such that whole hosts train, or a part of one."""
    host = space.gpus_per_host
    gpus = splits.tensor * splits.context * splits.pipeline
    ranks = splits.expert * splits.expert_tensor
    for_experts = ranks // np.gcd(ranks, splits.tensor * splits.context)
    step = np.lcm(for_experts, host // np.gcd(host, gpus))
    whole = _filled(splits, step, space.gpus)
    part = _filled(splits, for_experts, min(space.gpus, host - 1))
    return Replicas(
        layouts=Layouts(
            **{
                name: np.concatenate([getattr(each.layouts, name) for each in (whole, part)])
                for name in splits.__dataclass_fields__
            }
        ),
        step=np.concatenate([whole.step, part.step]),
        most=np.concatenate([whole.most, part.most]),
    )


def _filled(splits: Layouts, step: Integers, gpus: int) -> Replicas:
    most = gpus // (splits.tensor * splits.context * splits.pipeline) // step * step
    every = Replicas(layouts=splits, step=step, most=most)
    return every.take(most > 0)


def _shards(found: Layouts, gpus_per_host: int) -> tuple[Integers, Integers]:
    """Indices of layouts, and one of the parameter shards that each may have."""
    ranks = found.data * found.context
    # One number for each pair: to sort pairs takes several times as long.
    size = ranks.max(initial=0) + 1
    pairs, which = np.unique(found.tensor * size + ranks, return_inverse=True)
    choices = [_shard_sizes(*map(int, divmod(pair, size)), gpus_per_host) for pair in pairs]
    lengths = np.array([len(each) for each in choices], dtype=np.int64)
    again = np.repeat(np.arange(len(found)), lengths[which])
    first = (np.cumsum(lengths) - lengths)[which]
    position = np.arange(len(again)) - np.repeat(np.cumsum(lengths[which]) - lengths[which], lengths[which])
    return again, np.array(list(chain.from_iterable(choices)), dtype=np.int64)[first[again] + position]


@cache
def _shard_sizes(tensor: int, ranks: int, gpus_per_host: int) -> tuple[int, ...]:
    return tuple(size for size in _divisors(ranks) if size == ranks or size * tensor % gpus_per_host == 0)


@cache
def _divisors(number: int) -> tuple[int, ...]:
    return tuple(each for each in range(1, number + 1) if number % each == 0)


def _tensors(space: Space) -> list[int]:
    architecture = space.architecture
    widths = [architecture.heads, architecture.kv_heads]
    if architecture.expert_layers < architecture.layers:
        widths.append(architecture.ffn)
    if architecture.experts is not None:
        widths.append(architecture.experts.shared_width)
    return [
        size
        for size in _divisors(space.nvlink_domain_gpus)
        if size <= space.gpus and all(width % size == 0 for width in widths)
    ]


def _contexts(space: Space) -> list[int]:
    longest = max(1, space.sequence_tokens // MIN_CONTEXT_TOKENS)
    return [size for size in range(1, longest + 1) if size == 1 or space.sequence_tokens % (2 * size) == 0]


def _pieces_divide(space: Space, tensor: int, context: int) -> bool:
    return space.sequence_tokens // context % tensor == 0


def _experts(space: Space) -> list[tuple[int, int]]:
    experts = space.architecture.experts
    if experts is None:
        return [(1, 1)]
    # PyTorch's expert parallelism doesn't split an expert's matrices.
    tensors = (1,) if space.fully_sharded else _divisors(space.nvlink_domain_gpus)
    return [(count, size) for count in _divisors(experts.count) for size in tensors if experts.ffn % size == 0]


@cache
def _pipelines(layers: int, *, any_cut: bool) -> tuple[tuple[int, int], ...]:
    """Pipeline ranks and chunks on each of them."""
    return tuple(
        (ranks, chunks)
        for ranks in range(1, layers + 1)
        if can_split(layers, ranks)
        for chunks in chunk_counts(layers, ranks, any_cut=any_cut)
    )


def can_split(layers: int, ranks: int) -> bool:
    """Whether pipeline ranks can share the layers: none is empty, and all but first and last hold equally many."""
    if layers % ranks and layers + 2 < 2 * ranks:
        return False
    split = stage_layers(layers, ranks)
    return min(split) > 0 and len(set(split[1:-1])) <= 1


def chunk_counts(layers: int, ranks: int, *, any_cut: bool) -> tuple[int, ...]:
    """Chunks that each pipeline rank can hold, evenly filled; with any cut, only none empty.

    Evenly, if need be with embedding and head counted as one layer each.
    """
    if ranks == 1:
        return (1,)
    if any_cut:
        return tuple(range(1, layers // ranks + 1))
    if layers % ranks == 0:
        return _divisors(layers // ranks)
    return _divisors((layers + 2) // ranks) if (layers + 2) % ranks == 0 else (1,)
