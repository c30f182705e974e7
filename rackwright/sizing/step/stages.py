"""How layers fall on pipeline ranks, as columns.

Few ranks tell all: the first (embedding, most micro-batches in flight), the last (head), and between them the first of
each other mix of layers that occurs. Ranks of the same mix further back keep less and take as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from rackwright.sizing.step.layouts import Integers, Layouts
from rackwright.sizing.step.parallelism import stage_layers
from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One telling rank of each layout, with the layers on it: columns over the layouts."""

    rank: Integers
    dense: Integers
    """Layers with a dense feed-forward network."""
    expert: Integers
    """Layers with a mixture of experts."""

    @property
    def layers(self) -> Integers:
        """All layers of the rank."""
        return self.dense + self.expert


def stages(architecture: Architecture, layouts: Layouts) -> list[Stage]:
    """The telling ranks of each layout, the first one first and the last one last.

    Layouts with fewer of them than others repeat their first one.
    """
    sizes, rows = np.unique(layouts.pipeline, return_inverse=True)
    telling = [telling_ranks(architecture, int(size)) for size in sizes]
    most = max((len(ranks) for ranks in telling), default=0)
    padded = [[*ranks[:-1], *[ranks[0]] * (most - len(ranks)), ranks[-1]] for ranks in telling]
    table = np.array(padded, dtype=np.int64).reshape(len(sizes), most, 3)[rows]
    return [Stage(rank=table[:, i, 0], dense=table[:, i, 1], expert=table[:, i, 2]) for i in range(most)]


@cache
def telling_ranks(architecture: Architecture, pipeline: int) -> list[tuple[int, int, int]]:
    """Each telling rank with its dense and expert layers; the same one twice where there is one rank alone."""
    ranks = rank_layers(architecture, pipeline)
    between = {mix: rank for rank, mix in reversed(list(enumerate(ranks))[1:-1]) if mix != ranks[0]}
    return [
        (0, *ranks[0]),
        *((rank, *mix) for mix, rank in sorted(between.items(), key=lambda item: item[1])),
        (pipeline - 1, *ranks[-1]),
    ]


def rank_layers(architecture: Architecture, pipeline: int) -> list[tuple[int, int]]:
    """Dense and expert layers of each rank, as if chunks weren't interleaved.

    The last rank also has the layers of multi-token prediction.
    """
    found, first = [], 0
    counts = list(stage_layers(architecture.layers, pipeline))
    counts[-1] += architecture.prediction_layers
    for count in counts:
        expert = sum(architecture.kind(layer).experts for layer in range(first, first + count))
        found.append((count - expert, expert))
        first += count
    return found
