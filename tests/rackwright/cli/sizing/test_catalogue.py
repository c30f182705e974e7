"""`rackwright size list` and `rackwright size compare`: tables, JSON, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import Result

from rackwright.catalog import FIGURES, GPUS, HOSTS, MODELS
from rackwright.cli.exit_codes import ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]


def lines(result: Result) -> list[str]:
    """The output's lines, without the blanks that fill a table's columns."""
    assert result.exit_code == 0
    return [line.rstrip() for line in result.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["models", "gpus", "hosts", "failures"])
def test_lists_are_the_recorded_ones(run: Run, snapshot: SnapshotAssertion, kind: str) -> None:
    assert "\n".join(lines(run("size", "list", kind))) == snapshot


@pytest.mark.parametrize(
    ("kind", "names"), [("models", MODELS.entries), ("gpus", GPUS.entries), ("hosts", HOSTS.entries)]
)
def test_a_list_has_a_line_for_each_entry(run: Run, kind: str, names: dict[str, object]) -> None:
    shown = [line.split()[0] for line in lines(run("size", "list", kind))[1:]]
    assert shown[: len(names)] == list(names)


def test_figures_are_listed_as_they_are_set_with_range_unit_and_source(run: Run) -> None:
    listed = " ".join(" ".join(line.split()) for line in lines(run("size", "list", "figures")))
    assert (
        "delivery.lead_days 70 14 – 270 days From the order until the first hosts arrive. Source: The Register"
        in listed
    )
    assert "figures.commissioning_days 7 3 – 21 days From the last cable of a part to its burn-in. Assumed:" in listed
    for name, entry in FIGURES.entries.items():
        assert f" {entry.request_field or f'figures.{name}'} " in f" {listed} "


def test_json_has_all_of_an_entry_with_its_sources(run: Run) -> None:
    model = json.loads(run("size", "list", "models", "--json").stdout)["deepseek-v3-671b"]
    assert model["architecture"]["experts"]["shared"] == 1
    assert model["aliases"] == ["DeepSeek-V3"]
    gpus = json.loads(run("size", "list", "gpus", "--json").stdout)
    assert gpus["a100-sxm-80gb"]["achievable_tflops"]["bf16"]["source"]
    assert gpus["dojo-cabinet"]["published"][0]["value"]
    hosts = json.loads(run("size", "list", "hosts", "--json").stdout)
    assert hosts["DGX-GB200"]["nvlink_domain_gpus"] == 72


def test_a_comparison_is_the_recorded_one(run: Run, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(lines(run("size", "compare", "4xdojo-cabinet", "288xDGX-H100"))) == snapshot


def test_a_comparison_as_json_has_figures_with_sources(run: Run) -> None:
    data = json.loads(run("size", "compare", "B200", "H100", "--json").stdout)
    memory = next(row for row in data["rows"] if row["what"] == "memory_gb")
    assert memory["one"]["source"] == "nvidia-smi on B200: 183,359 MiB"
    assert memory["ratio"]["expected"] == pytest.approx(192.27 / 85.52)
    assert data["one"]["title"] == "NVIDIA B200 SXM 180 GB"


def test_unknown_hardware_is_refused_in_a_sentence(run: Run) -> None:
    wrong = run("size", "compare", "DGX-H100", "cray-1")
    assert wrong.exit_code == ExitCode.REFUSED
    assert "other: got 'cray-1'; expected one of BM.GPU.H100.8" in wrong.stderr
    assert not wrong.stdout


def test_a_plan_with_hardware_that_only_compares_is_refused_in_a_sentence(run: Run) -> None:
    wrong = run("size", "--model", "llama-3-8b", "--tokens", "1e12", "--gpus", "64", "--gpu", "Dojo")
    assert wrong.exit_code == ExitCode.REFUSED
    assert "for Tesla Dojo cabinet, two trays, no software stack is public" in wrong.stderr
    assert "Traceback" not in wrong.stderr
