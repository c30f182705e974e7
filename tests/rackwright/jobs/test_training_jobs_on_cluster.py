"""Watching jobs on the real API server; nobody acts on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kubernetes import client

from rackwright.jobs.connection import connect
from rackwright.jobs.errors import NotFound
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob
from rehearsal.control_plane import ControlPlane
from tests.kubectl import Kubectl

pytestmark = pytest.mark.control_plane

TEAM = "watched-team"


def job(name: str) -> TrainingJob:
    spec = {"image": "example.com/train:1", "gpus": 64, "queue": "train"}
    return TrainingJob.model_validate({"metadata": {"name": name, "namespace": TEAM}, "spec": spec})


@pytest.fixture(scope="module")
def api(training_jobs: Kubectl) -> Iterator[client.ApiClient]:
    """The platform engineer's client, in whose cluster the team has its namespace."""
    connected = connect(training_jobs.control_plane.kubeconfig(), None).client
    core = client.CoreV1Api(connected)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=TEAM)))
    yield connected
    core.delete_namespace(TEAM)


@pytest.fixture
def jobs(control_plane: ControlPlane, api: client.ApiClient) -> Iterator[TrainingJobs]:  # noqa: ARG001  # the team must be there
    """The researchers' jobs; those that a test leaves are deleted."""
    found = TrainingJobs(connect(control_plane.kubeconfig("researcher"), None))
    yield found
    for left in found.all_in(TEAM):
        found.delete(TEAM, left.metadata.name)


def report(api: client.ApiClient, name: str, phase: str) -> None:
    """Say something of a job as the operator would."""
    client.CustomObjectsApi(api).patch_namespaced_custom_object_status(
        "rackwright.dev",
        "v1alpha1",
        TEAM,
        "trainingjobs",
        name,
        {"status": {"phase": phase}},
        _content_type="application/merge-patch+json",
    )


def test_watching_tells_each_change(jobs: TrainingJobs, api: client.ApiClient) -> None:
    jobs.apply(job("llama"), namespace=TEAM)
    changes = jobs.watch(TEAM)
    event, changed = next(changes)
    assert (event, changed.metadata.name) == ("ADDED", "llama")
    report(api, "llama", "Running")
    event, changed = next(changes)
    assert changed.status is not None
    assert (event, changed.status.phase) == ("MODIFIED", "Running")
    jobs.delete(TEAM, "llama")
    assert any(event == "DELETED" for event, _ in changes)


def test_watching_one_job_tells_nothing_of_others(jobs: TrainingJobs, api: client.ApiClient) -> None:
    for name in ("mine", "theirs"):
        jobs.apply(job(name), namespace=TEAM)
    changes = jobs.watch(TEAM, name="mine")
    assert next(changes)[1].metadata.name == "mine"
    for name in ("theirs", "mine"):
        report(api, name, "Running")
    event, changed = next(changes)
    assert (event, changed.metadata.name) == ("MODIFIED", "mine")


def test_a_watch_ends_when_its_time_is_up(jobs: TrainingJobs) -> None:
    jobs.apply(job("llama"), namespace=TEAM)
    assert [event for event, _ in jobs.watch(TEAM, name="llama", timeout_s=0)] == ["ADDED"]
    # The server ends the first watch within the second that was asked for; then all that there is comes once more.
    assert {event for event, _ in jobs.watch(TEAM, name="llama", timeout_s=0.1)} == {"ADDED"}


def test_watching_a_job_that_is_gone_already_ends_at_once(jobs: TrainingJobs) -> None:
    """Cancelling does so, when the job goes between its deletion and the watch."""
    with pytest.raises(NotFound, match="nobody was deleted"):
        next(jobs.watch(TEAM, name="nobody"))
