"""What a run's cells are taken to mean."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.catalog import MODELS, SOFTWARE
from rackwright.sizing.published import Run
from rackwright.sizing.published.evaluating import predict
from rackwright.sizing.published.matching import Case, match, software_of
from rackwright.sizing.published.runs import Unpredictable
from rackwright.sizing.step import parameters

pytestmark = pytest.mark.pure

LLAMA = MODELS.entries["llama-3-8b"].architecture


def run(**cells: object) -> Run:
    """Llama 3 8B on 8 H100 with everything published but what `cells` change."""
    published = {
        "model": "Llama3-8B",
        "gpus": "8",
        "gpu": "H100-SXM-80GB",
        "precision": "BF16",
        "tp": "1",
        "pp": "1",
        "cp": "2",
        "ep": "1",
        "fsdp": "0",
        "mbs": "1",
        "gbs": "128",
        "act_ckpt": "False",
        "step_s": "12.27",
    }
    return Run.model_validate({**published, **cells})


def only(**cells: object) -> Case:
    """The one case of that run."""
    (case,) = match(run(**cells))
    return case


@pytest.mark.parametrize(
    ("cells", "software"),
    [
        ({"fsdp": "64"}, "fsdp"),
        ({"fsdp": "0"}, "megatron"),
        ({"fsdp": "", "tp": "1", "pp": "1"}, "fsdp"),
        ({"fsdp": "", "tp": "8", "pp": "1"}, "megatron"),
        ({"fsdp": "true", "tp": "8"}, "fsdp"),
        ({"fsdp": "", "tp": "8", "software": "fsdp"}, "fsdp"),
    ],
)
def test_software_follows_from_the_cells_alone(cells: dict[str, str], software: str) -> None:
    for other in ({}, {"model": "another", "source": "elsewhere"}):
        each = run(**cells, **other)
        assert software_of(each, LLAMA, tensor=each.tensor or 1, pipeline=each.pipeline or 1) == (software,)


@pytest.mark.parametrize(
    ("cells", "software"),
    [
        ({}, {"megatron", "megatron-deepep"}),
        ({"ref": "benchmarks v25.05.05"}, {"megatron"}),
        ({"ref": "benchmarks v25.08"}, {"megatron", "megatron-deepep"}),
        ({"software": "Megatron"}, {"megatron"}),
        ({"fsdp": "8"}, {"fsdp"}),
    ],
)
def test_the_dispatcher_of_tokens_is_open_unless_the_cells_or_the_release_tell(
    cells: dict[str, str], software: set[str]
) -> None:
    cases = match(run(model="Qwen3-30B-A3B", tp="2", cp="1", ep="4", **cells))
    assert {case.machine.software.title for case in cases} == {SOFTWARE.entries[name].title for name in software}


def test_of_dispatchers_left_open_the_fastest_is_taken() -> None:
    cells = {"model": "Qwen3-30B-A3B", "gpus": "64", "tp": "1", "cp": "1", "ep": "64"}
    open_, told = predict(match(run(**cells))), predict(match(run(**cells, ref="v25.05.05")))
    assert open_.software == SOFTWARE.entries["megatron-deepep"].title
    assert open_.predicted < told.predicted


@pytest.mark.parametrize(("software", "shards"), [("megatron", "64"), ("fsdp", "0")])
def test_software_that_contradicts_the_shared_weights_is_refused(software: str, shards: str) -> None:
    with pytest.raises(Unpredictable, match=f"software: {software} shares .* weights .*, but fsdp says {shards}"):
        match(run(software=software, fsdp=shards))


def test_software_that_nobody_knows_is_refused_with_what_there_is() -> None:
    with pytest.raises(Unpredictable, match="software: got 'maxtext'; expected one of megatron, "):
        match(run(software="maxtext"))


def test_where_blank_cells_leave_the_software_open_each_layout_has_its_own() -> None:
    by_software = {case.machine.software.title: case.layouts for case in match(run(fsdp="", tp="", pp="", cp="1"))}
    sharded, split = (by_software[SOFTWARE.entries[name].title] for name in ("fsdp", "megatron"))
    assert np.all(sharded.tensor * sharded.pipeline == 1)
    assert np.all(split.tensor * split.pipeline > 1)


def test_a_run_that_publishes_all_agrees_with_one_layout() -> None:
    case = only()
    assert len(case.layouts) == 1
    layout = case.layouts.row(0)
    assert (layout.data, layout.context, layout.micro_batches, layout.recompute) == (4, 2, 32, "none")


def test_blank_cells_are_filled_with_all_that_agrees() -> None:
    case = only(mbs="", act_ckpt="")
    assert set(case.layouts.micro_batch) == {1, 2, 4, 8, 16, 32}
    assert len(case.layouts) == 18
    assert np.all(case.layouts.batch == 128)


def test_blank_splits_are_those_that_fill_the_gpus_and_share_the_layers_and_the_batch() -> None:
    layouts = only(fsdp="0", tp="", pp="", cp="", gpus="64", mbs="1", act_ckpt="full").layouts
    assert {*layouts.tensor} == {1, 2, 4, 8}
    assert {*layouts.context} == {1, 2, 4}
    assert {*layouts.pipeline} == {1, 2, 4, 8, 16, 32}
    assert np.all(layouts.gpus == 64)
    assert np.all(layouts.batch == 128)


def test_a_batch_that_micro_batches_dont_share_evenly_is_the_nearest_one() -> None:
    assert list(only(mbs="5").layouts.batch) == [120]


def test_a_blank_batch_is_what_time_and_tokens_give_together() -> None:
    case = only(gbs="", step_s="12.27", tok_s_gpu="10682.3")
    assert case.batch == 128
    assert "gbs" in case.assumed
    assert only(gbs="", step_s="12.27").batch is None


def test_weights_are_shared_by_as_many_ranks_as_published() -> None:
    assert only(fsdp="4", cp="1").layouts.row(0).parameter_shards == 4
    assert only(fsdp="true", cp="1").layouts.row(0).parameter_shards == 8
    assert only(fsdp="64", cp="1").layouts.row(0).parameter_shards == 8


def test_cells_go_before_the_catalogue() -> None:
    assert only(seq="4096").sequence_tokens == 4096
    assert only(layers="16").architecture.layers == 16


@pytest.mark.parametrize(("billions", "gated", "tied"), [("6.74", True, False), ("5.2", False, True)])
def test_a_model_that_the_catalogue_lacks_is_the_one_of_its_parameter_count(
    billions: str, gated: bool, tied: bool
) -> None:
    cells = {"layers": "32", "hidden": "4096", "ffn": "11008", "heads": "32", "vocab": "32000", "seq": "4096"}
    architecture = only(model="mine", params_B=billions, **cells).architecture
    assert (architecture.gated, architecture.tied_embeddings) == (gated, tied)
    assert parameters.total(architecture) / 1e9 == pytest.approx(float(billions), rel=0.02)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"model": "mine"}, "the catalogue has no 'mine', and without layers, hidden, heads, vocab, seq it"),
        ({"model": "mine", "kind": "moe"}, "cells don't tell its experts"),
        ({"gpu": "TPU"}, "gpu: a GPU of the catalogue"),
        ({"gpu": "A100-80GB", "precision": "FP8"}, "has no fp8"),
        ({"gpus": "10", "tp": "4"}, "gpus: 10 is no multiple of tp × pp × cp = 8"),
        ({"model": "Mixtral-8x7B", "ep": "3"}, "ep: 3 doesn't divide the 8 experts"),
        ({"heads": "32", "kv_heads": "7"}, "kv_heads: got 7; expected a divisor of the 32 heads. The nearest"),
        ({"cp": "1", "tp": "", "pp": "9"}, "gpus: 8 is no multiple of tp × pp × cp = 9"),
    ],
)
def test_a_run_that_cant_be_predicted_says_why(cells: dict[str, str], why: str) -> None:
    with pytest.raises(Unpredictable, match=why):
        match(run(**cells))


def test_multi_token_prediction_is_taken_where_the_flops_say_so() -> None:
    """DGXC's DeepSeek-V3 runs have it (260 GFLOP a token), NeMo Automodel's don't (250)."""
    cells = {
        "model": "DeepSeek-V3",
        "gpus": "512",
        "tp": "2",
        "pp": "8",
        "cp": "1",
        "ep": "64",
        "gbs": "4096",
        "ref": "v25.05",
    }
    with_it = only(**cells, tok_s_gpu="669.4", tflops_gpu="174.02")
    without = only(**cells, tok_s_gpu="865", tflops_gpu="216")
    unsaid = only(**cells)
    assert [case.architecture.prediction_layers for case in (with_it, without, unsaid)] == [1, 0, 0]
