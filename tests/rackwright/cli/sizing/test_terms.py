"""Options for storage, reliability, delivery and money, and `rackwright size transfer`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

ASKED = ("size", "--model", "llama-3-8b", "--tokens", "1e12", "--gpus", "64")


def test_options_reach_the_plan(run: Run) -> None:
    options = (
        *("--checkpoints", "async", "--start-date", "2026-01-01", "--hosts-per-week", "4", "--vendors", "2"),
        *("--term-months", "12", "--set", "reliability.repair_days=7", "--set", "money.rent_usd_per_gpu_h=3.5"),
    )
    plan = json.loads(run(*ASKED, *options, "--json").stdout)
    assert plan["storage"]["checkpoints"] == "async"
    assert plan["delivery"]["hosts_per_week"]["expected"] == 8
    assert plan["delivery"]["all_gpus_train"] > "2026-01-01"
    assert plan["reliability"]["repair_days"]["expected"] == 7
    assert plan["cost"]["rent_term_usd"]["expected"] == pytest.approx(plan["hosts"]["hosts"] * 8 * 3.5 * 12 * 730.5)


def test_any_figure_can_be_set_and_says_so(run: Run) -> None:
    explained = run(*ASKED, "--set", "figures.pue_air=1.4", "--explain", "power.pue").stdout
    assert "power.pue = 1.4" in explained
    assert "given in the request" in explained


def test_options_go_before_the_file_and_leave_its_other_terms(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(
        "name: run\nmodel: llama-3-8b\ntokens: 1e12\ngpus: 64\nstorage: {keep_last: 3, write_gb_s: 100}\n",
        encoding="utf-8",
    )
    plan = json.loads(run("size", "--request", str(path), "--set", "storage.keep_last=5", "--json").stdout)
    assert plan["storage"]["checkpoints_kept"]["expected"] == 5
    assert plan["storage"]["write_bandwidth_gb_s"]["expected"] == 100


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--set", "money"), ExitCode.USAGE, "expected PATH=VALUE"),
        (("--set", "money.term_months=[1"), ExitCode.USAGE, "isn't valid YAML"),
        (("--set", "money.term_months.x=1", "--term-months", "3"), ExitCode.USAGE, "has a value already"),
        (("--set", "money.term=1"), ExitCode.REFUSED, "money.term: got 1; expected no such field"),
        (("--set", "money.term_months=-1"), ExitCode.REFUSED, "money.term_months: got -1; expected"),
        (
            ("--set", "figures.pue_airy=1"),
            ExitCode.REFUSED,
            "figures.pue_airy: got 'pue_airy'; expected a planning figure",
        ),
        (("--set", "figures.pue_air=.inf"), ExitCode.REFUSED, "figures.pue_air: got inf; expected"),
        (("--set", "figures.pue_air=0.9"), ExitCode.REFUSED, "figures.pue_air: got 0.9; expected 1 or more"),
        (("--set", "figures.lead_days=3"), ExitCode.REFUSED, "Give delivery.lead_days: 3 instead"),
        (("--checkpoints", "never"), ExitCode.REFUSED, "storage.checkpoints: got 'never'; expected 'sync' or 'async'"),
        (("--start-date", "soon"), ExitCode.REFUSED, "delivery.start_date: got 'soon'"),
    ],
)
def test_wrong_terms_are_refused(run: Run, options: tuple[str, ...], code: int, message: str) -> None:
    result = run(*ASKED, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_transfer_shows_each_level(run: Run, snapshot: SnapshotAssertion) -> None:
    result = run("size", "transfer", "--gigabytes", "700", "--gpus", "22000", "--place", "existing")
    assert result.exit_code == 0
    assert "\n".join(line.rstrip() for line in result.stdout.splitlines()) == snapshot


def test_transfer_as_json_knows_the_storage_once_it_is_given(run: Run) -> None:
    asked = ("size", "transfer", "--model", "gpt-3-175b", "--read-gb-s", "1000", "--json")
    plan = json.loads(run(*asked).stdout)
    assert plan["model_gb"]["expected"] == pytest.approx(698.4, rel=0.001)
    assert plan["levels"][-1]["transfer_s"]["expected"] > plan["levels"][-2]["transfer_s"]["expected"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), ExitCode.USAGE, "Give --model or --gigabytes"),
        (("--model", "gpt-3-175b", "--gigabytes", "700"), ExitCode.USAGE, "Give --model or --gigabytes"),
        (("--model", "gpt-4"), ExitCode.REFUSED, "model: got 'gpt-4'"),
        (("--gigabytes", "1", "--place", "oracle", "--gpu", "h100-sxm-96gb"), ExitCode.REFUSED, "got 'h100-sxm-96"),
    ],
)
def test_wrong_transfers_are_refused(run: Run, options: tuple[str, ...], code: int, message: str) -> None:
    result = run("size", "transfer", *options)
    assert result.exit_code == code
    assert message in result.stderr
