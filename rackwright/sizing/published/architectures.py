"""The architecture that a run trained.

The catalogue's by its model's name, with the run's cells in place of what they contradict; or one of the cells alone.
"""

from __future__ import annotations

from itertools import product

from pydantic import ValidationError

from rackwright.catalog import Model
from rackwright.sizing.published.runs import Run, Unpredictable
from rackwright.sizing.step import flops, parameters
from rackwright.specs.architecture import Architecture
from rackwright.specs.documents import describe

CELLS = {
    "layers": "layers",
    "hidden": "hidden",
    "ffn": "ffn",
    "heads": "heads",
    "kv_heads": "kv_heads",
    "vocabulary": "vocab",
    "sequence_tokens": "seq",
}
"""The architecture's fields that have a column, with its name."""

NEEDED = ("layers", "hidden", "heads", "vocabulary", "sequence_tokens")
"""Fields without which an architecture that the catalogue lacks can't be told."""


def architecture_of(run: Run, model: Model | None) -> Architecture:
    """What the run trained; `model` is the catalogue's entry of its name.

    Raises `Unpredictable` where the cells make no architecture.
    """
    cells = {name: getattr(run, name) for name in CELLS if getattr(run, name) is not None}
    try:
        if model is None:
            return _from_cells(run, cells)
        known = Architecture.model_validate({**model.architecture.model_dump(), **cells})
    except ValidationError as error:
        raise Unpredictable(str(describe(error.errors()[0], Architecture))) from error
    return _as_published(run, known)


def _from_cells(run: Run, cells: dict[str, int]) -> Architecture:
    """A dense model that the catalogue lacks: of the usual kinds the one whose parameters are nearest to the run's.

    Plain networks under a tied head are taken for models of the GPT-2 kind, with learned positions and biases.
    """
    if run.kind == "moe":
        raise Unpredictable(f"model: the catalogue has no {run.model!r}, and cells don't tell its experts")
    missing = [CELLS[name] for name in NEEDED if name not in cells]
    if missing:
        raise Unpredictable(
            f"model: the catalogue has no {run.model!r}, and without {', '.join(missing)} it can't be built"
        )
    cells.setdefault("kv_heads", cells["heads"])
    cells.setdefault("ffn", 4 * cells["hidden"])
    usual, *others = (
        Architecture.model_validate(
            {
                **cells,
                "gated": gated,
                "tied_embeddings": tied,
                **dict.fromkeys(("learned_positions", "biases", "norm_biases"), tied and not gated),
            }
        )
        for gated, tied in product((True, False), (False, True))
    )
    published = run.parameters_billion
    if published is None:
        return usual
    return min((usual, *others), key=lambda each: abs(parameters.total(each) / 1e9 - published))


def _as_published(run: Run, architecture: Architecture) -> Architecture:
    """With multi-token prediction where the run's FLOPs say so; without where nothing does, as that is faster."""
    plain = architecture.model_copy(update={"prediction_layers": 0})
    if not architecture.prediction_layers or run.tflops_per_gpu is None or run.tokens_per_s_per_gpu is None:
        return plain
    each = run.tflops_per_gpu * 1e12 / run.tokens_per_s_per_gpu

    def distance(candidate: Architecture) -> float:
        return min(
            abs(flops.train_flops(candidate, sequence_tokens=candidate.sequence_tokens, full_attention=full) - each)
            for full in (True, False)
        )

    return min((plain, architecture), key=distance)
