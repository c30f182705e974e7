"""How far a run is, from what its rank 0 says of it. Pure."""

from __future__ import annotations

from pydantic import ValidationError

from rackwright.specs.training_job import Expected
from rackwright.specs.training_job_status import Progress, ReportedProgress


def read_progress(told: str, expected: Expected | None, known: Progress | None, *, now: str) -> Progress | None:
    """What rank 0 `told` (JSON of `ReportedProgress`), after what was `known`; None if it can't be read."""
    try:
        said = ReportedProgress.model_validate_json(told)
    except ValidationError:
        return None
    return Progress(
        step=said.step,
        checkpoint_step=said.checkpoint_step,
        checkpoint_at=known.checkpoint_at if known and known.checkpoint_step == said.checkpoint_step else now,
        steps=expected.steps if expected else None,
        tokens=said.step * expected.tokens_per_step if expected else None,
    )
