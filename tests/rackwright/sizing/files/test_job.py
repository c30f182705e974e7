"""The job of a plan asks for places that suit its ranks."""

from __future__ import annotations

import pytest

from rackwright.sizing import training_job
from tests.rackwright.sizing.plans import planned

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("model", "gpus", "place"),
    [
        ("llama-3.1-405b", 4096, "existing"),
        ("llama-3.1-405b", 4096, "oracle"),
        ("deepseek-v3-671b", 2048, "existing"),
        ("llama-3-8b", 64, "existing"),
    ],
)
def test_ranks_that_are_neighbours_and_talk_most_stand_in_one_domain(model: str, gpus: int, place: str) -> None:
    """As Megatron-LM numbers them: tensor, context and expert ranks are neighbours, pipeline ranks aren't."""
    sized = planned(model=model, gpus=gpus, place=place)
    split, wish = sized.parallelism, training_job(sized).spec.topology
    hosts = max(split.tensor * split.context, split.expert * split.expert_tensor) / sized.hosts.gpus_per_host
    levels = {level.name: level.hosts for level in sized.fabric.levels}
    assert wish.preferred in levels
    if hosts <= 1:
        assert wish.slice is None
    else:
        assert wish.slice is not None
        assert wish.slice.hosts == hosts
        assert levels[wish.slice.level] >= hosts
