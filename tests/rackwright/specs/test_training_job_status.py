from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from rackwright.specs.training_job_status import Phase, timestamp

pytestmark = pytest.mark.pure


def test_moments_are_written_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 1, 31, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    try:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "Asia/Tokyo")
            time.tzset()
            assert timestamp(moment) == "2026-01-31T12:00:00.123Z"
    finally:
        time.tzset()


def test_a_job_that_succeeded_or_failed_stays_so() -> None:
    assert {phase for phase in Phase if phase.final} == {Phase.SUCCEEDED, Phase.FAILED}
