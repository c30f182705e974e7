"""The play waits for a job to be somewhere, and says where it is when it doesn't come there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kubernetes import client

from rackwright.jobs.connection import Connection
from rackwright.jobs.following import Follower
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob
from rackwright.specs.training_job_status import Phase, TrainingJobStatus
from rehearsal.scenario.jobs import JobError, wait_for

pytestmark = pytest.mark.pure


def job(phase: str) -> TrainingJob:
    return TrainingJob.model_validate(
        {
            "metadata": {"name": "llama", "namespace": "research"},
            "spec": {"image": "example.com/train:1", "gpus": 64},
            "status": {"phase": phase, "message": "as it goes"},
        }
    )


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Follower]:
    """A follower of a job that goes through these phases until the time is up."""

    def follower(*phases: str) -> Follower:
        monkeypatch.setattr(TrainingJobs, "watch", lambda *_, **__: iter(("MODIFIED", job(phase)) for phase in phases))
        connection = Connection(client=client.ApiClient(client.Configuration()), namespace=None)
        return Follower(TrainingJobs(connection), "research", "llama", lambda _: None)

    return follower


def running(status: TrainingJobStatus) -> bool:
    return status.phase is Phase.RUNNING


def test_the_first_status_that_is_as_wanted_is_the_answer(following: Callable[..., Follower]) -> None:
    status = wait_for(following("Queued", "Running", "Failed"), running, what="running", timeout_s=1)
    assert status.phase is Phase.RUNNING


@pytest.mark.parametrize("end", ["Failed", "Succeeded"])
def test_a_job_that_ends_before_that_is_an_error(following: Callable[..., Follower], end: str) -> None:
    with pytest.raises(JobError, match=f"the job llama {end.lower()} before it was running: as it goes"):
        wait_for(following("Queued", end, "Running"), running, what="running", timeout_s=1)


def test_when_the_time_is_up_it_is_said_where_the_job_is(following: Callable[..., Follower]) -> None:
    with pytest.raises(JobError, match="the job llama wasn't running after 1 s; it is Queued: as it goes"):
        wait_for(following("Pending", "Queued"), running, what="running", timeout_s=1)
