"""`rackwright size --explain`: how each figure came about, and what happens with a wrong name."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.sizing.explain import figures, unknowns
from tests.rackwright.sizing.plans import planned

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

ASKED = ("size", "--model", "llama-3-8b", "--tokens", "1e12", "--gpus", "64")

PLAN = planned(name="llama-3-8b", gpus=64)


def test_each_figure_of_the_plan_can_be_asked_for(run: Run) -> None:
    for path in ("reliability.causes.gpu-memory-hbm3.per_day", "delivery.phases.burn-in.ends_days", "power.it_mw"):
        assert path in figures(PLAN)
        result = run(*ASKED, "--explain", path)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"{path} = ")
        assert "formula" in result.stdout


@pytest.mark.parametrize(
    "path",
    [
        "storage.checkpoint_gb",
        "reliability.restart_s",
        "reliability.level_spares.leaf.spares",
        "transfer.levels.one-rdma-port.transfer_s",
        "cost.capital_usd",
    ],
)
def test_explanations_are_the_recorded_ones(run: Run, snapshot: SnapshotAssertion, path: str) -> None:
    assert run(*ASKED, "--explain", path).stdout == snapshot


def test_json_is_the_figure_as_the_plan_has_it(run: Run) -> None:
    asked = json.loads(run(*ASKED, "--explain", "power.water_m3_per_day", "--json").stdout)
    assert asked == PLAN.power.water_m3_per_day.model_dump(mode="json")


def test_an_unknown_figure_is_said_to_be_unknown_with_what_to_give(run: Run) -> None:
    assert "cost.building_usd" in unknowns(PLAN)
    result = run(*ASKED, "--explain", "cost.building_usd")
    assert result.stdout.startswith("cost.building_usd is unknown")
    assert "money.building_usd_per_mw" in result.stdout
    given = run(*ASKED, "--set", "money.building_usd_per_mw=12000000", "--explain", "cost.building_usd")
    assert given.stdout.startswith("cost.building_usd = ")


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("goodput", "the closest are reliability.goodput"),
        ("run.dais", "the closest are run.days"),
        ("delivery.phases.raking.ends_days", "delivery.phases.racking.ends_days"),
        ("one-rdma-port", "transfer.levels.one-rdma-port.gb_s"),
        ("%", "none is close; the plan's parts are model, "),
    ],
)
def test_a_wrong_name_is_refused_with_the_close_ones(run: Run, path: str, offered: str) -> None:
    result = run(*ASKED, "--explain", path)
    assert result.exit_code == ExitCode.REFUSED
    assert offered in result.stderr
    assert not result.stdout
