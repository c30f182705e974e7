"""FLOPs per token against published counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import MODELS
from rackwright.sizing.step import flops, parameters

pytestmark = pytest.mark.pure


def test_llama_3_8b_has_the_published_flops_of_a_sequence() -> None:
    """NVIDIA/dgxc-benchmarking, README: 4.74e14 FLOPs for a sequence of 8,192 tokens, with full attention."""
    architecture = MODELS.entries["llama-3-8b"].architecture
    per_token = flops.train_flops(architecture, sequence_tokens=8192, full_attention=True)
    assert per_token * 8192 == pytest.approx(4.74e14, rel=0.002)


def test_llama_3_405b_has_the_published_flops_of_the_whole_run() -> None:
    """ArXiv 2407.21783: 3.8e25 FLOPs for 15.6e12 tokens (6 × parameters × tokens)."""
    architecture = MODELS.entries["llama-3.1-405b"].architecture
    assert flops.matrix_flops(architecture) * 15.6e12 == pytest.approx(3.8e25, rel=0.01)


def test_causal_attention_is_half_of_the_full_square() -> None:
    architecture = MODELS.entries["llama-3-8b"].architecture
    causal = flops.layer_attention_flops(architecture, sequence_tokens=4096)
    assert flops.layer_attention_flops(architecture, sequence_tokens=4096, full_attention=True) == 2 * causal


@pytest.mark.parametrize(
    ("name", "tflops", "gpus", "batch", "step_s"),
    [
        ("gpt-1.7b", 408.8, 48, 192, 0.4519),
        ("gpt-16b", 489.1, 192, 192, 0.8498),
        ("gpt-177b", 432.8, 2304, 1152, 5.2594),
        ("gpt-462b", 459.9, 6144, 3072, 12.7126),
    ],
)
def test_megatrons_table_counts_full_attention(name: str, tflops: float, gpus: int, batch: int, step_s: float) -> None:
    """NVIDIA/Megatron-LM, images/model_table.png: TFLOPs a GPU and seconds a step, sequences of 4,096."""
    architecture = MODELS.entries[name].architecture
    per_token = flops.train_flops(architecture, sequence_tokens=4096, full_attention=True)
    assert per_token * batch * 4096 / step_s / gpus / 1e12 == pytest.approx(tflops, rel=0.001)


@pytest.mark.parametrize(
    ("name", "prediction_layers", "tflops", "tokens_per_s_per_gpu"),
    [
        ("deepseek-v3-671b", 1, 174.02, 669.4),
        ("deepseek-v3-671b", 1, 163.7, 629.7),
        ("deepseek-v3-671b", 0, 216, 865),
        ("deepseek-v3-671b", 0, 250, 1002),
        ("kimi-k2", 0, 189, 924),
        ("qwen3-30b-a3b", 0, 277, 12040),
    ],
)
def test_benchmarks_of_mixtures_of_experts_count_causal_attention(
    name: str, prediction_layers: int, tflops: float, tokens_per_s_per_gpu: float
) -> None:
    """NVIDIA/dgxc-benchmarking trains DeepSeek-V3 with multi-token prediction, NVIDIA-NeMo/Automodel without."""
    architecture = MODELS.entries[name].architecture.model_copy(update={"prediction_layers": prediction_layers})
    per_token = flops.train_flops(architecture, sequence_tokens=4096)
    assert per_token * tokens_per_s_per_gpu / 1e12 == pytest.approx(tflops, rel=0.005)


def test_multi_token_prediction_attends_once_more() -> None:
    """Each module is one more layer, and one more pass through the output projection."""
    architecture = MODELS.entries["deepseek-v3-671b"].architecture
    without = architecture.model_copy(update={"prediction_layers": 0})
    attention = flops.attention_flops(architecture, sequence_tokens=4096)
    assert attention == pytest.approx(62 / 61 * flops.attention_flops(without, sequence_tokens=4096))
    module = flops.layer_matrix_flops(parameters.prediction_layer(architecture)) + flops.head_flops(architecture)
    assert flops.matrix_flops(architecture) == flops.matrix_flops(without) + module


def test_a_window_saves_what_lies_outside() -> None:
    """GPT-OSS: each second layer sees 128 tokens of 4,096."""
    architecture = MODELS.entries["gpt-oss-20b"].architecture
    full = 12 * 64 * 64 * 2048
    windowed = 12 * 64 * 64 * (128 - 128**2 / 8192)
    assert flops.attention_flops(architecture, sequence_tokens=4096) == 12 * (full + windowed)


def test_chunks_hold_causal_attention_to_half_a_chunk() -> None:
    """Llama 4: three layers of four see their chunk of 8,192 tokens."""
    architecture = MODELS.entries["llama-4-scout-109b"].architecture
    keys = flops.keys_seen(architecture, sequence_tokens=32768, windowed=True)
    assert keys == 4096
    assert flops.keys_seen(architecture, sequence_tokens=32768, windowed=False) == 16384


@given(sequence_tokens=st.integers(1, 10**6), name=st.sampled_from(["gpt-oss-20b", "llama-4-scout-109b"]))
def test_a_window_never_adds_work(sequence_tokens: int, name: str) -> None:
    architecture = MODELS.entries[name].architecture
    for full_attention in (False, True):
        windowed, full = (
            flops.keys_seen(architecture, sequence_tokens=sequence_tokens, windowed=each, full_attention=full_attention)
            for each in (True, False)
        )
        assert 0 < windowed <= full
