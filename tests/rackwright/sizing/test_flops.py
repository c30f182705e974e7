"""FLOPs per token against published counts."""

from __future__ import annotations

import pytest

from rackwright.catalog import MODELS
from rackwright.sizing import flops

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
