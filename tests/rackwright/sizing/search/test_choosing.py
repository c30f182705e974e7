"""Why the runner-up lost, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rackwright.sizing.search.choosing import PARTS, Choice, described, parallelism_plan, why_slower
from rackwright.sizing.step.parallelism import Layout
from rackwright.sizing.step.step_time import StepTimes

pytestmark = pytest.mark.pure

LAYOUT = Layout(
    tensor=8,
    context=1,
    pipeline=4,
    virtual_pipeline=2,
    expert=1,
    data=1000,
    micro_batch=1,
    micro_batches=8,
    recompute="selective",
)


def choice(*, sequences: int = 8000, **parts_s: float) -> Choice:
    """A layout with those parts of a step."""
    step_s = sum(parts_s.values())
    return Choice(
        layout=replace(LAYOUT, micro_batches=sequences // LAYOUT.data),
        parts_s={name: parts_s.get(name, 0.0) for name in PARTS},
        step_s=step_s,
        tokens_per_s=sequences / step_s,
        memory_gb=1,
    )


def test_every_part_of_a_step_has_words() -> None:
    assert PARTS.keys() <= StepTimes.__dataclass_fields__.keys()
    assert {name for name in StepTimes.__dataclass_fields__ if not name.endswith("hidden_s")} == PARTS.keys()


def test_the_parts_that_cost_most_are_named_for_the_same_number_of_sequences() -> None:
    best = choice(matrix_s=8.0, bubble_s=2.0)
    other = choice(sequences=16_000, matrix_s=16.0, bubble_s=5.0, tensor_s=3.0, data_s=0.1)
    assert why_slower(best, other) == (
        "20.5% slower: tensor communication +15.0%, the pipeline's bubble +5.0% of a step"
    )


def test_equals_are_called_so() -> None:
    assert why_slower(choice(matrix_s=8.0), choice(matrix_s=8.0)) == "as fast"


def test_a_split_is_described_without_what_is_one() -> None:
    assert described(parallelism_plan(LAYOUT)) == (
        "tensor 8 × pipeline 4 × chunks 2 × data 1,000 × selective recomputation"
    )
