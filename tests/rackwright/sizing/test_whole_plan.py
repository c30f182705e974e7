"""What must hold of each figure of a whole plan, whichever part it stands in."""

from __future__ import annotations

from functools import cache

import pytest

from rackwright.cli.explain import figures, unknowns
from rackwright.sizing import plan
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request

pytestmark = pytest.mark.pure

REQUESTS = {
    "small": {"model": "llama-3-8b", "tokens": 1e12, "gpus": 64},
    "large, with terms": {
        "model": "llama-3.1-405b",
        "tokens": 15.6e12,
        "gpus": 16_384,
        "place": "existing",
        "cooling": "dry",
        "storage": {"checkpoints": "async", "write_gb_s": 900, "keep_every_days": 7, "milestones": 3},
        "reliability": {"failures_per_host_day": 5e-3, "repair_days": 3},
        "delivery": {"start_date": "2026-01-01", "lead_days": 60, "vendors": 2, "hosts_per_week": 300},
        "money": {"building_usd_per_mw": 12e6, "electricity_usd_per_kwh": 0.1},
    },
    "mixture of experts": {"model": "mixtral-8x7b", "tokens": 1e12, "gpus": 256, "checkpoints": "async"},
}


@cache
def planned(name: str) -> Plan:
    fields = dict(REQUESTS[name])
    if "checkpoints" in fields:
        fields["storage"] = {"checkpoints": fields.pop("checkpoints")}
    return plan(Request.model_validate({"name": "run", **fields}))


@pytest.mark.parametrize("name", REQUESTS)
def test_every_figure_says_where_it_comes_from_and_has_a_range_or_a_reason(name: str) -> None:
    found = figures(planned(name))
    assert len(found) > 120
    for path, figure in found.items():
        assert figure.formula.strip() or figure.source.strip(), path
        assert (figure.low is not None and figure.high is not None) or figure.exact_because, path


@pytest.mark.parametrize("name", REQUESTS)
def test_every_range_holds_its_expected_value(name: str) -> None:
    for path, figure in figures(planned(name)).items():
        low = figure.expected if figure.low is None else figure.low
        high = figure.expected if figure.high is None else figure.high
        assert low <= figure.expected <= high, path


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_unknown_says_what_to_give_instead(name: str) -> None:
    for path, unknown in unknowns(planned(name)).items():
        assert unknown.unknown, path
    assert ("cost.building_usd" in unknowns(planned(name))) == (name != "large, with terms")
