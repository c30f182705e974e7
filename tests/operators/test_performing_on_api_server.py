"""What the operator asks of the API server, where the answer is the API server's to decide."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import pytest
from kubernetes.aio import client, config

from operators.actions import WriteStatus
from operators.observed import view_job
from operators.performing import Performer, Unreadable
from rackwright.specs.training_job_status import Phase, TrainingJobStatus
from tests.kubectl import Kubectl

pytestmark = pytest.mark.control_plane


def submit(kubectl: Kubectl, name: str) -> dict[str, Any]:
    kubectl.apply(
        {
            "apiVersion": "rackwright.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"image": "trainer", "gpus": 8},
        }
    )
    job: dict[str, Any] = json.loads(kubectl("get", "trainingjob", name, "-o=json"))
    return job


def test_a_status_is_written_on_its_own_job_alone(training_jobs: Kubectl) -> None:
    """And not on one that was submitted by the same name meanwhile."""
    old = view_job(submit(training_jobs, "again"))
    training_jobs("delete", "trainingjob", "again")
    submit(training_jobs, "again")
    status = TrainingJobStatus(phase=Phase.RUNNING, message="of the old one")

    async def write() -> object:
        await config.load_kube_config(str(training_jobs.control_plane.kubeconfig()))  # type: ignore[no-untyped-call]  # bare in the package
        async with client.ApiClient() as api:
            return await Performer(api).perform(WriteStatus(status=status), old)

    with pytest.raises(client.ApiException) as refused:
        asyncio.run(write())
    assert refused.value.status == HTTPStatus.CONFLICT
    assert "of the old one" not in training_jobs("get", "trainingjob", "again", "-o=json")


def test_an_unreadable_job_keeps_what_its_status_had(training_jobs: Kubectl) -> None:
    job = view_job(submit(training_jobs, "unreadable"))
    status = TrainingJobStatus(phase=Phase.RUNNING, gang="uid-of-rank-0")
    told = Unreadable(key=job.key, uid=job.uid, generation=1, message="too new")

    async def write() -> None:
        await config.load_kube_config(str(training_jobs.control_plane.kubeconfig()))  # type: ignore[no-untyped-call]  # bare in the package
        async with client.ApiClient() as api:
            await Performer(api).perform(WriteStatus(status=status), job)
            await Performer(api).tell(told)

    asyncio.run(write())
    kept = json.loads(training_jobs("get", "trainingjob", "unreadable", "-o=json"))["status"]
    assert kept["gang"] == "uid-of-rank-0"
    assert [each["reason"] for each in kept["conditions"]] == ["Unreadable"]
    events = json.loads(training_jobs("get", "events", "-n=default", "-o=json"))["items"]
    assert [each["message"] for each in events if each["reason"] == "Unreadable"] == ["too new"]
