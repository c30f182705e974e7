"""Kueue and JobSet from their charts, as processes behind the API server's egress."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from rehearsal import processes
from rehearsal.kubelet.launching import POD_UID
from tests.kubectl import TIMEOUT, Kubectl
from tests.rehearsal.kubelet.conftest import BLOCK, HOST

pytestmark = pytest.mark.control_plane

TEAM = "process-team"


def _pod(kubectl: Kubectl, name: str) -> dict[str, Any]:
    pods: list[dict[str, Any]] = kubectl.get("pods", f"--namespace={name}-system")["items"]
    (pod,) = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return pod


def _process(kubectl: Kubectl, name: str) -> psutil.Process:
    uid = _pod(kubectl, name)["metadata"]["uid"]
    (process,) = (
        process for process in processes.marked(kubectl.control_plane.state.id) if process.environ().get(POD_UID) == uid
    )
    return process


def _queue_objects() -> list[dict[str, Any]]:
    kueue = "kueue.x-k8s.io/v1beta2"
    return [
        {
            "apiVersion": kueue,
            "kind": "Topology",
            "metadata": {"name": TEAM},
            "spec": {"levels": [{"nodeLabel": "rehearsal.test/block"}, {"nodeLabel": "kubernetes.io/hostname"}]},
        },
        {
            "apiVersion": kueue,
            "kind": "ResourceFlavor",
            "metadata": {"name": TEAM},
            "spec": {"nodeLabels": {"rehearsal.test/block": BLOCK}, "topologyName": TEAM},
        },
        {
            "apiVersion": kueue,
            "kind": "ClusterQueue",
            "metadata": {"name": TEAM},
            "spec": {
                "namespaceSelector": {},
                "resourceGroups": [
                    {
                        "coveredResources": ["nvidia.com/gpu"],
                        "flavors": [{"name": TEAM, "resources": [{"name": "nvidia.com/gpu", "nominalQuota": "8"}]}],
                    }
                ],
            },
        },
        {
            "apiVersion": kueue,
            "kind": "LocalQueue",
            "metadata": {"name": "train", "namespace": TEAM},
            "spec": {"clusterQueue": TEAM},
        },
    ]


def _job_set(name: str) -> dict[str, Any]:
    container = {"name": "train", "image": "example.com/train:1", "resources": {"limits": {"nvidia.com/gpu": 4}}}
    template = {
        "metadata": {"annotations": {"kueue.x-k8s.io/podset-required-topology": "rehearsal.test/block"}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    job = {"parallelism": 2, "completions": 2, "backoffLimit": 0, "template": template}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": name, "namespace": TEAM, "labels": {"kueue.x-k8s.io/queue-name": "train"}},
        "spec": {"replicatedJobs": [{"name": "workers", "replicas": 1, "template": {"spec": job}}]},
    }


@pytest.fixture(scope="module")
def queue(controllers: Kubectl, kubectl: Kubectl) -> Iterator[Kubectl]:  # noqa: ARG001  # its host must be there
    """A team's queue of 8 GPUs on the one host."""
    controllers("create", "namespace", TEAM)
    controllers.apply(*_queue_objects())
    yield controllers
    controllers("delete", "jobsets", "--all", f"--namespace={TEAM}")
    for item in reversed(_queue_objects()):
        controllers("delete", item["kind"], item["metadata"]["name"], f"--namespace={TEAM}")
    controllers("delete", "namespace", TEAM, "--wait=false")


def test_they_speak_with_their_own_service_accounts(controllers: Kubectl) -> None:
    for name, account in (("kueue", "kueue-controller-manager"), ("jobset", "jobset-controller")):
        kubeconfig = Path(_process(controllers, name).environ()["KUBECONFIG"])
        who = controllers("auth", "whoami", "--output=jsonpath={.status.userInfo.username}", kubeconfig=kubeconfig)
        assert who == f"system:serviceaccount:{name}-system:{account}"


def test_they_listen_on_loopback_alone(controllers: Kubectl) -> None:
    for name in ("kueue", "jobset"):
        listening = [
            connection.laddr.ip
            for connection in _process(controllers, name).net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert set(listening) == {"127.0.0.1"}
        assert len(listening) == 3  # health, metrics, webhooks


def test_the_charts_webhooks_name_services_and_refuse_what_is_wrong(queue: Kubectl) -> None:
    for hook in queue.get("validatingwebhookconfiguration", "kueue-validating-webhook-configuration")["webhooks"]:
        assert "url" not in hook["clientConfig"]
        assert hook["clientConfig"]["caBundle"]
    unknown = _job_set("wrong")
    unknown["spec"]["coordinator"] = {"replicatedJob": "nobody", "jobIndex": 0, "podIndex": 0}
    refused = queue.run("create", "--filename=-", text=yaml.safe_dump(unknown))
    assert 'webhook "validate-jobset-x-k8s-io-v1alpha2-jobset.x-k8s.io" denied' in refused.stderr
    assert "nobody" in refused.stderr


def test_a_gang_is_admitted_by_topology_and_runs(queue: Kubectl) -> None:
    queue.apply(_job_set("gang"))
    labels = "--selector=jobset.sigs.k8s.io/jobset-name=gang"
    queue.wait("--for=create", "pods", labels, f"--namespace={TEAM}")
    queue.wait("--for=condition=Admitted", "workloads", "--all", f"--namespace={TEAM}")
    queue.wait("--for=condition=Ready", "pods", labels, f"--namespace={TEAM}")
    assert {pod["spec"]["nodeName"] for pod in queue.get("pods", labels, f"--namespace={TEAM}")["items"]} == {HOST}


def test_a_killed_controller_comes_back(controllers: Kubectl) -> None:
    pod, process = _pod(controllers, "kueue"), _process(controllers, "kueue")
    before = pod["status"]["containerStatuses"][0]["restartCount"]
    os.kill(process.pid, signal.SIGKILL)
    path = f"pod/{pod['metadata']['name']}"
    count = f"--for=jsonpath={{.status.containerStatuses[0].restartCount}}={before + 1}"
    controllers.wait(count, path, "--namespace=kueue-system")
    controllers.wait("--for=condition=Ready", path, "--namespace=kueue-system")
    assert _pod(controllers, "kueue")["status"]["containerStatuses"][0]["lastState"]["terminated"]["signal"] == 9


def test_namespaces_can_be_deleted_beside_kueues_aggregated_api(controllers: Kubectl) -> None:
    controllers.wait("--for=condition=Available", "apiservice/v1beta2.visibility.kueue.x-k8s.io")
    controllers("create", "namespace", "process-scratch")
    controllers("delete", "namespace", "process-scratch", TIMEOUT)


def test_no_pod_without_a_deployment_and_no_process_without_a_pod(controllers: Kubectl) -> None:
    process = _process(controllers, "jobset")
    pod = f"pod/{_pod(controllers, 'jobset')['metadata']['name']}"
    deployment = controllers.get("deployment", "jobset-controller", "--namespace=jobset-system")
    controllers("scale", "deployment/jobset-controller", "--replicas=0", "--namespace=jobset-system")
    controllers.wait("--for=delete", pod, "--namespace=jobset-system")
    assert not process.is_running()
    replicas = deployment["spec"]["replicas"]
    controllers("scale", "deployment/jobset-controller", f"--replicas={replicas}", "--namespace=jobset-system")
    controllers.wait("--for=condition=Available", "deployment/jobset-controller", "--namespace=jobset-system")
