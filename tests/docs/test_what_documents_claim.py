"""Numbers and lists in the documents are those that the programs give."""

from __future__ import annotations

import json
from functools import cache

import pytest
from typer.testing import CliRunner

from docs.generate.evaluation import held_out_errors, percent
from rackwright.cli.app import app
from rehearsal.scenario.report import SIMULATED, Report
from tests.docs.code_blocks import ROOT, code_blocks

pytestmark = pytest.mark.pure


@cache
def evaluation() -> dict[str, dict[str, object]]:
    """What `rackwright size evaluate` says of each published run, by its number."""
    result = CliRunner().invoke(app, ["size", "evaluate", "--json"])
    return {row["case"]: row for row in json.loads(result.stdout)["rows"]}


def text(name: str) -> str:
    """A document with its lines joined."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def test_readme_has_the_errors_of_the_held_out_runs() -> None:
    (shown,) = [block.text for block in code_blocks("README.md") if block.text.startswith("runs of")]
    rows = [line.split("  ") for line in shown.splitlines()[1:]]
    told = {name: [cell.strip() for cell in cells if cell.strip()] for name, *cells in rows}
    assert told == {name: list(percent(errors)) for name, errors in held_out_errors().by_kind.items()}


@pytest.mark.parametrize(
    ("claim", "case"),
    [
        ("GPT-OSS-20B takes 20% longer than predicted", "99"),
        ("DeepSeek-V3 in NeMo Automodel takes 18% longer than predicted on 1,024 GPUs", "95"),
    ],
)
def test_what_takes_longer_than_predicted_does_so_by_that_much(claim: str, case: str) -> None:
    row = evaluation()[case]
    longer = round(100 * (float(str(row["published"])) / float(str(row["predicted"])) - 1))
    assert claim in text("docs/explanation/step-times.md")
    assert f" {longer}% longer" in claim


def test_deepseek_on_256_gpus_takes_as_long_as_predicted() -> None:
    assert abs(float(str(evaluation()["96"]["error_pct"]))) < 2


def test_readme_names_all_that_a_rehearsal_reports_as_simulated() -> None:
    sentence = text("README.md").split("Simulated are ", 1)[1].split(". ", 1)[0]
    assert [part for part in SIMULATED if part not in sentence] == []


@pytest.mark.parametrize("document", ["README.md", "docs/explanation/what-is-simulated.md"])
def test_documents_name_each_stand_in(document: str) -> None:
    assert [name for name in ("kubelet", "egress", "plugin", "Oracle") if name not in text(document)] == []


def test_a_report_lists_what_is_simulated_and_what_stands_in() -> None:
    document = json.loads(Report(id="r1", cluster="c").model_dump_json())
    assert len(document["simulated"]) == 5
    assert len(document["stand_ins"]) == 3
