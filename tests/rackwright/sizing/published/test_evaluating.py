"""The model against the published runs that come with Rackwright, and how runs are compared."""

from __future__ import annotations

import csv
import io
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.sizing.published import Evaluation, Result, Run, evaluate, held_out, read_runs, summarise

pytestmark = pytest.mark.pure

MPT = {
    "model": "MPT-7b",
    "gpus": "8",
    "gpu": "H100-SXM-80GB",
    "precision": "BF16",
    "seq": "2048",
    "tp": "1",
    "pp": "1",
    "fsdp": "8",
    "mbs": "6",
    "gbs": "48",
    "act_ckpt": "False",
}


CELLS = [
    *MPT,
    *(
        "layers",
        "hidden",
        "ffn",
        "heads",
        "kv_heads",
        "vocab",
        "vp",
        "cp",
        "ep",
        "kind",
        "software",
        "step_s",
        "tok_s_gpu",
    ),
]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """All of the catalogue's published runs."""
    path = files("rackwright.catalog").joinpath("data", "training_runs.csv")
    return evaluate(read_runs(path.read_text(encoding="utf-8")).rows)


def result(**cells: str) -> Result:
    """MPT 7B on 8 H100, as published but for `cells`."""
    evaluation = evaluate([Run.model_validate({**MPT, **cells})])
    assert not evaluation.not_predicted
    return evaluation.results[0]


def test_all_runs_are_predicted_and_none_is_said_not_to_fit(evaluation: Evaluation) -> None:
    summary = summarise(evaluation)
    assert (summary.not_predicted, summary.said_not_to_fit) == (0, 0)
    assert summary.by_kind["dense"].runs + summary.by_kind["moe"].runs == 124


def test_dense_runs_that_were_held_out_are_predicted_within_5_percent_on_average_and_12_at_worst(
    evaluation: Evaluation,
) -> None:
    unseen = [each for each in evaluation.results if held_out(each.run)]
    errors = summarise(Evaluation(results=tuple(unseen), not_predicted=())).by_kind["dense"]
    assert errors.runs >= 40
    assert errors.mean_abs_error_pct is not None
    assert errors.mean_abs_error_pct <= 5
    assert errors.worst_abs_error_pct is not None
    assert errors.worst_abs_error_pct <= 12


def test_mixture_of_experts_runs_are_predicted_within_10_percent_on_average(evaluation: Evaluation) -> None:
    errors = summarise(evaluation).by_kind["moe"]
    assert errors.mean_abs_error_pct is not None
    assert errors.mean_abs_error_pct <= 10


def test_more_than_a_quarter_of_the_runs_is_held_out_in_whole_groups(evaluation: Evaluation) -> None:
    groups: dict[tuple[str, str, str], set[bool]] = {}
    for each in evaluation.results:
        group = (each.run.source, each.run.model, each.run.precision)
        groups.setdefault(group, set()).add(held_out(each.run))
    assert all(len(parts) == 1 for parts in groups.values())
    assert sum(held_out(each.run) for each in evaluation.results) > len(evaluation.results) / 4


def test_the_same_run_is_off_by_as_much_in_time_and_in_tokens() -> None:
    """10,643 tokens/s/GPU are 48 sequences of 2,048 in 1.1546 s on 8 GPUs."""
    timed, counted = result(step_s="1.15456"), result(tok_s_gpu="10643")
    assert (timed.quantity, counted.quantity) == ("step_s", "tok_s_gpu")
    assert 1 + counted.error_pct / 100 == pytest.approx(1 / (1 + timed.error_pct / 100), rel=1e-4)


def test_time_goes_before_tokens_and_tokens_before_flops() -> None:
    assert result(step_s="1.2", tok_s_gpu="10643", tflops_gpu="400").quantity == "step_s"
    assert result(tok_s_gpu="10643", tflops_gpu="400").quantity == "tok_s_gpu"


def test_flops_are_compared_by_their_convention() -> None:
    full, causal, plain, unnamed = (
        result(tflops_gpu="400", flop_convention=convention) for convention in ("full-attn", "causal", "6N", "")
    )
    assert full.predicted > causal.predicted > plain.predicted
    assert unnamed.predicted == full.predicted
    assert "flop_convention" in unnamed.assumed


def test_a_step_without_its_batch_says_nothing_unless_tokens_tell_it() -> None:
    assert result(gbs="", step_s="1.1546", tok_s_gpu="10643").quantity == "step_s"
    assert result(gbs="", step_s="1.1546", tflops_gpu="400").quantity == "tflops_gpu"
    evaluation = evaluate([Run.model_validate({**MPT, "gbs": "", "step_s": "1.2"})])
    assert "gbs: blank" in evaluation.not_predicted[0].reason


def test_filling_in_what_was_found_changes_nothing() -> None:
    """The fastest completion, published as such, is predicted alike."""
    blank = result(mbs="", act_ckpt="", tok_s_gpu="10643")
    found = {cell: str(value) for cell, value in blank.completed.items() if cell in {"mbs", "act_ckpt"}}
    assert set(found) == {"mbs", "act_ckpt"}
    assert result(**found, tok_s_gpu="10643").predicted == pytest.approx(blank.predicted)


@pytest.mark.parametrize("micro_batch", ["1", "2", "3", "6"])
def test_no_completion_that_fits_is_faster_than_the_one_taken(micro_batch: str) -> None:
    blank, given = result(mbs="", tok_s_gpu="10643"), result(mbs=micro_batch, tok_s_gpu="10643")
    assert given.fits
    assert given.predicted <= blank.predicted * (1 + 1e-9)


@pytest.mark.parametrize(
    "line",
    [
        "Llama3-70B,64,BF16,8192,,,,,,,128,",
        "Llama3-70B,64,FP8,8192,,,1,,0,1,128,",
        "Qwen3-235B-A22B,256,BF16,4096,,,,,,,512,",
        "GPT-OSS-20B,8,BF16,4096,1,1,1,,8,2,256,",
    ],
)
def test_all_blank_cells_filled_in_as_found_change_nothing(line: str) -> None:
    """Whatever is blank, even what the software follows from."""
    names = ("model", "gpus", "precision", "seq", "tp", "pp", "cp", "ep", "fsdp", "mbs", "gbs", "act_ckpt")
    cells = {**dict(zip(names, line.split(","), strict=True)), "gpu": "H100", "tok_s_gpu": "1000"}
    blank = evaluate([Run.model_validate(cells)]).results[0]
    found = {cell: str(value) for cell, value in blank.completed.items() if cell in CELLS}
    assert found
    filled = evaluate([Run.model_validate({**cells, **found})]).results[0]
    assert filled.predicted == pytest.approx(blank.predicted)
    assert filled.software == blank.software
    assert set(filled.completed) <= {"expert tensor parallelism"}


@given(
    changes=st.dictionaries(
        st.sampled_from(CELLS), st.sampled_from(["", "0", "-1", "1", "3", "8", "64", "1e30", "inf", "1.5", "full", "x"])
    )
)
@settings(deadline=None)
def test_whatever_stands_in_the_cells_a_row_is_predicted_or_has_a_reason(changes: dict[str, str]) -> None:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=CELLS)
    writer.writeheader()
    writer.writerow({**MPT, "step_s": "1.1546", **changes})
    evaluation = evaluate(read_runs(buffer.getvalue()).rows)
    assert len(evaluation.results) + len(evaluation.not_predicted) == 1
    assert all(each.predicted > 0 for each in evaluation.results)
    assert all(each.reason for each in evaluation.not_predicted)


def test_the_order_of_columns_changes_nothing(evaluation: Evaluation) -> None:
    path = files("rackwright.catalog").joinpath("data", "training_runs.csv")
    lines = [line[::-1] for line in csv.reader(io.StringIO(path.read_text(encoding="utf-8")))][:20]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    turned = evaluate(read_runs(buffer.getvalue()).rows).results
    assert [each.predicted for each in turned] == [each.predicted for each in evaluation.results[: len(turned)]]
    assert len(turned) == len(lines) - 1


def test_a_batch_that_cant_be_shared_evenly_is_said() -> None:
    uneven = result(gbs="50", step_s="1.2")
    assert "8" in uneven.assumed["gbs"]
    assert "48 sequences" in uneven.assumed["gbs"]
    assert uneven.predicted == pytest.approx(result(step_s="1.2").predicted * 50 / 48)


def test_what_fits_in_no_configuration_is_said_so_and_still_predicted() -> None:
    crowded = result(mbs="48", step_s="1.2")
    assert not crowded.fits
    assert crowded.predicted > 0
    assert summarise(Evaluation(results=(crowded,), not_predicted=())).said_not_to_fit == 1


def test_no_run_at_all_has_no_errors() -> None:
    errors = summarise(Evaluation(results=(), not_predicted=())).by_kind["dense"]
    assert (errors.runs, errors.mean_abs_error_pct, errors.worst_abs_error_pct) == (0, None, None)
