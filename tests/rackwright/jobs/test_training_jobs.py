"""The pod of a rank is found, or it is said why it can't be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from kubernetes import client

from rackwright.jobs.connection import Connection
from rackwright.jobs.errors import NotFound
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob

pytestmark = pytest.mark.mocked

JOB = TrainingJob.model_validate(
    {
        "apiVersion": "rackwright.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "llama", "namespace": "research"},
        "spec": {"gpus": 16, "gpusPerHost": 8, "image": "example.com/train:1", "queue": "train"},
        "status": {"phase": "Queued"},
    }
)


def pod(name: str, phase: str, *, second: int) -> client.V1Pod:
    """A pod made in some second."""
    made = datetime(2026, 1, 1, second=second, tzinfo=UTC)
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, creation_timestamp=made), status=client.V1PodStatus(phase=phase)
    )


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainingJobs]:
    """A cluster on which the asked rank has these pods."""

    def on_cluster(*pods: client.V1Pod) -> TrainingJobs:
        monkeypatch.setattr(
            client.CoreV1Api, "list_namespaced_pod", lambda *_, **__: client.V1PodList(items=list(pods))
        )
        return TrainingJobs(Connection(client=client.ApiClient(client.Configuration()), namespace=None))

    return on_cluster


def test_the_newest_pod_of_a_rank_is_meant(jobs: Callable[..., TrainingJobs]) -> None:
    on_cluster = jobs(pod("old", "Failed", second=1), pod("new", "Running", second=2))
    assert on_cluster.pod_of_rank(JOB, "research", 1) == "new"


@pytest.mark.parametrize(
    ("pods", "says"),
    [
        ([], "has no pod of rank 1 now (the job is Queued): see `rackwright describe llama"),
        ([pod("new", "Pending", second=1)], "pod new of rank 1 hasn't started yet (the job is Queued): see"),
    ],
)
def test_a_rank_without_a_log_is_told_apart(
    jobs: Callable[..., TrainingJobs], pods: list[client.V1Pod], says: str
) -> None:
    with pytest.raises(NotFound) as refused:
        jobs(*pods).pod_of_rank(JOB, "research", 1)
    assert says in str(refused.value)
