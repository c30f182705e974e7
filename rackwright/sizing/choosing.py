"""Choosing: the fastest valid layout that fits into memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rackwright.sizing import memory
from rackwright.sizing.layouts import Layouts
from rackwright.sizing.machine import Machine
from rackwright.sizing.parallelism import Layout, layouts
from rackwright.sizing.step_time import step_times
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
    valid = Layouts.of(
        layouts(
            architecture,
            gpus=gpus,
            gpus_per_host=machine.host.gpus_per_host,
            sequence_tokens=sequence_tokens,
            batch=batch,
        )
    )
    used_gb = memory.fullest_gb(architecture, valid, machine.software, sequence_tokens=sequence_tokens)
    fitting = valid.take(used_gb <= machine.gpu.memory_gb.expected)
    if not len(fitting):
        return None
    step_s = step_times(architecture, fitting, machine, sequence_tokens=sequence_tokens).total_s
    tokens_per_s = fitting.batch * sequence_tokens / step_s
    best = int(np.argmax(tokens_per_s))
    return Choice(layout=fitting.row(best), step_s=float(step_s[best]), tokens_per_s=float(tokens_per_s[best]))
