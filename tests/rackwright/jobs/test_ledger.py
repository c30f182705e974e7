"""Where a job's time went."""

from __future__ import annotations

from datetime import datetime

import pytest

from rackwright.jobs.ledger import ledger
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


def test_the_ledger_accounts_for_all_time_since_creation() -> None:
    spent = ledger(JOB, now=NOW)
    assert spent.waiting_s == 600
    assert spent.recovering_s == 120
    # As it was measured: a step needn't take as long as spec.expected says.
    assert spent.repeated_s == 310
    assert spent.waiting_s + spent.recovering_s + spent.repeated_s + spent.running_s == 7200


def test_a_job_that_has_not_started_only_waits() -> None:
    queued = JOB.model_copy(update={"status": TrainingJobStatus()})
    assert ledger(queued, now=NOW).waiting_s == 7200
    assert ledger(queued, now=NOW).running_s == 0


def test_a_loss_that_goes_on_counts_until_now() -> None:
    assert JOB.status is not None
    (restart,) = JOB.status.restarts
    open_end = restart.model_copy(update={"recovered_at": None})
    job = JOB.model_copy(update={"status": JOB.status.model_copy(update={"restarts": (open_end,)})})
    assert ledger(job, now=NOW).recovering_s == 3600


def test_a_loss_ends_when_its_job_is_suspended() -> None:
    assert JOB.status is not None
    (restart,) = JOB.status.restarts
    given_up = restart.model_copy(update={"recovered_at": None, "abandoned_at": "2026-01-01T11:03:00Z"})
    job = JOB.model_copy(update={"status": JOB.status.model_copy(update={"restarts": (given_up,)})})
    assert ledger(job, now=NOW).recovering_s == 180


def test_repeated_work_of_a_job_that_reports_no_progress_is_unknown() -> None:
    assert JOB.status is not None
    (restart,) = JOB.status.restarts
    unknown = restart.model_copy(update={"step": None, "resumed_from_step": None, "repeated_seconds": None})
    job = JOB.model_copy(update={"status": JOB.status.model_copy(update={"restarts": (unknown,)})})
    assert ledger(job, now=NOW).repeated_s is None
