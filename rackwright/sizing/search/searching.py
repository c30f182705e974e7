"""The search: the fastest layout that fits, out of all valid ones, and the best that splits the model otherwise.

Nothing is sampled. Layouts are left out only where it is certain that they can't win:

1. *Memory.* What a GPU holds rises with the micro-batch, falls with data ranks, which share the state, and rises with
   the number of micro-batches, of which more are then under way. So a micro-batch that doesn't fit on all data ranks
   that the GPUs suffice for, with the least micro-batches, fits nowhere, nor does a larger one: bisection finds the
   largest for each split. And a replica that doesn't fit on the most data ranks that are valid for it, which also leave
   it the fewest micro-batches, fits on no fewer.
2. *Time.* A step has a lower bound (bounds.py). A replica that can't exceed the runner-up on any number of data ranks
   is left out, and so are data ranks of the others on which they can't.

The property tests hold these laws against the model whatever its constants, and the search against all layouts, one by
one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from rackwright.sizing.search import counting, enumeration
from rackwright.sizing.search.bounds import ROWS, Bounds, bounds, in_pieces, least_data, most_tokens_per_s
from rackwright.sizing.search.choosing import Choice
from rackwright.sizing.search.enumeration import Replicas, Space
from rackwright.sizing.search.ranking import PLACES, Ranking, split_numbers
from rackwright.sizing.step import memory
from rackwright.sizing.step.layouts import Integers, Layouts, Numbers
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.step_time import step_times

MORE_MEMORY = 2
"""Times a GPU's memory that its successors have, about: what a faster layout may take to be worth knowing of (H200 and
B200 over H100: 1.8 and 2.2)."""

REPLICAS = 256
"""Replicas whose data ranks are looked at before what they must beat is set anew."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many layouts there are, and what became of them; they add up to `valid`."""

    valid: int
    refused_by_memory: int
    slower_for_certain: int
    """Whose lower bound of the step time is above the step time of one that was computed."""
    computed: int
    """Whose step time was computed in full."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the search comes to."""

    best: Choice | None
    """None where nothing fits into memory, or (with `at_least`) nothing is fast enough."""
    runner_up: Choice | None
    """The best whose tensor, pipeline or expert ranks differ."""
    too_large: Choice | None
    """The fastest that `MORE_MEMORY` would allow, of those with the best's micro-batch on their most data ranks; None
    where none is faster than the best."""
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A space made ready for searches on all of its GPUs, or on fewer."""

    space: Space
    machine: Machine
    splits: Replicas
    """All, with micro-batches of one sequence."""
    replicas: Replicas
    """Those whose micro-batch the memory can hold."""
    alike: Integers
    """A number for each replica, the same for those that split the model alike."""
    bounds: Bounds

    def on_fewer(self, gpus: int) -> Prepared:
        """The same for fewer GPUs: bounds are free of their number."""
        replicas = enumeration.on_fewer(self.replicas, gpus)
        some = np.flatnonzero(replicas.most)
        return replace(
            self,
            splits=enumeration.on_fewer(self.splits, gpus),
            replicas=replicas.take(some),
            alike=self.alike[some],
            bounds=self.bounds.take(some),
        )


def prepare(space: Space, machine: Machine) -> Prepared:
    """Make a space ready: all replicas that memory can hold at all, and their bounds."""
    splits = enumeration.model_splits(space)
    largest = _largest_micro_batches(space, machine, splits)
    replicas = enumeration.with_micro_batches(splits, largest)
    return Prepared(
        space=space,
        machine=machine,
        splits=splits,
        replicas=replicas,
        alike=np.repeat(split_numbers(splits.layouts), largest),
        bounds=bounds(space, machine, replicas),
    )


def search(prepared: Prepared, *, gpus: int | None = None, at_least: float = 0.0) -> Found:
    """The best layout and the runner-up on all of the space's GPUs, or at most `gpus` of them.

    Only layouts with more than `at_least` tokens a second count.
    """
    space, machine = prepared.space, prepared.machine
    asked = prepared if gpus is None else prepared.on_fewer(gpus)
    most = enumeration.most_data(space, asked.replicas)
    reach = most_tokens_per_s(space, asked.replicas, asked.bounds, most)
    ranking = Ranking(at_least)
    _seed(ranking, asked, most, reach)
    order = np.flatnonzero(reach > ranking.threshold)
    order = order[np.argsort(-reach[order], kind="stable")]
    computed = refused = 0
    for first in range(0, len(order), REPLICAS):
        chosen = order[first : first + REPLICAS]
        chosen = chosen[reach[chosen] > ranking.threshold]
        if not len(chosen):
            break
        fit = _fits(space, machine, enumeration.on_data(space, asked.replicas.take(chosen), most[chosen]))
        refused += counting.count(space, asked.replicas.take(chosen[~fit]))
        chosen = chosen[fit]
        for layouts, rows in _promising(space, asked.replicas.take(chosen), asked.bounds.take(chosen), ranking):
            fit = _fits(space, machine, layouts)
            fitting = layouts.take(fit)
            ranking.enter(_tokens_per_s(space, machine, fitting), asked.alike[chosen[rows[fit]]], fitting)
            refused += int(np.count_nonzero(~fit))
            computed += len(fitting)
    valid = counting.size(space, asked.splits)
    refused += valid - counting.count(space, asked.replicas)
    placed = [_choice(space, machine, layout) for layout in ranking.places]
    best = placed[0] if placed else None
    return Found(
        best=best,
        runner_up=placed[1] if len(placed) > 1 else None,
        too_large=_too_large(asked, best) if best is not None and not at_least else None,
        counts=Counts(
            valid=valid, refused_by_memory=refused, slower_for_certain=valid - refused - computed, computed=computed
        ),
    )


def _too_large(asked: Prepared, best: Choice) -> Choice | None:
    space, machine = asked.space, asked.machine
    splits = asked.splits.take(asked.splits.most > 0)
    size = np.full(len(splits), best.layout.micro_batch)
    replicas = replace(splits, layouts=replace(splits.layouts, micro_batch=size))
    most = enumeration.most_data(space, replicas)
    valid = most > 0
    layouts = enumeration.on_data(space, replicas.take(valid), most[valid])
    used_gb, there = _used_gb(space, machine, layouts), machine.gpu.memory_gb.expected
    layouts = layouts.take((used_gb > there) & (used_gb <= MORE_MEMORY * there))
    if not len(layouts):
        return None
    fastest = int(np.argmax(_tokens_per_s(space, machine, layouts)))
    found = _choice(space, machine, layouts.take(np.array([fastest])))
    return found if found.tokens_per_s > best.tokens_per_s else None


def _largest_micro_batches(space: Space, machine: Machine, splits: Replicas) -> Integers:
    """The most sequences of a micro-batch that the memory can hold, for each split; 0 where it holds not even one."""
    low = np.zeros(len(splits), dtype=np.int64)
    high = space.largest_batch // (splits.step * splits.sequences)
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_] + 1) // 2
        ranks = splits.most[open_]
        tried = replace(
            splits.layouts.take(open_),
            data=ranks,
            micro_batch=middle,
            parameter_shards=ranks * splits.layouts.context[open_] if space.fully_sharded else np.ones_like(ranks),
        )
        fit = _fits(space, machine, tried)
        low[open_] = np.where(fit, middle, low[open_])
        high[open_] = np.where(fit, high[open_], middle - 1)
    return low


def _fits(space: Space, machine: Machine, layouts: Layouts) -> Mask:
    return np.less_equal(_used_gb(space, machine, layouts), machine.gpu.memory_gb.expected)


def _used_gb(space: Space, machine: Machine, layouts: Layouts) -> Numbers:
    def used_gb(piece: Layouts) -> Numbers:
        return memory.fullest_gb(space.architecture, piece, machine.software, sequence_tokens=space.sequence_tokens)

    return in_pieces(used_gb, layouts)


def _tokens_per_s(space: Space, machine: Machine, layouts: Layouts) -> Numbers:
    def step_s(piece: Layouts) -> Numbers:
        return step_times(space.architecture, piece, machine, sequence_tokens=space.sequence_tokens).total_s

    return layouts.batch * space.sequence_tokens / in_pieces(step_s, layouts)


def _seed(ranking: Ranking, asked: Prepared, most: Integers, reach: Numbers) -> None:
    """Let the replicas that can reach most compete on their most data ranks, until there is something to be beaten."""
    order = np.flatnonzero(reach > ranking.threshold)
    while len(order) and len(ranking.places) < PLACES:
        if len(order) > ROWS:
            order = order[np.argpartition(-reach[order], ROWS)]
        chosen, order = order[:ROWS], order[ROWS:]
        layouts = enumeration.on_data(asked.space, asked.replicas.take(chosen), most[chosen])
        fit = _fits(asked.space, asked.machine, layouts)
        fitting = layouts.take(fit)
        ranking.enter(_tokens_per_s(asked.space, asked.machine, fitting), asked.alike[chosen[fit]], fitting)


def _promising(
    space: Space, replicas: Replicas, bounds: Bounds, ranking: Ranking
) -> Iterator[tuple[Layouts, Integers]]:
    """Layouts that may have a place in the ranking, with the index of the replica of each."""
    least = least_data(space, replicas, bounds, tokens_per_s=ranking.threshold)
    layouts, rows = enumeration.on_data_ranks(space, replicas, least=least)
    least_s = layouts.micro_batches * bounds.micro_s[rows] + bounds.bubble_s[rows]
    reach = layouts.batch * space.sequence_tokens / least_s
    for first in range(0, len(layouts), ROWS):
        piece = np.arange(first, min(first + ROWS, len(layouts)))
        piece = piece[reach[piece] > ranking.threshold]
        yield layouts.take(piece), rows[piece]


def _choice(space: Space, machine: Machine, layout: Layouts) -> Choice:
    times = step_times(space.architecture, layout, machine, sequence_tokens=space.sequence_tokens)
    used_gb = memory.fullest_gb(space.architecture, layout, machine.software, sequence_tokens=space.sequence_tokens)
    step_s = float(times.total_s[0])
    return Choice(
        layout=layout.row(0),
        parts_s={field.name: float(getattr(times, field.name)[0]) for field in fields(times)},
        step_s=step_s,
        tokens_per_s=layout.row(0).batch * space.sequence_tokens / step_s,
        memory_gb=float(used_gb[0]),
    )
