"""Dimensions that shall have a given size: kept to, or refused with the valid sizes next to it."""

from __future__ import annotations

import pytest

from rackwright.specs import SpecError
from rackwright.specs.plan import Plan
from tests.rackwright.sizing import plans

pytestmark = pytest.mark.pure


def planned(model: str = "llama-3.1-405b", **parallelism: object) -> Plan:
    """A model on 1,024 GPUs, split as wished."""
    return plans.planned(model=model, gpus=1024, parallelism=parallelism)


def test_the_best_of_the_wished_splits_is_taken() -> None:
    """Llama 3.1 405B as it was trained: 8 tensor and 16 pipeline ranks."""
    free, wished = planned(), planned(tensor=8, pipeline=16, recompute="none")
    split = wished.parallelism
    assert (split.tensor, split.pipeline, split.recompute) == (8, 16, "none")
    assert wished.run.tokens_per_s.expected <= free.run.tokens_per_s.expected


def test_wishing_for_what_is_best_changes_nothing() -> None:
    free = planned("llama-3-70b")
    split = free.parallelism
    again = planned("llama-3-70b", tensor=split.tensor, pipeline=split.pipeline, context=split.context)
    assert again.parallelism == split


@pytest.mark.parametrize(
    ("model", "wish", "message"),
    [
        ("llama-3.1-405b", {"tensor": 3}, r"parallelism.tensor: got 3; .* divides heads.* Use 2 or 4"),
        ("llama-3.1-405b", {"pipeline": 5}, r"parallelism.pipeline: got 5; .*layers fall evenly.* Use 4 or 6"),
        ("llama-3.1-405b", {"context": 5}, r"parallelism.context: got 5; .* Use 2 or 4"),
        ("deepseek-v3-671b", {"expert": 3}, r"parallelism.expert: got 3; .*divides the experts.* Use 2 or 4"),
        ("llama-3.1-405b", {"expert": 8}, r"parallelism.expert: got 8; .* Use 1"),
        (
            "llama-3.1-405b",
            {"pipeline": 16, "virtual_pipeline": 3},
            r"parallelism.virtual_pipeline: got 3; .*beside the others.* Use 2 or 4",
        ),
    ],
)
def test_an_impossible_size_is_refused_with_the_nearest_valid_ones(
    model: str, wish: dict[str, int], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        planned(model, **wish)
