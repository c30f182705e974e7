"""Computing figures from figures, so that ranges carry through; and the figures that plans share.

Ranges combine as in interval arithmetic: the least and greatest result over all corners of the inputs' ranges. That
takes the inputs as free of each other, so a combined range is on the wide side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product as corners_of

from rackwright.catalog import FIGURES, PlanningFigure
from rackwright.specs.figure import Figure
from rackwright.specs.request import refusal

COUNTED = "follows from whole numbers and definitions, nothing in it is measured"
AS_STATED = "its source states one value, without a range"
AS_GIVEN = "given in the request"
FROM_EXACT = "none of what it follows from has a range"


def exact(value: float, *, formula: str, source: str = "", because: str = COUNTED) -> Figure:
    """A figure without a range, and why it has none."""
    return Figure(expected=value, formula=formula, source=source, exact_because=because)


def given(value: float, *, field: str) -> Figure:
    """A figure that the request gives in that field."""
    return Figure(expected=value, formula=f"{field}: {value:g}", source="the request", exact_because=AS_GIVEN)


def given_or(value: float | None, otherwise: Figure, *, field: str) -> Figure:
    """What the request gives in that field, or else the other figure."""
    return otherwise if value is None else given(value, field=field)


def stated(figure: Figure) -> Figure:
    """A figure of the catalogue, and where it has no range, that its source gives none."""
    if has_range(figure) or figure.exact_because:
        return figure
    return figure.model_copy(update={"exact_because": AS_STATED})


def computed(
    compute: Callable[..., float], *inputs: Figure, formula: str, source: str = "", assumed: bool | None = None
) -> Figure:
    """A figure computed from others; `compute` must rise or fall steadily with each of them.

    It is `assumed` where one of its inputs is, unless said otherwise.
    """
    expected = compute(*(figure.expected for figure in inputs))
    judged = any(figure.assumed for figure in inputs) if assumed is None else assumed
    if not any(map(has_range, inputs)):
        return Figure(expected=expected, formula=formula, source=source, assumed=judged, exact_because=FROM_EXACT)
    results = [expected, *(compute(*corner) for corner in corners_of(*map(_distinct_ends, inputs)))]
    return Figure(
        expected=expected, low=min(results), high=max(results), formula=formula, source=source, assumed=judged
    )


def product(figure: Figure, factor: float, *, formula: str, source: str = "") -> Figure:
    """A figure times a number."""
    return computed(lambda value: value * factor, figure, formula=formula, source=source)


def total(*parts: Figure, formula: str, source: str = "") -> Figure:
    """The sum of figures, end by end."""
    expected = sum(part.expected for part in parts)
    judged = any(part.assumed for part in parts)
    if not any(map(has_range, parts)):
        return Figure(expected=expected, formula=formula, source=source, assumed=judged, exact_because=FROM_EXACT)
    low, high = (sum(each) for each in zip(*map(ends, parts), strict=True))
    return Figure(
        expected=expected,
        # Sums in another order may differ in the last bit.
        low=min(low, expected),
        high=max(high, expected),
        formula=formula,
        source=source,
        assumed=judged,
    )


def has_range(figure: Figure) -> bool:
    """Whether a figure has a low or a high end of its own."""
    return figure.low is not None or figure.high is not None


def ends(figure: Figure) -> tuple[float, float]:
    """The low and the high end, the expected value where there is none."""
    low = figure.expected if figure.low is None else figure.low
    high = figure.expected if figure.high is None else figure.high
    return low, high


def _distinct_ends(figure: Figure) -> tuple[float, ...]:
    """Both ends, or the one value of a figure without a range, so that no corner is computed twice."""
    return tuple(dict.fromkeys(ends(figure)))


@dataclass(frozen=True)
class PlanningFigures:
    """The figures that plans share: those of the catalogue, with what a request gives in their place."""

    asked: Mapping[str, float]
    """What the request gives, by the catalogue's names."""

    @classmethod
    def of(cls, asked: Mapping[str, float]) -> PlanningFigures:
        """With what a request gives in `figures`; raise `SpecError` for what can't be given there."""
        named = {FIGURES.name(name, field=f"figures.{name}"): value for name, value in asked.items()}
        for name, value in named.items():
            _check(FIGURES.entries[name], value, field=f"figures.{name}")
        return cls(named)

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name."""
        if name in self.asked:
            return given(self.asked[name], field=f"figures.{name}")
        return FIGURES.entries[name].figure


def _check(entry: PlanningFigure, value: float, *, field: str) -> None:
    """Refuse a figure that the request has a field of its own for, and a value out of bounds."""
    if entry.request_field:
        raise refusal(
            field=field,
            value=value,
            expected="a figure that the request has no field of its own for",
            remedy=f"give {entry.request_field}: {value:g} instead",
        )
    if value < entry.least or (entry.most is not None and value > entry.most):
        raise refusal(
            field=field,
            value=value,
            expected=f"{entry.least:g} or more" if entry.most is None else f"{entry.least:g} to {entry.most:g}",
            remedy=f"`rackwright size list figures` shows what it is usually ({entry.title})",
        )
