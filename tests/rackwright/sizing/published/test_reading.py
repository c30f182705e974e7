"""Tables of published runs: what is read, what is refused, and what is kept with a reason."""

from __future__ import annotations

import pytest

from rackwright.sizing.published import Run, TableError, read_runs
from rackwright.sizing.published.reading import Unreadable

pytestmark = pytest.mark.pure

HEADER = "case,source,model,gpus,gpu,precision,step_s,gbs,mbs,act_ckpt,fsdp"


def rows(*lines: str, header: str = HEADER) -> tuple[Run | Unreadable, ...]:
    """The rows of a table with those lines."""
    return read_runs("\n".join((header, *lines))).rows


def only(line: str, header: str = HEADER) -> Run:
    """The one row of a table, which can be read."""
    (row,) = rows(line, header=header)
    assert isinstance(row, Run)
    return row


@pytest.mark.parametrize(
    ("cell", "number"), [("1024", 1024), ('"1,024"', 1024), ("1e3", 1000), (" 128 ", 128), ("128.0", 128)]
)
def test_numbers_are_read_however_they_are_written(cell: str, number: int) -> None:
    assert only(f"1,s,m,{cell},H100,BF16,1.5,64,1,,").gpus == number


@pytest.mark.parametrize("cell", ["", "-", "N/A", "unknown", "nan"])
def test_cells_that_say_nothing_are_unpublished(cell: str) -> None:
    row = only(f"1,s,m,8,H100,BF16,{cell},64,{cell},{cell},{cell}")
    assert (row.step_s, row.micro_batch, row.recompute, row.parameter_shards) == (None, None, None, None)


@pytest.mark.parametrize(
    ("cell", "recompute"),
    [("True", "full"), ("false", "none"), ("selective", "selective"), ("FULL", "full"), ("none", "none")],
)
def test_words_for_checkpointing_are_known(cell: str, recompute: str) -> None:
    assert only(f"1,s,m,8,H100,BF16,1.5,64,1,{cell},").recompute == recompute


def test_a_measure_of_zero_is_none() -> None:
    assert only("1,s,m,8,H100,BF16,0,64,1,,").step_s is None


def test_columns_may_stand_in_any_order_and_unknown_ones_are_named() -> None:
    table = read_runs("\ufeffprecision,weather,gpu,tok_s_gpu,gpus,model\r\n\r\nbf16,fine,H100,100,8,m\r\n")
    assert table.ignored_columns == ("weather",)
    assert [type(row) for row in table.rows] == [Run]


def test_columns_for_people_alone_and_other_cases_of_letters_are_known() -> None:
    table = read_runs("Model,GPUs,GPU,Precision,TOK_S_GPU,Status,ref,params_b\nm,8,H100,fp16,100,verified,r,7\n")
    (row,) = table.rows
    assert isinstance(row, Run)
    assert (table.ignored_columns, row.precision, row.parameters_billion) == ((), "bf16", 7)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("model,gpu,precision,step_s\n", "lacks the column gpus; it has model, gpu, precision, step_s"),
        ("model,gpus,gpu,precision\n", "lacks a measure"),
        ("model,gpus,gpu,precision,step_s,step_s\n", "two columns named step_s"),
        ("model,gpus\0,gpu,precision,step_s\n", "is no text"),
        ("model;gpus;gpu;precision;step_s\n", "lacks the columns model, gpus, gpu, precision; it has model;gpus"),
        ('model,gpus,gpu,precision,step_s\n"m,8,H100,bf16,1\n', "is no CSV file"),
    ],
)
def test_what_is_no_table_of_runs_is_refused(text: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        read_runs(text)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,s,m,-8,H100,BF16,1.5,64,1,,", "gpus: got -8; expected greater than or equal to 1"),
        ("1,s,m,,H100,BF16,1.5,64,1,,", "gpus is blank; it is needed"),
        ("1,s,m,0,H100,BF16,1.5,64,1,,", "gpus: got 0; expected greater than or equal to 1"),
        ("1,s,m,1e30,H100,BF16,1.5,64,1,,", "expected less than or equal to 10000000"),
        ("1,s,m,8,H100,BF16,inf,64,1,,", "step_s: got 'inf'; expected a finite number"),
        ("1,s,m,8,H100,FP4,1.5,64,1,,", "precision: got 'fp4'; expected 'bf16' or 'fp8'"),
        ("1,s,m,8,H100,BF16,fast,64,1,,", "step_s: got 'fast'; expected a valid number"),
        ("1,s,m,8,H100,BF16,1.5,64,1.5,,", "mbs: got '1.5'; expected a valid integer"),
        ("1,s,m,8,H100,BF16,1.5,64,1,maybe,", "act_ckpt: got 'maybe'; expected 'none', 'selective' or 'full'"),
        ("1,s,m,8,H100,BF16,1.5,64,1,,,,", "it has 13 cells for 11 columns"),
    ],
)
def test_a_bad_row_is_kept_with_column_value_and_expectation(line: str, reason: str) -> None:
    (row,) = rows(line)
    assert isinstance(row, Unreadable)
    assert reason in row.reason
    assert row.model == "m"
