"""One published run: a row of a table, with its numbers read."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rackwright.specs.terms import Recompute

UNPUBLISHED = frozenset({"", "-", "–", "?", "n/a", "na", "nan", "none", "null", "unknown", "unpublished"})
"""What stands in a cell that says nothing."""

RECOMPUTES: dict[str, Recompute] = {
    **dict.fromkeys(("true", "yes", "1", "full"), "full"),
    **dict.fromkeys(("false", "no", "0", "off", "none"), "none"),
    **dict.fromkeys(("selective", "sac", "op"), "selective"),
}
"""Words for activation checkpointing; here `none` says something."""

PRECISIONS = {"fp16": "bf16", "float16": "bf16", "bfloat16": "bf16", "float8": "fp8"}
"""Other names; FP16 has the rates and sizes of BF16."""

MOST_LAYERS = 10_000
MOST_PARALLEL = 10_000_000
MOST_WIDE = 100_000_000
"""Bounds of layers, of GPUs and ranks, and of widths and lengths: ten times and more what was ever published, so that a
slip of the pen is named as such."""

HELD_OUT_PART = 3
"""One of so many groups of runs is held out of the fit."""


def _blank(value: object) -> object:
    """None for a cell that says nothing; a number without its thousands separators."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.lower() in UNPUBLISHED:
        return None
    return text.replace(",", "") if text.replace(",", "").replace(".", "").isdigit() else text


def _whole(value: object) -> object:
    """A whole number may be written as 1e3 or 128.0."""
    text = _blank(value)
    if isinstance(text, str):
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number.is_integer() else text
    return text


def _recompute(value: object) -> object:
    text = value.strip().lower() if isinstance(value, str) else value
    if not isinstance(text, str):
        return text
    if text in RECOMPUTES:
        return RECOMPUTES[text]
    return None if text in UNPUBLISHED else text


def _sharded(value: object) -> object:
    """The number of ranks that share weights; `true` is all of them, as 1 rank shares nothing."""
    text = value.strip().lower() if isinstance(value, str) else value
    return {"true": -1, "false": 0}.get(text, _whole(value)) if isinstance(text, str) else text


def _lower(value: object) -> object:
    text = _blank(value)
    return text.lower() if isinstance(text, str) else text


def _precision(value: object) -> object:
    text = _lower(value)
    return PRECISIONS.get(text, text) if isinstance(text, str) else text


def _nothing(value: float | None) -> float | None:
    """A measure of zero is none."""
    return value or None


Text = Annotated[str, BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)]
Layers = Annotated[int | None, Field(ge=1, le=MOST_LAYERS), BeforeValidator(_whole)]
Ranks = Annotated[int | None, Field(ge=1, le=MOST_PARALLEL), BeforeValidator(_whole)]
Width = Annotated[int | None, Field(ge=1, le=MOST_WIDE), BeforeValidator(_whole)]
Measure = Annotated[float | None, Field(ge=0, allow_inf_nan=False), BeforeValidator(_blank), AfterValidator(_nothing)]


class Unpredictable(Exception):  # noqa: N818  # it ends no program: the row is listed with it
    """A run that can't be predicted; the message says why."""


class Run(BaseModel):
    """A published run; None is unpublished."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case: Text = ""
    source: Text = ""
    model: Annotated[Text, Field(min_length=1)]
    kind: Annotated[Literal["dense", "moe"] | None, BeforeValidator(_lower)] = None
    parameters_billion: Measure = Field(default=None, alias="params_B")
    layers: Layers = None
    hidden: Width = None
    ffn: Width = None
    heads: Width = None
    kv_heads: Width = None
    vocabulary: Width = Field(default=None, alias="vocab")
    sequence_tokens: Width = Field(default=None, alias="seq")
    gpus: Annotated[int, Field(ge=1, le=MOST_PARALLEL), BeforeValidator(_whole)]
    gpu: Annotated[Text, Field(min_length=1)]
    precision: Annotated[Literal["bf16", "fp8"], BeforeValidator(_precision)]
    tensor: Ranks = Field(default=None, alias="tp")
    pipeline: Ranks = Field(default=None, alias="pp")
    virtual_pipeline: Layers = Field(default=None, alias="vp")
    context: Ranks = Field(default=None, alias="cp")
    expert: Ranks = Field(default=None, alias="ep")
    parameter_shards: Annotated[int | None, Field(ge=-1, le=MOST_PARALLEL), BeforeValidator(_sharded)] = Field(
        default=None, alias="fsdp"
    )
    """Ranks that share weights and gradients (FSDP); 0: none do (ZeRO-1); -1: all, however many."""
    micro_batch: Ranks = Field(default=None, alias="mbs")
    batch: Width = Field(default=None, alias="gbs")
    recompute: Annotated[Recompute | None, BeforeValidator(_recompute)] = Field(default=None, alias="act_ckpt")
    step_s: Measure = None
    tokens_per_s_per_gpu: Measure = Field(default=None, alias="tok_s_gpu")
    tflops_per_gpu: Measure = Field(default=None, alias="tflops_gpu")
    flop_convention: Text = ""
    software: Annotated[str | None, BeforeValidator(_lower)] = None
    """The training software, an entry of the catalogue."""
    reference: Text = Field(default="", alias="ref")

    @property
    def release(self) -> tuple[int, int] | None:
        """Year and month of NVIDIA's release that the reference names (`v25.05.05`: 25, 5)."""
        named = re.search(r"\bv(2\d)\.(0[1-9]|1[0-2])\b", self.reference)
        return (int(named[1]), int(named[2])) if named else None


def held_out(run: Run) -> bool:
    """Whether a run is kept out of the fit of the software's constants.

    Whole groups of one source, model and precision are: so the fit has never seen what it is judged on. A third of the
    groups, by a hash of their names, which nobody chose.
    """
    group = f"{run.source}|{run.model}|{run.precision.upper()}"
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % HELD_OUT_PART == 0
