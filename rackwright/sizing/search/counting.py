"""How many layouts there are, without listing them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rackwright.sizing.search.enumeration import Replicas, Space, factors, ranges
from rackwright.sizing.step.layouts import Integers


def count(space: Space, replicas: Replicas) -> int:
    """Layouts that the replicas have together."""
    found = ranges(space, replicas)
    if not space.fully_sharded:
        return sum(int(np.maximum(0, last - first + 1).sum()) for first, last in found)
    number = 0
    for rows, upto in _shard_counts(space, replicas, np.ones_like(replicas.step)):
        for first, last in found:
            number += int((upto[last[rows]] - upto[np.minimum(first - 1, last)[rows]]).sum())
    return number


def size(space: Space, splits: Replicas) -> int:
    """Layouts of all splits together, with micro-batches of any size.

    Data ranks and sequences of a micro-batch enter the batch alike: for each number of sequences that the one gives, it
    is tabulated how many choices that leaves the other.
    """
    largest = space.largest_batch
    choices = np.zeros(largest + 1, dtype=np.int64)
    for low, high in factors(space.least_batch, largest):
        choices += np.maximum(0, high - low + 1)[:-1]
    units = splits.step * splits.sequences
    ranks = np.minimum(splits.most // splits.step, largest // units)
    if not space.fully_sharded:
        return sum(int(np.cumsum(choices[:: int(unit)])[ranks[units == unit]].sum()) for unit in np.unique(units))
    return sum(int(upto[ranks[rows]].sum()) for rows, upto in _shard_counts(space, splits, units, choices))


def _shard_counts(
    space: Space, replicas: Replicas, units: Integers, choices: Integers | None = None
) -> Iterator[tuple[Integers, Integers]]:
    """Choices of parameter shards, summed up to 0, 1, 2, … steps of data ranks, for groups of replicas that share them.

    With `choices`, each number of data ranks counts as often as they say for the sequences that it gives.
    """
    split = replicas.layouts
    columns = np.stack([split.tensor, split.context, replicas.step, units])
    groups, which = np.unique(columns, axis=1, return_inverse=True)
    for number, (tensor, context, step, unit) in enumerate(groups.T):
        rows = np.flatnonzero(which == number)
        longest = int((replicas.most[rows] // step).max(initial=0))
        if choices is not None:
            longest = min(longest, (len(choices) - 1) // int(unit))
        ranks = np.arange(1, longest + 1) * step
        whole = space.gpus_per_host // np.gcd(space.gpus_per_host, tensor)
        counts = _divisor_counts(max(1, longest * int(step * context) // int(whole)))
        shards = np.where(ranks * context % whole, 1, counts[ranks * context // whole])
        if choices is not None:
            shards = shards * choices[np.arange(1, longest + 1) * unit]
        yield rows, np.concatenate([[0], np.cumsum(shards)])


def _divisor_counts(largest: int) -> Integers:
    """How many divisors 0 (none), 1, 2, … up to `largest` have."""
    counts = np.zeros(largest + 1, dtype=np.int64)
    for each in range(1, largest + 1):
        counts[each::each] += 1
    return counts
