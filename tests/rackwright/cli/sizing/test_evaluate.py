"""`rackwright size evaluate`: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import Result

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

RUNS = """\
case,source,model,kind,gpus,gpu,precision,seq,tp,pp,cp,ep,fsdp,mbs,gbs,act_ckpt,step_s,tok_s_gpu,weather
1,DGXC,Llama3-8B,dense,8,H100-SXM-80GB,BF16,8192,1,1,2,1,0,1,128,,12.27,,fine
2,DGXC,Grok1-314B,moe,512,H100-SXM-80GB,BF16,8192,4,8,2,8,0,1,1024,,15.933,,fine
3,llm-foundry,MPT-7b,dense,8,H100-SXM-80GB,BF16,2048,1,1,1,1,8,48,384,False,1.1546,,fine
4,elsewhere,Nope-7B,dense,8,H100-SXM-80GB,BF16,4096,1,1,,,0,1,128,,,100,fine
5,elsewhere,Llama3-8B,dense,-8,H100-SXM-80GB,BF16,8192,1,1,2,1,0,1,128,,12.27,,fine
"""
"""A run with everything but checkpointing, one with blanks, one that can't fit, one unknown, one that can't be read."""


@pytest.fixture
def table(tmp_path: Path) -> str:
    """The path of a table of runs."""
    path = tmp_path / "runs.csv"
    path.write_text(RUNS, encoding="utf-8")
    return str(path)


def test_text_is_the_recorded_one(run: Run, table: str, snapshot: SnapshotAssertion) -> None:
    result = run("size", "evaluate", table, "--details")
    assert result.exit_code == 0
    assert result.stdout == snapshot
    assert "weather" in result.stderr


def test_json_has_rows_and_a_summary_by_kind(run: Run, table: str) -> None:
    document = json.loads(run("size", "evaluate", table, "--json").stdout)
    assert [row["case"] for row in document["rows"]] == ["1", "2", "3"]
    assert [row["case"] for row in document["not_predicted"]] == ["4", "5"]
    summary = document["summary"]
    assert (summary["not_predicted"], summary["said_not_to_fit"]) == (2, 1)
    assert (summary["dense"]["runs"], summary["moe"]["runs"]) == (2, 1)
    for kind in ("dense", "moe"):
        errors = [abs(row["error_pct"]) for row in document["rows"] if row["kind"] == kind]
        assert summary[kind]["mean_abs_error_pct"] == pytest.approx(sum(errors) / len(errors))
        assert summary[kind]["worst_abs_error_pct"] == pytest.approx(max(errors))
    row = document["rows"][0]
    assert row["error_pct"] == pytest.approx((row["predicted"] / row["published"] - 1) * 100)
    assert row["completed"] == {"act_ckpt": "none"}


def test_without_a_file_the_runs_that_come_along_are_evaluated_in_two_parts(run: Run) -> None:
    counts = [
        len(json.loads(run("size", "evaluate", "--part", part, "--json").stdout)["rows"])
        for part in ("all", "fit", "held-out")
    ]
    assert counts[0] == 124 == counts[1] + counts[2]


def test_the_part_that_is_held_out_is_named(run: Run) -> None:
    printed = run("size", "evaluate", "--part", "held-out").stdout
    assert "a third of all groups of one source, model and precision" in printed


def test_a_row_that_cant_be_read_is_listed_in_every_part(run: Run, table: str) -> None:
    for part in ("fit", "held-out"):
        document = json.loads(run("size", "evaluate", table, "--part", part, "--json").stdout)
        assert "5" in [row["case"] for row in document["not_predicted"]]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (None, 4, "No such file"),
        (b"\xff\xfe\x00", 3, "no text in UTF-8"),
        (b"", 3, "it is empty"),
        (b"a,b\n1,2\n", 3, "lacks the columns model, gpus, gpu, precision; it has a, b"),
    ],
)
def test_what_is_no_table_of_runs_is_refused_in_a_sentence(
    run: Run, tmp_path: Path, text: bytes | None, code: int, message: str
) -> None:
    path = tmp_path / "runs.csv"
    if text is not None:
        path.write_bytes(text)
    result = run("size", "evaluate", str(path))
    assert result.exit_code == code
    assert message in result.stderr
