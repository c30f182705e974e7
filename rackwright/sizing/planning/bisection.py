"""Finding where something starts to hold, by doubling and halving."""

from __future__ import annotations

from collections.abc import Callable


def least(holds: Callable[[int], bool], most: int, *, start: int = 1) -> int | None:
    """The least number from `start` to `most` that holds, if all above it hold as well; None where none does."""
    if start > most:
        return None
    missed, tried = start - 1, start
    while not holds(tried):
        if tried == most:
            return None
        missed, tried = tried, min(most, max(tried + 1, tried * 3 // 2))
    return _halved(holds, tried, missed)


def largest(holds: Callable[[int], bool], most: int, *, start: int = 1) -> int | None:
    """The largest number from `start` to `most` that holds; None if a descent by thirds meets none.

    Right where all numbers hold from some number on up to the one sought, and those are not all within a third of it.
    """
    if start > most:
        return None
    failed, tried = most + 1, most
    while not holds(tried):
        if tried == start:
            return None
        failed, tried = tried, max(start, tried * 2 // 3)
    return _halved(holds, tried, failed)


def _halved(holds: Callable[[int], bool], held: int, missed: int) -> int:
    """The last number that holds, on the way from one that does to one that doesn't."""
    while abs(missed - held) > 1:
        middle = (held + missed) // 2
        if holds(middle):
            held = middle
        else:
            missed = middle
    return held
