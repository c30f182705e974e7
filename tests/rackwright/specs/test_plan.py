"""A plan is a document like the others: it can be written, read and checked."""

from __future__ import annotations

import json

import pytest

from rackwright.cli.sizing.explain import figures
from rackwright.cli.sizing.plan_table import FRACTIONS, split_unit
from rackwright.specs import dump_document
from rackwright.specs.documents import parse_document
from rackwright.specs.plan import Plan
from tests.rackwright.sizing.plans import planned

pytestmark = pytest.mark.pure

COUNTS = frozenset(
    {
        "parameters",
        "active_parameters",
        "spares",
        "half_goodput_hosts",
        "burn_in_failed_hosts",
        "checkpoints_kept",
        "pue",
        "leaf_oversubscription",
        "spine_oversubscription",
    }
)
"""Figures without a unit."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A small plan."""
    return planned(gpus=64)


def test_it_survives_writing_and_reading_as_yaml_and_json(plan: Plan) -> None:
    assert parse_document(dump_document(plan), Plan, source="plan.yaml") == plan
    assert Plan.model_validate(json.loads(plan.model_dump_json(by_alias=True))) == plan


def test_every_figure_says_its_unit(plan: Plan) -> None:
    for path in figures(plan):
        name = path.rsplit(".", maxsplit=1)[-1]
        assert split_unit(name)[1] or name in COUNTS | FRACTIONS, path


def test_the_parts_of_a_step_add_up(plan: Plan) -> None:
    parts = [figure.expected for name, figure in plan.step if name != "step_s" and not name.endswith("_hidden_s")]
    assert sum(parts) == pytest.approx(plan.step.step_s.expected)


def test_all_hosts_are_accounted_for(plan: Plan) -> None:
    hosts = plan.hosts
    assert hosts.hosts == hosts.training_gpus // hosts.gpus_per_host + hosts.spares + hosts.idle


def test_it_has_a_json_schema(plan: Plan) -> None:
    assert set(Plan.model_json_schema(by_alias=True)["required"]) <= set(plan.model_dump(by_alias=True))
