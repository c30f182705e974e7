"""All layouts that agree with a run's cells: where a cell is blank, whatever could have stood there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from rackwright.sizing.published.runs import Run
from rackwright.sizing.search.enumeration import MIN_CONTEXT_TOKENS, can_split, chunk_counts
from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.architecture import Architecture
from rackwright.specs.terms import RECOMPUTES, Recompute

LARGEST_MICRO_BATCH = 64
"""Sequences of a micro-batch that are tried where it is unpublished."""

LARGEST_SPLIT = 64
"""Ranks that are tried for a dimension that is unpublished."""


def completions(run: Run, architecture: Architecture, *, fully_sharded: bool, batch: int) -> list[Layout]:
    """All layouts that agree with the run's cells; where some share the batch out evenly, those alone."""
    found = list(_layouts(run, architecture, fully_sharded=fully_sharded, batch=batch))
    even = [layout for layout in found if layout.batch == batch]
    return even or found


def why_none(run: Run, architecture: Architecture) -> str:
    """Why no layout agrees with the cells."""
    group = (run.tensor or 1) * (run.pipeline or 1) * (run.context or 1)
    if run.gpus % group:
        return f"gpus: {run.gpus} is no multiple of tp × pp × cp = {group}"
    experts = architecture.experts.count if architecture.experts else 1
    if run.expert and experts % run.expert:
        return f"ep: {run.expert} doesn't divide the {experts} experts"
    if run.expert:
        return f"ep: {run.expert} ranks can't be taken from {run.gpus // (run.pipeline or 1)} GPUs of a pipeline rank"
    return "no layout agrees with all of its cells"


def _layouts(run: Run, architecture: Architecture, *, fully_sharded: bool, batch: int) -> Iterator[Layout]:
    experts = architecture.experts.count if architecture.experts else 1
    for tensor, pipeline, context in product(
        _tried(run.tensor, divides=architecture.kv_heads),
        _pipelines(run, architecture.layers),
        _contexts(run, run.sequence_tokens or architecture.sequence_tokens),
    ):
        if run.gpus % (tensor * pipeline * context):
            continue
        data = run.gpus // (tensor * pipeline * context)
        replicas = data * context
        for expert, expert_tensor in product(_tried(run.expert, divides=experts), {1, tensor} if experts > 1 else {1}):
            if experts % expert or (tensor * replicas) % (expert * expert_tensor):
                continue
            for micro_batch in _micro_batches(run, batch=batch, data=data):
                micro_batches = max(1, round(batch / (data * micro_batch)))
                for chunks, recompute in product(
                    _chunks(run, architecture.layers, pipeline=pipeline, micro_batches=micro_batches), _recomputes(run)
                ):
                    yield Layout(
                        tensor=tensor,
                        context=context,
                        pipeline=pipeline,
                        virtual_pipeline=chunks,
                        expert=expert,
                        expert_tensor=expert_tensor,
                        data=data,
                        parameter_shards=_shards(run, replicas) if fully_sharded else 1,
                        micro_batch=micro_batch,
                        micro_batches=micro_batches,
                        recompute=recompute,
                    )


def _tried(published: int | None, *, divides: int) -> list[int]:
    """The published size alone, or all that divide."""
    return [published] if published else [size for size in range(1, LARGEST_SPLIT + 1) if divides % size == 0]


def _pipelines(run: Run, layers: int) -> list[int]:
    """Pipeline ranks: as published, or all that can share the layers."""
    if run.pipeline:
        return [run.pipeline]
    return [ranks for ranks in range(1, LARGEST_SPLIT + 1) if can_split(layers, ranks)]


def _contexts(run: Run, sequence_tokens: int) -> list[int]:
    """Context ranks: as published, or powers of two that leave each a piece as long as published runs have."""
    if run.context:
        return [run.context]
    most = max(1, min(LARGEST_SPLIT, sequence_tokens // MIN_CONTEXT_TOKENS))
    return [1 << exponent for exponent in range(most.bit_length())]


def _micro_batches(run: Run, *, batch: int, data: int) -> list[int]:
    """Sequences of a micro-batch: as published, or all that share the batch out evenly."""
    if run.micro_batch:
        return [run.micro_batch]
    even = [size for size in range(1, LARGEST_MICRO_BATCH + 1) if batch % (data * size) == 0]
    return even or [1]


def _chunks(run: Run, layers: int, *, pipeline: int, micro_batches: int) -> list[int]:
    """Chunks of a pipeline rank: as published, or all that interleaving allows.

    Layers fall evenly on the chunks, if need be with embedding and head counted as one each.
    """
    if run.virtual_pipeline:
        return [run.virtual_pipeline if pipeline > 1 else 1]
    if pipeline == 1 or micro_batches % pipeline:
        return [1]
    return list(chunk_counts(layers, pipeline, any_cut=False))


def _recomputes(run: Run) -> tuple[Recompute, ...]:
    return (run.recompute,) if run.recompute else RECOMPUTES


def _shards(run: Run, replicas: int) -> int:
    """Ranks that share weights: no more than there are."""
    published = run.parameter_shards
    return min(published, replicas) if published and published > 0 else replicas
