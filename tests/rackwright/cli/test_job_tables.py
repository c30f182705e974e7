"""Jobs as text."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from rackwright.cli.job_tables import description, progress, row, span
from rackwright.specs.training_job_status import TrainingJobStatus
from tests.rackwright.running_job import JOB, NOW

pytestmark = pytest.mark.pure


def test_repeated_work_of_a_job_that_reports_no_progress_is_said_to_be_unknown() -> None:
    assert JOB.status is not None
    (restart,) = JOB.status.restarts
    unknown = restart.model_copy(update={"step": None, "resumed_from_step": None, "repeated_seconds": None})
    job = JOB.model_copy(update={"status": JOB.status.model_copy(update={"restarts": (unknown,)})})
    assert "unknown: the job reported no progress" in "\n".join(description(job, now=NOW))


def test_the_description_is_the_recorded_one(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(description(JOB, now=NOW)) == snapshot


def test_a_row_has_the_essentials() -> None:
    assert row(JOB, now=NOW)[:8] == (
        "research",
        "llama",
        "Running",
        "train",
        "normal",
        "128",
        "500 of 1,000 (50%)",
        "1",
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.6, "1m 0s"), (3600, "1h 0s"), (90_000, "1d 1h"), (-5, "0s")]
)
def test_spans_are_short(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_progress_without_a_report_is_a_dash() -> None:
    assert progress(TrainingJobStatus()) == "–"
