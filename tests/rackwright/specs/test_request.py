"""What a request refuses, and in which words; the same for architectures and figures."""

from __future__ import annotations

import pytest

from rackwright.specs import SpecError, request
from rackwright.specs.architecture import Architecture
from rackwright.specs.documents import parse_document, validate_document
from rackwright.specs.figure import Figure
from rackwright.specs.request import Request

pytestmark = pytest.mark.pure

GOOD: dict[str, object] = {"name": "run", "model": "llama-3-8b", "tokens": 1e12, "gpus": 64}

SMALL = {
    "layers": 32,
    "hidden": 4096,
    "ffn": 14336,
    "heads": 32,
    "kv_heads": 8,
    "vocabulary": 128256,
    "sequence_tokens": 8192,
}


def refusal(model: type[Request | Architecture | Figure], data: dict[str, object]) -> str:
    """The message that bad data gets."""
    with pytest.raises(SpecError) as refused:
        validate_document(data, model, source="request.yaml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gpus": -8}, "gpus: got -8; expected at least 1. Raise it to 1 or more."),
        ({"gpus": 200_000}, "gpus: got 200000; expected at most 131072. Lower it to 131072 or less."),
        ({"tokens": 0}, "tokens: got 0; expected more than 0. Use a number above 0."),
        (
            {"name": "Llama_3"},
            "name: got 'Llama_3'; expected a DNS label. Use lower-case letters, digits and '-', starting",
        ),
        (
            {"gpus": None},
            "gpus: got None; expected one or more of gpus, deadline_days, budget_usd and power_mw. Say how many GPUs",
        ),
        ({"precision": "fp4"}, "precision: got 'fp4'; expected 'bf16' or 'fp8'."),
        ({"gpu_count": 8}, "gpu_count: got 8; expected no such field. Remove it, or check its spelling"),
    ],
    ids=lambda case: str(next(iter(case.items()))) if isinstance(case, dict) else "",
)
def test_bad_requests_are_told_what_was_expected_and_the_remedy(change: dict[str, object], message: str) -> None:
    assert message in refusal(Request, {**GOOD, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kv_heads": 7}, "kv_heads: got 7; expected a divisor of the 32 heads. The nearest that divide are 4 and 8."),
        (
            {"hidden": 4100},
            "hidden: got 4100; expected a multiple of the 32 heads. The nearest multiples are 4096 and 4128; or give",
        ),
        (
            {"experts": {"count": 8, "active": 9, "ffn": 1024}},
            "experts.active: got 9; expected at most the 8 experts that there are.",
        ),
        (
            {"experts": {"count": 8, "active": 2, "ffn": 1024, "dense_layers": 32}},
            "experts.dense_layers: got 32; expected fewer than the 32 layers.",
        ),
    ],
)
def test_bad_architectures_are_told_the_nearest_good_value(change: dict[str, object], message: str) -> None:
    assert message in refusal(Architecture, {**SMALL, **change})


def test_a_figure_s_range_holds_its_expected_value() -> None:
    assert "low: got 2.0; expected low and expected (1.0) in order" in refusal(Figure, {"expected": 1.0, "low": 2.0})


def test_tokens_may_be_written_as_people_write_them() -> None:
    """YAML 1.1 takes 15.6e12 for text; the request takes it for the number."""
    text = "name: run\nmodel: llama-3-8b\ntokens: 15.6e12\ngpus: 64\n"
    assert parse_document(text, Request, source="request.yaml").tokens == 15.6e12


def test_a_request_that_cant_be_met_is_refused_as_one_that_cant_be_read() -> None:
    refused = request.refusal(field="gpus", value="8", expected="at least 16", remedy="give 16")
    assert str(refused) == "request: gpus: got '8'; expected at least 16. Give 16."
