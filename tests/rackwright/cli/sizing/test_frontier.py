"""`rackwright size frontier` and the limits that `rackwright size` takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

LLAMA = ("--model", "llama-3-8b", "--tokens", "1e12")


def test_a_row_for_each_plan_with_its_days_and_cost(run: Run) -> None:
    result = run("size", "frontier", *LLAMA, "--gpus", "256")
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["GPUs", "hosts", "days", "USD", "MW", "MFU", "goodput", "layout"]
    assert rows[0].split()[0] == "8"
    assert "data" in rows[-1]


def test_json_is_a_list_of_the_same_plans(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text("name: run\nmodel: llama-3-8b\ntokens: 1e12\ngpus: 256\n", encoding="utf-8")
    plans = json.loads(run("size", "frontier", "--request", str(path), "--json").stdout)
    assert [plan["usd"] for plan in plans] == sorted(plan["usd"] for plan in plans)
    assert [plan["days"] for plan in plans] == sorted((plan["days"] for plan in plans), reverse=True)
    assert plans[0]["parallelism"]["tensor"] >= 1


def test_budget_and_power_limit_a_plan(run: Run) -> None:
    limits = ("--gpus", "512", "--budget-usd", "290000", "--power-mw", "0.4")
    plan = json.loads(run("size", *LLAMA, *limits, "--json").stdout)
    assert plan["cost"]["rent_usd"]["expected"] <= 290_000
    assert plan["power"]["facility_mw"]["expected"] <= 0.4
    assert plan["search"]["limited_by"].startswith("power_mw")
    counts = plan["search"]
    assert counts["layouts"] == counts["refused_by_memory"] + counts["slower_for_certain"] + counts["computed"]


def test_a_budget_that_is_too_small_is_refused_with_one_that_is_not(run: Run) -> None:
    result = run("size", "frontier", *LLAMA, "--gpus", "64", "--budget-usd", "10")
    assert result.exit_code == ExitCode.REFUSED
    assert "budget_usd: got 10.0; expected" in result.stderr
    assert not result.stdout
