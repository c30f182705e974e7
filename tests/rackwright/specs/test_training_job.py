from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from rackwright.specs import SpecError, TrainingJob
from rackwright.specs.documents import validate_document
from rackwright.specs.training_job_rules import FROZEN_FIELDS, cel_message, changed_frozen_fields

pytestmark = pytest.mark.pure

CASES = yaml.safe_load((Path(__file__).parent / "bad_training_jobs.yaml").read_text(encoding="utf-8"))


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7386)."""
    result = deepcopy(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def read(document: dict[str, Any]) -> TrainingJob:
    return validate_document(document, TrainingJob, source="job.yaml")


def test_the_good_job_is_good() -> None:
    assert read(CASES["good"]).spec.hosts == 4


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["name"])
def test_a_bad_job_is_refused_with_field_value_expectation_and_remedy(case: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        read(merged(CASES["good"], case["change"]))
    assert f"job.yaml: {case['message']}" in str(caught.value)


@pytest.mark.parametrize(("field", "value"), [*CASES["frozen"].items()])
def test_what_pods_are_made_of_changes_only_while_the_job_is_suspended(field: str, value: object) -> None:
    old = read(CASES["good"]).spec.written()
    new = merged(old, {field: value})
    assert changed_frozen_fields(old, new) == (field,)
    assert changed_frozen_fields(old | {"suspend": True}, new) == ()
    assert changed_frozen_fields(old, new | {"suspend": True}) == ()


@pytest.mark.parametrize(("field", "value"), [*CASES["free"].items()])
def test_what_the_operator_can_change_on_a_running_job_may_change(field: str, value: object) -> None:
    old = read(CASES["good"]).spec.written()
    assert changed_frozen_fields(old, merged(old, {field: value})) == ()


def test_the_cases_name_every_field_that_is_frozen() -> None:
    assert {field.name for field in FROZEN_FIELDS} == set(CASES["frozen"])


def test_a_rules_words_stay_words_in_cel() -> None:
    r"""CEL's `format` takes `%%` for a percent sign, its strings `\\` and `\'` for what would end or escape."""
    assert cel_message(r"{spec.gpus} GPUs' 50% \ {spec.queue}") == (
        r"'%s GPUs\' 50%% \\ %s'.format([self.spec.gpus, self.spec.queue])"
    )
