"""What layouts can't exceed, whatever their data ranks: how the search knows what it needn't look at.

A step takes at least m·a + w: m micro-batches of `a` seconds, and the pipeline's bubble `w`, both as they are on one
data rank. More data ranks never make them shorter, and what else a step needs is never negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from rackwright.sizing.search import enumeration
from rackwright.sizing.search.enumeration import Replicas, Space
from rackwright.sizing.step.layouts import Integers, Layouts, Numbers, total
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.step_time import StepTimes, step_times

ROWS = 4096
"""Layouts worked off at once, so that their columns stay in a processor's second-level cache; bench/search.py is slower
with a quarter and with four times as many."""

STEADY = tuple(
    field.name for field in fields(StepTimes) if field.name not in {"bubble_s", "data_s", "optimizer_s", "straggler_s"}
)
"""Parts of a step that every micro-batch adds to."""

ROUNDING = 1 - 1e-9
"""Bounds are lowered by so much, so that no rounding makes them exceed what they bound."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The least times of a step, in seconds; columns over replicas."""

    micro_s: Numbers
    """Of each micro-batch."""
    bubble_s: Numbers

    def take(self, which: Integers) -> Bounds:
        """Those that indices choose."""
        return Bounds(micro_s=self.micro_s[which], bubble_s=self.bubble_s[which])


def bounds(space: Space, machine: Machine, replicas: Replicas) -> Bounds:
    """The model's own times of one micro-batch on one data rank."""
    alone = replace(replicas.layouts, micro_batches=np.ones_like(replicas.step))
    micro_s, bubble_s = np.empty(len(alone)), np.empty(len(alone))
    for first in range(0, len(alone), ROWS):
        piece = slice(first, first + ROWS)
        times = step_times(space.architecture, alone.take(piece), machine, sequence_tokens=space.sequence_tokens)
        bubble_s[piece] = times.bubble_s
        micro_s[piece] = total([getattr(times, name) for name in STEADY])
    return Bounds(micro_s=micro_s * ROUNDING, bubble_s=bubble_s * ROUNDING)


def most_tokens_per_s(space: Space, replicas: Replicas, least: Bounds, most: Integers) -> Numbers:
    """Tokens a second that each replica can't exceed on up to `most` data ranks; 0 where no number of them is valid.

    With at most n sequences in a step, b of them in a micro-batch, and at least m₀ micro-batches on d ranks, that is
    n / (max(m₀, n/(d·b))·a + w) sequences: fewer sequences, or fewer ranks, are never better.
    """
    ranks, size = np.maximum(1, most), space.largest_batch
    micro_batches = np.maximum(
        enumeration.micro_batches(space, replicas, ranks), size / (ranks * replicas.layouts.micro_batch)
    )
    return np.where(most > 0, size * space.sequence_tokens / (micro_batches * least.micro_s + least.bubble_s), 0.0)


def least_data(space: Space, replicas: Replicas, least: Bounds, *, tokens_per_s: float) -> Integers:
    """Data ranks without which a replica can't have more than so many tokens a second."""
    left = space.sequence_tokens - tokens_per_s * least.bubble_s / space.largest_batch
    return np.floor(tokens_per_s * least.micro_s / (replicas.layouts.micro_batch * left)).astype(np.int64)


def in_pieces(compute: Callable[[Layouts], Numbers], layouts: Layouts) -> Numbers:
    """A column of figures, `ROWS` at a time."""
    if not len(layouts):
        return np.empty(0)
    pieces = (slice(first, first + ROWS) for first in range(0, len(layouts), ROWS))
    return np.concatenate([compute(layouts.take(piece)) for piece in pieces])
