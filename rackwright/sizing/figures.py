"""Computing figures from figures, so that ranges carry through.

Ranges combine as in interval arithmetic: the least and greatest result over all corners of the inputs' ranges. That
takes the inputs as free of each other, so a combined range is on the wide side.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as corners_of

from rackwright.specs.figure import Figure


def exact(value: float, *, formula: str, source: str = "") -> Figure:
    """A figure without a range."""
    return Figure(expected=value, formula=formula, source=source)


def computed(compute: Callable[..., float], *inputs: Figure, formula: str, source: str = "") -> Figure:
    """A figure computed from others; `compute` must rise or fall steadily with each of them."""
    expected = compute(*(figure.expected for figure in inputs))
    if all(figure.low is None and figure.high is None for figure in inputs):
        return Figure(expected=expected, formula=formula, source=source)
    results = [expected, *(compute(*corner) for corner in corners_of(*map(_ends, inputs)))]
    return Figure(expected=expected, low=min(results), high=max(results), formula=formula, source=source)


def product(figure: Figure, factor: float, *, formula: str, source: str = "") -> Figure:
    """A figure times a number."""
    return computed(lambda value: value * factor, figure, formula=formula, source=source)


def _ends(figure: Figure) -> tuple[float, float]:
    low = figure.expected if figure.low is None else figure.low
    high = figure.expected if figure.high is None else figure.high
    return low, high
