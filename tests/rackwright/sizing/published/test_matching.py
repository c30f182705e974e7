"""What a run's cells are taken to mean."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.sizing import parameters
from rackwright.sizing.published import Run
from rackwright.sizing.published.matching import Unpredictable, match, software_of

pytestmark = pytest.mark.pure


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


@pytest.mark.parametrize(
    ("cells", "software"),
    [
        ({"fsdp": "64"}, "fsdp"),
        ({"fsdp": "0"}, "megatron"),
        ({"fsdp": "", "tp": "1", "pp": "1"}, "fsdp"),
        ({"fsdp": "", "tp": "", "pp": ""}, "fsdp"),
        ({"fsdp": "", "tp": "8", "pp": "1"}, "megatron"),
        ({"fsdp": "true", "tp": "8"}, "fsdp"),
    ],
)
def test_software_follows_from_the_cells_alone(cells: dict[str, str], software: str) -> None:
    assert software_of(run(**cells)) == software
    assert software_of(run(**cells, model="another", source="elsewhere")) == software


def test_a_run_that_publishes_all_agrees_with_one_layout() -> None:
    case = match(run())
    assert len(case.layouts) == 1
    layout = case.layouts.row(0)
    assert (layout.data, layout.context, layout.micro_batches, layout.recompute) == (4, 2, 32, "none")


def test_blank_cells_are_filled_with_all_that_agrees() -> None:
    case = match(run(mbs="", act_ckpt=""))
    assert set(case.layouts.micro_batch) == {1, 2, 4, 8, 16, 32}
    assert len(case.layouts) == 18
    assert np.all(case.layouts.batch == 128)


def test_weights_are_shared_by_as_many_ranks_as_published() -> None:
    assert match(run(fsdp="4", cp="1")).layouts.row(0).parameter_shards == 4
    assert match(run(fsdp="true", cp="1")).layouts.row(0).parameter_shards == 8
    assert match(run(fsdp="64", cp="1")).layouts.row(0).parameter_shards == 8


def test_cells_go_before_the_catalogue() -> None:
    assert match(run(seq="4096")).sequence_tokens == 4096
    assert match(run(layers="16")).architecture.layers == 16


@pytest.mark.parametrize(("billions", "gated", "tied"), [("6.74", True, False), ("5.2", False, True)])
def test_a_model_that_the_catalogue_lacks_is_the_one_of_its_parameter_count(
    billions: str, gated: bool, tied: bool
) -> None:
    cells = {"layers": "32", "hidden": "4096", "ffn": "11008", "heads": "32", "vocab": "32000", "seq": "4096"}
    architecture = match(run(model="mine", params_B=billions, **cells)).architecture
    assert (architecture.gated, architecture.tied_embeddings) == (gated, tied)
    assert parameters.total(architecture) / 1e9 == pytest.approx(float(billions), rel=0.02)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"model": "mine"}, "the catalogue has no 'mine', and layers, hidden, heads, vocabulary, sequence_tokens"),
        ({"model": "mine", "kind": "moe"}, "cells don't tell its experts"),
        ({"gpu": "TPU"}, "gpu: a GPU of the catalogue"),
        ({"gpu": "A100-80GB", "precision": "FP8"}, "has no fp8"),
        ({"gpus": "10", "tp": "4"}, "gpus: 10 is no multiple of tp × pp × cp = 8"),
        ({"model": "Mixtral-8x7B", "ep": "3"}, "ep: 3 doesn't divide the 8 experts"),
        ({"heads": "30", "kv_heads": "7"}, "a divisor of the 30 heads"),
    ],
)
def test_a_run_that_cant_be_predicted_says_why(cells: dict[str, str], why: str) -> None:
    with pytest.raises(Unpredictable, match=why):
        match(run(**cells))


def test_multi_token_prediction_is_taken_where_the_flops_say_so() -> None:
    """DGXC's DeepSeek-V3 runs have it (260 GFLOP a token), NeMo Automodel's don't (250)."""
    cells = {"model": "DeepSeek-V3", "gpus": "512", "tp": "2", "pp": "8", "cp": "1", "ep": "64", "gbs": "4096"}
    with_it = match(run(**cells, tok_s_gpu="669.4", tflops_gpu="174.02"))
    without = match(run(**cells, tok_s_gpu="865", tflops_gpu="216"))
    unsaid = match(run(**cells))
    assert [case.architecture.prediction_layers for case in (with_it, without, unsaid)] == [1, 0, 0]
