"""What breaks first: the right warnings, the worst first."""

from __future__ import annotations

import pytest

from rackwright.catalog import PLACES
from rackwright.sizing.planning import limits
from rackwright.sizing.planning.limits import Weakness
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan
from tests.rackwright.sizing.machines import USUAL
from tests.rackwright.sizing.plans import planned

pytestmark = pytest.mark.pure


def small() -> Plan:
    return planned(gpus=64, place="existing")


def weak(sized: Plan) -> list[Weakness]:
    return limits.weaknesses(
        sized,
        place=PLACES.entries["existing"],
        wished_switch=sized.fabric.switch,
        published_batch_tokens=sized.run.tokens_per_step,
        figures=USUAL,
    )


def changed(part: str, **values: float) -> Plan:
    """The small plan with expected values of one part put to these."""
    own = getattr(small(), part)
    figures = {
        name: getattr(own, name).model_copy(update={"expected": value})
        if isinstance(getattr(own, name), Figure)
        else value
        for name, value in values.items()
    }
    return small().model_copy(update={part: own.model_copy(update=figures)})


@pytest.mark.parametrize(
    ("sized", "words"),
    [
        (changed("run", days=731), "takes 2.0 years"),
        (changed("reliability", goodput=0.6), "Goodput is 60%: a failure every"),
        (changed("reliability", goodput=1e-9), "The run makes no headway: failures come every"),
        (changed("storage", checkpoint_stall_s=5000), "Checkpoints stop the training"),
        (changed("storage", write_bandwidth_gb_s=4000), "ask 4,000 GB/s of the storage"),
        (changed("power", facility_mw=300), "takes 300 MW"),
        (changed("hosts", training_gpus=16_384), "fitted to runs of up to 2,048 GPUs"),
        (changed("hosts", hosts=12_500), "12,500 hosts are more than the 5,000 nodes"),
        (changed("step", expert_communication_s=1e6), "plan with software: megatron-deepep"),
        (changed("memory", capacity_gb=1), "Memory is nearly full"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_limit_that_is_passed_is_told_and_none_that_isn_t(sized: Plan, words: str) -> None:
    assert any(words in each.text for each in weak(sized))
    assert not any(words in each.text for each in weak(small()) if not words.startswith("Memory"))


def test_the_worst_stands_first() -> None:
    both = changed("reliability", goodput=0.85).model_copy(
        update={"power": changed("power", facility_mw=600).power, "run": changed("run", days=3650).run}
    )
    found = weak(both)
    assert [each.severity for each in found] == sorted((each.severity for each in found), reverse=True)
    assert found[0].text.startswith("The run takes 10.0 years")
    assert found[1].text.startswith("The site takes 600 MW")
    assert any(each.text.startswith("Goodput is 85%") for each in found[2:])


def test_delivery_is_told_of_only_where_the_request_asks_for_it() -> None:
    asked = planned(gpus=64, place="existing", delivery={"start_date": "2026-01-01"})
    assert any("days after the order" in warning for warning in asked.warnings)
    assert not any("days after the order" in warning for warning in small().warnings)


def test_a_gpu_without_a_published_failure_rate_is_told_of() -> None:
    warnings = planned(gpus=64, gpu="h200-sxm-141gb").warnings
    assert any("No failure rate of h200-sxm-141gb is published" in warning for warning in warnings)
