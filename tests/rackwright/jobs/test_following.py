"""Following one job: each new phase is told, and it ends with the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from rackwright.jobs.connection import Connection
from rackwright.jobs.errors import NotFound
from rackwright.jobs.following import Follower, wait_for_end, wait_until_gone
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob

pytestmark = pytest.mark.pure

Change = tuple[str, str | None]
"""An event of a watch, and the phase that the job has then."""

Play = Callable[..., TrainingJobs]


def job(phase: str | None) -> TrainingJob:
    document = {
        "metadata": {"name": "llama", "namespace": "research"},
        "spec": {"image": "example.com/train:1", "gpus": 64},
        **({"status": {"phase": phase, "message": "as it goes"}} if phase else {}),
    }
    return TrainingJob.model_validate(document)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Jobs whose watch brings these changes, and then fails the test."""

    def played(*changes: Change) -> TrainingJobs:
        def watch(_self: TrainingJobs, namespace: str, *, name: str, **_: object) -> Iterator[tuple[str, TrainingJob]]:
            assert (namespace, name) == ("research", "llama")
            yield from ((event, job(phase)) for event, phase in changes)
            pytest.fail("it was followed too far")

        monkeypatch.setattr(TrainingJobs, "watch", watch)
        return TrainingJobs(Connection(client=client.ApiClient(client.Configuration()), namespace=None))

    return played


@pytest.mark.parametrize("end", ["Succeeded", "Failed"])
def test_each_new_phase_is_told_once_until_the_end(play: Play, end: str) -> None:
    told: list[str] = []
    phases = (None, "Queued", "Running", "Running", end)
    jobs = play(*(("MODIFIED", phase) for phase in phases))
    last = wait_for_end(jobs, namespace="research", name="llama", tell=told.append)
    assert last == job(end)
    assert told == [f"research/llama: {phase}. as it goes" for phase in ("Queued", "Running", end)]


def test_a_phase_that_was_told_is_not_told_again_in_the_next_following(play: Play) -> None:
    told: list[str] = []
    follower = Follower(play(("ADDED", "Running"), ("ADDED", "Failed")), "research", "llama", told.append)
    next(follower.states())
    assert [state.status.phase for state in follower.states() if state.status] == ["Running", "Failed"]
    assert told == ["research/llama: Running. as it goes", "research/llama: Failed. as it goes"]


def test_a_job_that_is_deleted_while_it_is_followed_is_not_found(play: Play) -> None:
    jobs = play(("ADDED", "Running"), ("DELETED", "Running"))
    with pytest.raises(NotFound, match="job research/llama was deleted before it ended"):
        wait_for_end(jobs, namespace="research", name="llama", tell=lambda _: None)


def test_waiting_until_a_job_is_gone_ends_with_its_deletion(play: Play) -> None:
    wait_until_gone(play(("ADDED", "Running"), ("DELETED", "Running")), namespace="research", name="llama")


def test_a_job_that_is_gone_already_is_gone(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = play()

    def gone(*_: object, **__: object) -> None:
        raise NotFound

    monkeypatch.setattr(TrainingJobs, "watch", gone)
    wait_until_gone(jobs, namespace="research", name="llama")
