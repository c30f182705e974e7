"""`rackwright size`: output as text and JSON, files, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode
from rackwright.specs import ClusterSpec, TrainingJob, load_document

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

LLAMA = ("size", "--model", "llama-3.1-405b", "--tokens", "15.6e12", "--gpus", "1024")

ORACLE = (
    *("--region", "us-chicago-1", "--tenancy-id", "ocid1.tenancy.oc1..aaaa"),
    *("--compartment-id", "ocid1.compartment.oc1..aaaa", "--image-id", "ocid1.image.oc1..aaaa"),
    *("--api-from", "203.0.113.0/24"),
)


def test_text_is_the_recorded_one(run: Run, snapshot: SnapshotAssertion) -> None:
    result = run(*LLAMA)
    assert result.exit_code == 0
    assert "\n".join(line.rstrip() for line in result.stdout.splitlines()) == snapshot


def test_json_is_one_document_with_the_recorded_figures(run: Run, snapshot: SnapshotAssertion) -> None:
    plan = json.loads(run(*LLAMA, "--json").stdout)
    assert {part: plan[part] for part in ("parallelism", "hosts", "fabric", "warnings")} == snapshot
    assert plan["kind"] == "Plan"
    assert plan["run"]["days"]["low"] < plan["run"]["days"]["expected"] < plan["run"]["days"]["high"]


def test_files_are_written_and_valid(run: Run, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    result = run(*LLAMA, *ORACLE, "--output-directory", str(tmp_path / "new"), "--json")
    assert result.exit_code == 0
    json.loads(result.stdout)
    cluster = load_document(tmp_path / "new" / "cluster.yaml", ClusterSpec)
    job = load_document(tmp_path / "new" / "job.yaml", TrainingJob)
    assert cluster.gpu_pool.schedulable_gpus() == 1024 == job.spec.gpus
    assert (tmp_path / "new" / "cluster.yaml").read_text(encoding="utf-8") == snapshot(name="cluster.yaml")
    assert (tmp_path / "new" / "job.yaml").read_text(encoding="utf-8") == snapshot(name="job.yaml")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--model", "llama-3.1-404b", "--gpus", "8"), ExitCode.REFUSED, "the closest are llama-3.1-405b"),
        (("--model", "llama-3-8b", "--gpus", "-8"), ExitCode.REFUSED, "gpus: got -8; expected at least 1."),
        (
            ("--model", "llama-3-8b"),
            ExitCode.REFUSED,
            "expected one or more of gpus, deadline_days, budget_usd and power_mw.",
        ),
        (("--gpus", "8"), ExitCode.USAGE, "Give --model, or --request FILE"),
        (
            ("--model", "llama-3-8b", "--gpus", "8", "--output-directory", "x"),
            ExitCode.USAGE,
            "needs --region, --tenancy-id, --compartment-id, --image-id",
        ),
        (
            ("--model", "llama-3-8b", "--gpus", "8", "--gpu", "a100-sxm-80gb", "--precision", "fp8"),
            3,
            "expected a precis",
        ),
        (
            ("--model", "llama-3-8b", "--gpus", "8", "--explain", "x"),
            3,
            "explain: got 'x'; expected a figure of the plan: ",
        ),
    ],
)
def test_refusals_are_sentences_on_standard_error(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run("size", "--tokens", "1e12", *arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


def test_an_identifier_of_the_wrong_kind_is_refused_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    wrong = [each.replace("ocid1.image", "ocid1.instance") for each in ORACLE]
    result = run(*LLAMA, *wrong, "--output-directory", str(tmp_path / "out"))
    assert result.exit_code == ExitCode.REFUSED
    assert "image_id: got 'ocid1.instance.oc1..aaaa'; expected an image's OCID." in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_way_to_the_api_of_a_cluster_at_oracle_is_nobody_s_guess(run: Run, tmp_path: Path) -> None:
    result = run(*LLAMA, *ORACLE[:-2], "--output-directory", str(tmp_path / "out"))
    assert result.exit_code == ExitCode.USAGE
    assert "needs --api-from" in result.stderr
    assert "--api-private bastion, peered or inside" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ((), {"way_in": "public", "public_from": ["203.0.113.0/24"]}),
        (("--api-private", "bastion"), {"way_in": "bastion", "public_from": ["203.0.113.0/24"]}),
        (
            ("--api-private", "peered", "--drg-id", "ocid1.drg.oc1.ord.aaaa"),
            {"way_in": "peered", "private_from": ["203.0.113.0/24"], "drg_id": "ocid1.drg.oc1.ord.aaaa"},
        ),
        (("--api-private", "inside"), {"way_in": "inside", "private_from": ["203.0.113.0/24"]}),
    ],
)
def test_the_ways_to_the_api_are_written_as_chosen(
    run: Run, tmp_path: Path, options: tuple[str, ...], written: dict[str, object]
) -> None:
    result = run(*LLAMA, *ORACLE, *options, "--output-directory", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    document = yaml.safe_load((tmp_path / "cluster.yaml").read_text(encoding="utf-8"))
    access = document["place"]["network"]["api_access"]
    assert {name: value for name, value in access.items() if value} == written
    assert ("bastion" in document["place"]["network"]) == ("bastion" in options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--api-from", "0.0.0.0/0"), "public_from.1: got '0.0.0.0/0'; expected the ranges of those who work"),
        (("--api-private", "tunnel"), "way_in: got 'tunnel'"),
        (("--api-private", "peered"), "drg_id: got None; expected it, as way_in is peered"),
    ],
)
def test_a_way_that_can_t_be_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = run(*LLAMA, *ORACLE, *options, "--output-directory", str(tmp_path / "out"))
    assert result.exit_code == ExitCode.REFUSED
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_request_s_file_and_options_that_go_before_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text("name: run\nmodel: llama-3-8b\ntokens: 1e12\ngpus: 64\n", encoding="utf-8")
    assert json.loads(run("size", "--request", str(path), "--json").stdout)["hosts"]["training_gpus"] == 64
    changed = run("size", "--request", str(path), "--gpus", "128", "--json")
    assert json.loads(changed.stdout)["hosts"]["training_gpus"] == 128


def test_explain_shows_formula_range_and_source(run: Run) -> None:
    text = run(*LLAMA, "--explain", "storage.checkpoint_gb").stdout
    assert "storage.checkpoint_gb = 5,682 GB" in text
    assert "405,853,388,800 parameters × 14 bytes" in text
    assert "source" in text


def test_list_shows_names_and_refuses_other_kinds(run: Run) -> None:
    assert "llama-3.1-405b" in run("size", "list", "models").stdout
    assert json.loads(run("size", "list", "gpus", "--json").stdout)["h100-sxm-80gb"]["peak_tflops"]
    wrong = run("size", "list", "planets")
    assert wrong.exit_code == ExitCode.USAGE
    assert "it has models, gpus" in wrong.stderr


def test_reference_stands_beside_what_was_published(run: Run) -> None:
    assert run("size", "reference", "--list").stdout.split()[0] == "memphis"
    text = run("size", "reference", "inflection").stdout
    assert "22,000 H100" in text
    assert "would rank second in the TOP500" in text
    data = json.loads(run("size", "reference", "inflection", "--json").stdout)
    assert data["plan"]["hosts"]["hosts"] == 2750
    assert {row["what"] for row in data["published"]} >= {"gpus", "model_gb"}
    assert all(
        {"planned", "planned_low", "planned_high", "difference", "in_range"} <= set(row) for row in data["published"]
    )
    wrong = run("size", "reference", "menphis")
    assert wrong.exit_code == ExitCode.REFUSED
    assert "memphis" in wrong.stderr


def test_hardware_that_can_t_be_planned_with_is_compared(run: Run, snapshot: SnapshotAssertion) -> None:
    assert "dojo" in run("size", "reference", "--list").stdout.split()
    result = run("size", "reference", "dojo")
    assert "\n".join(line.rstrip() for line in result.stdout.splitlines()) == snapshot
    data = json.loads(run("size", "reference", "dojo", "--json").stdout)
    assert len(data["comparisons"]) == 3
    assert all(row["planned"] or row["figure"] is None for row in data["published"])
