"""A figure: a value with its range and where it comes from; or the plain statement that nobody knows it."""

from __future__ import annotations

from pydantic import model_validator

from rackwright.specs.base import Spec, refuse


class Figure(Spec):
    """One number of the catalogue or of a plan. Its unit ends the name of the field that holds it (`step_s`)."""

    expected: float
    low: float | None = None
    """The least that sources or assumptions allow; unset where no range is known."""
    high: float | None = None
    formula: str = ""
    """How it was computed, with the numbers in it; empty for a figure that was read somewhere."""
    source: str = ""
    """Where it, or its formula, was read."""
    assumed: bool = False
    """True for a figure that no source gives: a judgement to be replaced by one's own."""
    exact_because: str = ""
    """Why it has no range; empty where it has one."""

    @model_validator(mode="after")
    def _range_holds_expected(self) -> Figure:
        for name, bound, fits in (
            ("low", self.low, self.low is None or self.low <= self.expected),
            ("high", self.high, self.high is None or self.high >= self.expected),
        ):
            if not fits:
                refuse(
                    field=name,
                    value=bound,
                    expected=f"{name} and expected ({self.expected}) in order",
                    remedy="check which of the two is wrong",
                )
        return self


class Unknown(Spec):
    """A figure that no source gives and that nothing here can tell: said to be unknown, not invented."""

    unknown: str
    """Why it isn't known, and what to give instead."""
