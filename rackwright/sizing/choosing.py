"""Choosing: the fastest valid layout that fits into memory, and as few GPUs as meet a deadline."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing import memory
from rackwright.sizing.parallelism import Layout, layouts
from rackwright.sizing.step_time import Machine, step_time
from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A layout and what it achieves."""

    layout: Layout
    step_s: float
    tokens_per_s: float


def fastest(
    architecture: Architecture, machine: Machine, *, gpus: int, sequence_tokens: int, batch: int
) -> Choice | None:
    """The layout with most tokens a second on at most that many GPUs; None where none fits into memory."""
    best: Choice | None = None
    for layout in layouts(
        architecture,
        gpus=gpus,
        gpus_per_host=machine.host.gpus_per_host,
        sequence_tokens=sequence_tokens,
        batch=batch,
    ):
        step_s = step_time(architecture, layout, machine, sequence_tokens=sequence_tokens).total_s
        tokens_per_s = layout.batch * sequence_tokens / step_s
        if best is not None and tokens_per_s <= best.tokens_per_s:
            continue
        if fits(architecture, layout, machine, sequence_tokens=sequence_tokens):
            best = Choice(layout=layout, step_s=step_s, tokens_per_s=tokens_per_s)
    return best


def fits(architecture: Architecture, layout: Layout, machine: Machine, *, sequence_tokens: int) -> bool:
    """Whether the fullest pipeline rank fits into the GPU's memory."""
    return all(
        memory.rank_memory(
            architecture,
            layout,
            rank=rank,
            sequence_tokens=sequence_tokens,
            overhead_gb=machine.software.memory_overhead_gb.expected,
        ).total_gb
        <= machine.gpu.memory_gb.expected
        for rank in memory.telling_ranks(layout)
    )
