"""Jobs as text."""

from __future__ import annotations

from datetime import datetime

import pytest
from syrupy.assertion import SnapshotAssertion

from rackwright.cli.job_tables import description, progress, row, span
from rackwright.specs import TrainingJob
from rackwright.specs.training_job_status import TrainingJobStatus

pytestmark = pytest.mark.pure

NOW = datetime.fromisoformat("2026-01-01T12:00:00Z")

JOB = TrainingJob.model_validate(
    {
        "metadata": {"name": "llama", "namespace": "research", "creationTimestamp": "2026-01-01T10:00:00Z"},
        "spec": {
            "image": "example.com/train:1",
            "gpus": 128,
            "priority": "normal",
            "expected": {"steps": 1000, "stepSeconds": 10, "tokensPerStep": 4096},
        },
        "status": {
            "phase": "Running",
            "message": "16 of 16 pods are ready",
            "startedAt": "2026-01-01T10:10:00Z",
            "progress": {"step": 500, "checkpointStep": 480, "steps": 1000},
            "restartCount": 1,
            "hosts": ["host-1", "host-2"],
            "hostCount": 16,
            "restarts": [
                {
                    "at": "2026-01-01T11:00:00Z",
                    "cause": "HostFailed",
                    "host": "host-3",
                    "step": 300,
                    "resumedFromStep": 270,
                    "repeatedSeconds": 310,
                    "recoveredAt": "2026-01-01T11:02:00Z",
                }
            ],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "PodsReady",
                    "message": "all pods are ready",
                    "lastTransitionTime": "2026-01-01T11:02:00Z",
                    "observedGeneration": 1,
                }
            ],
        },
    }
)


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
