"""Wished splits that can't be: which dimension is wrong, and the valid sizes next to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rackwright.sizing.search.enumeration import Space, as_wished, model_splits
from rackwright.sizing.step.layouts import Layouts
from rackwright.specs.documents import SpecError
from rackwright.specs.request import refusal
from rackwright.specs.terms import RECOMPUTES, ParallelismTerms

RULES = {
    "tensor": "a size inside NVLink's reach that divides heads, key-value heads and feed-forward width",
    "context": "a size that cuts the sequence into two equal pieces for each rank",
    "pipeline": "ranks over which the layers fall evenly, embedding and head counted as layers if need be",
    "virtual_pipeline": "chunks that divide the layers of a pipeline rank",
    "expert": "a size that divides the experts",
    "expert_tensor": "a size inside NVLink's reach that divides an expert's width",
}
"""What makes a size of each dimension valid (enumeration.py)."""


def check_wish(space: Space) -> None:
    """Raise `SpecError` where no valid layout is split as wished."""
    given = space.wish.given
    if not given:
        return
    splits = model_splits(replace(space, wish=ParallelismTerms())).layouts
    if as_wished(splits, given).any():
        return
    raise _alone(splits, given) or _together(splits, given)


def _alone(splits: Layouts, given: dict[str, int]) -> SpecError | None:
    """The refusal of the first dimension that can have its size with no others either."""
    for name, size in given.items():
        valid = np.unique(getattr(splits, name))
        if size not in valid:
            return _refused(name, size, valid.tolist(), rule=RULES.get(name, ""))
    return None


def _together(splits: Layouts, given: dict[str, int]) -> SpecError:
    """The refusal of the first dimension that can't have its size beside those before it."""
    kept = splits
    for name, size in given.items():
        narrower = kept.take(as_wished(kept, {name: size}))
        if not len(narrower):
            valid = np.unique(getattr(kept, name)).tolist()
            return _refused(name, size, valid, rule="a size that is valid beside the others")
        kept = narrower
    raise ValueError("the wish can be met")


def _refused(name: str, size: int, valid: list[int], *, rule: str) -> SpecError:
    near = sorted(sorted(valid, key=lambda each: abs(each - size))[:2])
    words = [RECOMPUTES[each] if name == "recompute" else str(each) for each in near]
    value = RECOMPUTES[size] if name == "recompute" else size
    return refusal(
        field=f"parallelism.{name}",
        value=value,
        expected=rule,
        remedy=f"use {' or '.join(words)}, the nearest; or leave it out, and the best is searched for",
    )
