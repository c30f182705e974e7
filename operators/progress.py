"""How far a run is, from what its rank 0 says of it. Pure."""

from __future__ import annotations

from pydantic import ValidationError

from operators.observed import Observed
from rackwright.specs.training_job import Expected
from rackwright.specs.training_job_status import Progress, ReportedProgress


def read_progress(
    observed: Observed, expected: Expected | None, known: Progress | None, *, now: str
) -> Progress | None:
    """What rank 0 says of its progress; what was `known`, if it says nothing or nothing that can be read."""
    told = next((pod.progress for pod in observed.pods if pod.rank == 0 and pod.progress and not pod.deleting), None)
    if told is None:
        return known
    try:
        said = ReportedProgress.model_validate_json(told)
    except ValidationError:
        return known
    return Progress(
        step=said.step,
        checkpoint_step=said.checkpoint_step,
        checkpoint_at=known.checkpoint_at if known and known.checkpoint_step == said.checkpoint_step else now,
        steps=expected.steps if expected else None,
        tokens=said.step * expected.tokens_per_step if expected else None,
    )
