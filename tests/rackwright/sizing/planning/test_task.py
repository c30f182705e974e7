"""What a request names is looked up by any of its names, and what can't be planned with is refused."""

from __future__ import annotations

import pytest

from rackwright.sizing.planning.task import look_up
from rackwright.specs import SpecError
from rackwright.specs.request import Request

pytestmark = pytest.mark.pure


def request(**changes: str) -> Request:
    """A request for a small run, with changes."""
    return Request.model_validate({"name": "run", "model": "llama-3-8b", "tokens": 1e12, "gpus": 64, **changes})


def test_aliases_become_the_catalogues_own_names() -> None:
    task = look_up(request(model="Grok1-314B", gpu="GB200"))
    assert task.model_name == task.request.model == "grok-1-314b"
    assert task.request.gpu == "gb200-sxm-186gb"
    assert task.shape == "BM.GPU.GB200.4"


@pytest.mark.parametrize("name", ["Dojo", "dojo-d1", "Dojo training tile"])
def test_hardware_without_step_times_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(SpecError) as refused:
        look_up(request(gpu=name))
    (problem,) = refused.value.problems
    assert problem.field == "gpu"
    assert "no software stack is public" in problem.expected
    assert "h100-sxm-80gb" in problem.remedy
    assert "rackwright size compare dojo-" in problem.remedy


def test_hosts_that_air_can_t_cool_are_planned_with_liquid() -> None:
    assert look_up(request()).cooling == "air"
    assert look_up(request(gpu="GB200")).cooling == "liquid"
    assert look_up(request(gpu="GB200", cooling="dry")).cooling == "dry"
    with pytest.raises(SpecError, match="air alone can't cool") as refused:
        look_up(request(gpu="GB200", cooling="air"))
    assert refused.value.problems[0].field == "cooling"
