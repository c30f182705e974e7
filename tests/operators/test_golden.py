"""What the operator decides on objects of a real API server (recorded there with Kueue, JobSet and KWOK, and cut down).

`golden/<case>/input.yaml` has the moment and the objects, `output.yaml` the decision; `pytest --snapshot-update` writes
the latter anew, for a change that means to change it.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from operators.actions import Action
from operators.decisions import Decision, decide
from operators.observed import JobKey
from operators.store import JOBS, KINDS, Store, object_key
from rackwright.specs.job_cluster import JobCluster

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/input.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_a_real_situation_has_the_recorded_decision(
    case: str, cluster: JobCluster, pytestconfig: pytest.Config
) -> None:
    recorded = yaml.safe_load((GOLDEN / case / "input.yaml").read_text(encoding="utf-8"))
    decision = decision_on(recorded["objects"], cluster, now=datetime.fromisoformat(recorded["now"]))
    expected = GOLDEN / case / "output.yaml"
    if pytestconfig.getoption("--snapshot-update"):
        expected.write_text(yaml.safe_dump(written(decision), sort_keys=False, width=118), encoding="utf-8")
    assert written(decision) == yaml.safe_load(expected.read_text(encoding="utf-8"))


def decision_on(objects: list[dict[str, Any]], cluster: JobCluster, *, now: datetime) -> Decision:
    """The decision for the one job among the objects."""
    store = Store()
    kinds = {(kind.api_version, kind.plural): kind for kind in KINDS}
    for each in objects:
        store.put(kinds[each["apiVersion"], f"{each['kind'].lower()}s"], each)
    key: JobKey = next(object_key(each) for each in objects if each["apiVersion"] == JOBS.api_version)
    job = store.job(key)
    assert job is not None
    return decide(job, store.observe(key, now=now), cluster, now=now)


def written(decision: Decision) -> dict[str, Any]:
    """A decision as plain data."""
    return {"lookAgainSeconds": decision.look_again_s, "actions": [deed(action) for action in decision.actions]}


def deed(action: Action) -> dict[str, Any]:
    """An action by its name, with all that it says; a status as the API server gets it."""
    said = {each.name: getattr(action, each.name) for each in fields(action)}
    plain = {
        name: value.model_dump(mode="json", by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value
        for name, value in said.items()
    }
    return {"action": type(action).__name__, **plain}
