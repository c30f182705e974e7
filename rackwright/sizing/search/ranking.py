"""The best layout so far, and the best of those that split the model otherwise."""

from __future__ import annotations

import numpy as np

from rackwright.sizing.step.layouts import Integers, Layouts, Numbers

SPLIT = ("tensor", "pipeline", "expert", "expert_tensor")
"""What tells the runner-up from the best: how the model is split, not how its batch and sequences are cut."""

PLACES = 2
"""Best and runner-up."""

TIE_BREAK = 1e-14
"""Part of a layout's rate that each rank of a replica costs it: no more than rounding does.

So of layouts that are as fast as each other the one with the smallest replicas wins.
"""


class Ranking:
    """Best and runner-up."""

    def __init__(self, at_least: float) -> None:
        self._at_least = at_least
        self._places: list[tuple[float, int, Layouts]] = []

    @property
    def threshold(self) -> float:
        """Tokens a second that a layout must exceed to matter."""
        return self._places[1][0] if len(self._places) == PLACES else self._at_least

    @property
    def places(self) -> list[Layouts]:
        """Best and runner-up, as far as there are any."""
        return [layout for _, _, layout in self._places]

    def enter(self, tokens_per_s: Numbers, splits: Integers, layouts: Layouts) -> None:
        """Let layouts compete; `splits` tells which of them split the model alike."""
        rates = tokens_per_s * (1 - TIE_BREAK * layouts.tensor * layouts.context * layouts.pipeline)
        others = np.ones(len(layouts), dtype=np.bool_)
        for _ in range(PLACES):
            if not others.any():
                break
            index = int(np.argmax(np.where(others, rates, -np.inf)))
            if rates[index] <= self._at_least:
                break
            self._places.append((float(rates[index]), int(splits[index]), layouts.take(np.array([index]))))
            others &= splits != splits[index]
        self._places.sort(key=lambda place: -place[0])
        self._places = [
            *self._places[:1],
            *[place for place in self._places[1:] if place[1] != self._places[0][1]][:1],
        ]


def split_numbers(layouts: Layouts) -> Integers:
    """A number for each layout, the same for those that split the model alike."""
    columns = np.stack([getattr(layouts, name) for name in SPLIT])
    sizes = columns.max(axis=1, initial=0) + 1
    return np.asarray(np.ravel_multi_index(tuple(columns), tuple(sizes)))
