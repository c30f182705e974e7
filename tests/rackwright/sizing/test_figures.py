"""Figures that plans share: each is in some plan, and a request can give each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rackwright.catalog import FIGURES
from rackwright.cli.sizing.explain import figures as figures_of
from rackwright.sizing import plan
from rackwright.sizing.figures import AS_GIVEN, PlanningFigures
from rackwright.sizing.planning.critical_batch import known_to_work_tokens
from rackwright.specs import SpecError
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure

READ_BY_FIELD = {"batch_tokens", "hosts_per_rack"}
"""Those that a field of the request stands for wherever they are read."""


def planned(**fields: object) -> Plan:
    asked = {"name": "run", "model": "llama-3-8b", "tokens": 1e12, "gpus": 64, "place": "existing"}
    return plan(Request.model_validate(asked | fields))


def test_every_figure_of_the_catalogue_is_read_by_some_plan_and_none_else(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    own = PlanningFigures.__getitem__

    def recorded(figures: PlanningFigures, name: str) -> Figure:
        read.add(name)
        return own(figures, name)

    monkeypatch.setattr(PlanningFigures, "__getitem__", recorded)
    planned(cooling="air")
    planned(cooling="liquid", storage={"checkpoints": "async"})
    planned(cooling="dry", place="oracle", delivery={"start_date": date(2026, 1, 1)})
    known_to_work_tokens(1e12, USUAL)
    assert read | READ_BY_FIELD == set(FIGURES.entries)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("pue_air", 1.4, "power.pue"),
        ("water_air_l_per_kwh", 0.0, "power.water_l_per_kwh"),
        ("detection_s", 7, "reliability.detection_s"),
        ("start_s", 0, "reliability.start_s"),
    ],
)
def test_a_given_figure_stands_in_the_plan_as_given(name: str, value: float, path: str) -> None:
    figure = figures_of(planned(cooling="air", figures={name: value}))[path]
    assert figure.expected == value
    assert figure.formula == f"figures.{name}: {value:g}"
    assert (figure.source, figure.exact_because, figure.assumed) == ("the request", AS_GIVEN, False)


@pytest.mark.parametrize(
    ("name", "factor", "path"),
    [
        ("transceiver_usd", 2, "cost.optics_usd"),
        ("storage_server_gb_s", 0.1, "cost.storage_usd"),
        ("upkeep_part_per_year", 2, "cost.upkeep_term_usd"),
        ("burn_in_days", 2, "delivery.first_gpus_train_days"),
        ("ethernet_cables_per_host", 20, "delivery.all_gpus_train_days"),
        ("hardware_failure_part", 0.01, "reliability.spares"),
        ("checkpoint_bytes_per_parameter", 2, "storage.checkpoint_gb"),
        ("front_network_part", 0.5, "transfer.levels.front-network-of-one-host.transfer_s"),
        ("switches_per_rack", 0.125, "fabric.network_racks"),
        ("error_per_doubling", 10, "step.step_s"),
    ],
)
def test_what_follows_from_a_given_figure_changes(name: str, factor: float, path: str) -> None:
    fields: dict[str, Any] = {"gpus": 4096, "batch_tokens": 2**25}
    usual = planned(**fields)
    given = planned(**fields, figures={name: factor * FIGURES.entries[name].figure.expected})
    if path == "fabric.network_racks":
        assert given.fabric.network_racks > usual.fabric.network_racks
    else:
        assert figures_of(given)[path] != figures_of(usual)[path]


def test_an_unknown_figure_is_refused_with_the_close_ones() -> None:
    with pytest.raises(SpecError) as refused:
        planned(figures={"burn_in_day": 3})
    (problem,) = refused.value.problems
    assert problem.field == "figures.burn_in_day"
    assert "burn_in_days" in problem.expected
    assert "rackwright size list figures" in problem.remedy


def test_a_figure_that_the_request_has_a_field_for_is_given_there() -> None:
    with pytest.raises(SpecError) as refused:
        planned(figures={"lead_days": 30})
    (problem,) = refused.value.problems
    assert problem.field == "figures.lead_days"
    assert problem.remedy == "give delivery.lead_days: 30 instead"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("burn_in_failed_part", 1, "0 to 0.9"),
        ("concentration_cycles", 1, "1.01 or more"),
        ("cables_per_technician_day", 0, "0.1 or more"),
        ("detection_s", -1, "0 or more"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(name: str, value: float, expected: str) -> None:
    with pytest.raises(SpecError) as refused:
        planned(figures={name: value})
    (problem,) = refused.value.problems
    assert (problem.field, problem.expected) == (f"figures.{name}", expected)


@pytest.mark.parametrize("name", FIGURES.entries)
def test_the_fields_that_stand_for_figures_are_the_requests_own(name: str) -> None:
    kind: Any = Request
    for part in FIGURES.entries[name].request_field.split(".") if FIGURES.entries[name].request_field else ():
        assert part in kind.model_fields
        kind = kind.model_fields[part].annotation


@pytest.mark.parametrize("name", FIGURES.entries)
def test_no_figure_is_beyond_its_own_bounds(name: str) -> None:
    entry = FIGURES.entries[name]
    assert entry.least <= (entry.figure.expected if entry.figure.low is None else entry.figure.low)
    high = entry.figure.expected if entry.figure.high is None else entry.figure.high
    assert entry.most is None or high <= entry.most
