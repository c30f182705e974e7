"""How a model can be split over GPUs: the layouts that are valid, and how layers fall on pipeline ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from rackwright.specs.architecture import Architecture
from rackwright.specs.plan import Recompute

MIN_CONTEXT_TOKENS = 4096
"""Tokens of a sequence that one context rank must keep; published runs cut no finer (8,192 by 2, 131,072 by 16)."""

MAX_PIPELINE = 64
"""Pipeline ranks that are tried; published runs end there (arXiv 2104.04473, 1 trillion parameters)."""

MAX_MICRO_BATCH = 4
"""Sequences of one micro-batch that are tried; more only adds bubble and memory at the sequence lengths in use."""

BATCH_TOLERANCE = 0.1
"""Part by which the batch may differ from the wish, so that data ranks divide it."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way to split a model and its batch."""

    tensor: int
    context: int
    pipeline: int
    virtual_pipeline: int
    expert: int
    expert_tensor: int = 1
    data: int
    parameter_shards: int = 1
    micro_batch: int
    """Sequences."""
    micro_batches: int
    """Of each pipeline in one step."""
    recompute: Recompute

    @property
    def gpus(self) -> int:
        """GPUs that train."""
        return self.tensor * self.context * self.pipeline * self.data

    @property
    def batch(self) -> int:
        """Sequences of one step."""
        return self.data * self.micro_batch * self.micro_batches

    @property
    def sharding_ranks(self) -> int:
        """Ranks over which the optimizer's state of what isn't an expert is sharded (ZeRO-1)."""
        return self.data * self.context

    @property
    def expert_sharding_ranks(self) -> int:
        """The same for experts."""
        return self.tensor * self.context * self.data // self.expert


def stage_layers(layers: int, stages: int) -> tuple[int, ...]:
    """Layers on each pipeline rank.

    Even where it divides. Else embedding and head count as one layer each, as Megatron's
    `account-for-embedding-in-pipeline-split` has it (Llama 3.1: 126 layers on 16 ranks), and ranks at the end may
    hold one less.
    """
    if layers % stages == 0:
        return (layers // stages,) * stages
    units = [-(-(layers + 2 - rank) // stages) for rank in range(stages)]
    units[0] -= 1
    units[-1] -= 1
    return tuple(units)


def layouts(
    architecture: Architecture, *, gpus: int, gpus_per_host: int, sequence_tokens: int, batch: int
) -> Iterator[Layout]:
    """All valid layouts on at most `gpus` GPUs for a batch of about `batch` sequences."""
    tensors = [size for size in _powers_of_two(gpus_per_host) if architecture.kv_heads % size == 0]
    pipelines = [size for size in range(1, MAX_PIPELINE + 1) if _stages_are_sane(architecture.layers, size)]
    contexts = _powers_of_two(max(1, sequence_tokens // MIN_CONTEXT_TOKENS))
    for tensor, context, pipeline in product(tensors, contexts, pipelines):
        data = gpus // (tensor * context * pipeline)
        if data == 0 or not _fills_hosts(tensor * context * pipeline * data, gpus_per_host):
            continue
        for micro_batch, virtual in product(
            _powers_of_two(MAX_MICRO_BATCH), _virtual_stages(architecture.layers, pipeline)
        ):
            micro_batches = _micro_batches(batch, data * micro_batch, multiple=pipeline if virtual > 1 else 1)
            if abs(micro_batches * data * micro_batch - batch) > BATCH_TOLERANCE * batch:
                continue
            for expert in _expert_ranks(architecture, tensor * context * data):
                for recompute in ("none", "full"):
                    yield Layout(
                        tensor=tensor,
                        context=context,
                        pipeline=pipeline,
                        virtual_pipeline=virtual,
                        expert=expert,
                        data=data,
                        micro_batch=micro_batch,
                        micro_batches=micro_batches,
                        recompute="full" if recompute == "full" else "none",
                    )


def _powers_of_two(largest: int) -> list[int]:
    return [1 << exponent for exponent in range(largest.bit_length()) if 1 << exponent <= largest]


def _stages_are_sane(layers: int, stages: int) -> bool:
    if layers % stages == 0:
        return True
    # An uneven split pays only when embedding and head fill the gap, or nearly (DeepSeek-V3: 61 layers on 8 ranks).
    return stages > 1 and layers + 2 >= 2 * stages and -(layers + 2) % stages <= 1


def _virtual_stages(layers: int, stages: int) -> list[int]:
    if stages == 1:
        return [1]
    if layers % stages and (layers + 2) % stages:
        return [1]  # Megatron interleaves even splits alone, embedding and head counted as layers
    largest = layers // stages if layers % stages == 0 else (layers + 2) // stages
    return [size for size in range(1, largest + 1) if largest % size == 0]


def _micro_batches(batch: int, sequences: int, *, multiple: int) -> int:
    """The number of micro-batches nearest to the wished batch; the interleaved schedule wants a multiple."""
    return max(1, round(batch / (sequences * multiple))) * multiple


def _expert_ranks(architecture: Architecture, ranks: int) -> list[int]:
    if architecture.experts is None:
        return [1]
    count = architecture.experts.count
    return [size for size in range(1, count + 1) if count % size == 0 and ranks % size == 0]


def _fills_hosts(gpus: int, gpus_per_host: int) -> bool:
    return gpus % gpus_per_host == 0 or gpus < gpus_per_host
