"""Where a job's time went."""

from __future__ import annotations

import pytest

from rackwright.jobs.ledger import ledger
from rackwright.specs.training_job_status import TrainingJobStatus
from tests.rackwright.running_job import JOB, NOW

pytestmark = pytest.mark.pure


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
