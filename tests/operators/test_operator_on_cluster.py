"""The operator's own Deployment with real Kueue and JobSet; KWOK simulates hosts."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rackwright.rendering import operator_objects
from rackwright.rendering.operator import NAMESPACE
from rackwright.rendering.scheduling import scheduling_objects
from rackwright.specs import ClusterSpec
from rehearsal import processes
from rehearsal.simulated import FINISHED_ANNOTATION, HOST_ANNOTATION, PLAYED, SILENT
from tests.kubectl import TIMEOUT, Host, Kubectl

pytestmark = pytest.mark.control_plane


class Cluster(Kubectl):
    """kubectl on the small cluster."""

    def submit(self, name: str, **spec: object) -> None:
        """Submit a job to team-a."""
        self.apply(
            {
                "apiVersion": "rackwright.dev/v1alpha1",
                "kind": "TrainingJob",
                "metadata": {"name": name, "namespace": "team-a"},
                "spec": {"image": "trainer", "gpus": 32, "priority": "normal", **spec},
            }
        )

    def change(self, name: str, **spec: object) -> None:
        """Change a job's spec."""
        self("patch", "trainingjob", name, "-n=team-a", "--type=merge", f"--patch={json.dumps({'spec': spec})}")

    def wait_for(self, name: str, **status: object) -> dict[str, Any]:
        """Wait until fields of the job's status have these values."""
        for field, value in status.items():
            self.wait(f"--for=jsonpath={{.status.{field}}}={value}", f"trainingjob/{name}", "-n=team-a")
        job: dict[str, Any] = self.get("trainingjob", name, "-n=team-a")["status"]
        return job


@pytest.fixture(scope="module")
def on(controllers: Kubectl, training_jobs: Kubectl, cluster_spec: ClusterSpec) -> Iterator[Cluster]:  # noqa: ARG001  # jobs must be known
    """The small cluster, whole and with the operator running; its hosts, queues and operator go with the module."""
    run = Cluster(controllers.control_plane)
    hosts = gpu_hosts(cluster_spec)
    declared = [*scheduling_objects(cluster_spec), *operator_objects(cluster_spec)]
    run.add_hosts(*hosts)
    try:
        run.apply(*declared)
        run.wait_for_deployments(NAMESPACE)
        yield run
    finally:
        # The operator first: jobs of other tests are none of its business.
        run.run("delete", "deployment", "--all", f"-n={NAMESPACE}", "--cascade=foreground", TIMEOUT)
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": declared})
        run.run("delete", "--ignore-not-found", "--wait=false", "--filename=-", text=text)
        run.run("delete", "node", *(host.name for host in hosts))


def gpu_hosts(cluster_spec: ClusterSpec) -> list[Host]:
    """The GPU pool's hosts, in blocks of five."""
    gpu = cluster_spec.gpu_pool
    offered = {
        "cpu": str(gpu.allocatable.cpu),
        "memory": f"{gpu.allocatable.memory_gib}Gi",
        "nvidia.com/gpu": str(gpu.gpus_per_host),
        "nvidia.com/rdma-vf": str(gpu.allocatable.rdma_interfaces),
        "pods": "31",
    }
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    return [
        Host(
            name=f"h{index}",
            labels={"rackwright.dev/pool": gpu.name, "example.com/block": f"b{index // 5}"},
            offered=offered,
            taints=(taint,),
        )
        for index in range(gpu.hosts)
    ]


@pytest.fixture(autouse=True)
def _no_jobs_left(on: Cluster) -> Iterator[None]:
    yield
    on("delete", "trainingjobs", "--all", "-n=team-a", TIMEOUT)
    on("wait", "--for=delete", "jobsets", "--all", "-n=team-a", TIMEOUT)


def kill_operator(on: Cluster) -> None:
    """SIGKILL to the operator's process, which may just have come; the process kubelet starts it again."""
    (operator,) = [
        process for process in processes.marked(on.control_plane.state.id) if "operators" in process.cmdline()
    ]
    operator.send_signal(signal.SIGKILL)


def silence(on: Cluster, host: str) -> None:
    """Let a host fall silent, as the controller-manager sees it after the grace period."""
    on("annotate", "node", host, f"{HOST_ANNOTATION}={SILENT}", "--overwrite")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": now}
    patch = json.dumps({"status": {"conditions": [ready]}})
    on("patch", "node", host, "--subresource=status", "--type=strategic", f"--patch={patch}")


def test_a_job_runs_and_leaves_a_host_that_dies(on: Cluster) -> None:
    on.submit("llm", topology={"preferred": "block"})
    before = on.wait_for("llm", phase="Running")["hosts"]
    try:
        silence(on, before[1])
        status = on.wait_for("llm", restartCount=1, phase="Running")
    finally:
        on("annotate", "node", before[1], f"{HOST_ANNOTATION}={PLAYED}", "--overwrite")
    (restart,) = status["restarts"]
    assert (restart["cause"], restart["host"]) == ("HostFailed", before[1])
    assert before[1] not in status["hosts"]
    assert restart["recoveredAt"] > restart["at"]
    on.wait("--for=condition=Ready", f"node/{before[1]}")


def test_a_job_stays_where_it_is_when_most_hosts_fall_silent_at_once(on: Cluster, cluster_spec: ClusterSpec) -> None:
    on.submit("llm")
    before = on.wait_for("llm", phase="Running")
    silent = [host.name for host in gpu_hosts(cluster_spec)]
    try:
        for host in silent:
            silence(on, host)
        on.wait("--for=condition=Ready=Unknown", "trainingjob/llm", "-n=team-a")
    finally:
        for host in silent:
            on("annotate", "node", host, f"{HOST_ANNOTATION}={PLAYED}", "--overwrite")
    on.wait("--for=condition=Ready", "trainingjob/llm", "-n=team-a")
    after = on.wait_for("llm", phase="Running")
    assert (after["gang"], after["hosts"]) == (before["gang"], before["hosts"])
    assert after.get("restartCount", 0) == 0
    for host in silent:
        on.wait("--for=condition=Ready", f"node/{host}")


def test_a_job_leaves_a_host_that_is_tainted_as_failed(on: Cluster) -> None:
    on.submit("llm")
    host = on.wait_for("llm", phase="Running")["hosts"][0]
    try:
        on("taint", "node", host, "rackwright.dev/failed=ecc:NoSchedule")
        status = on.wait_for("llm", restartCount=1, phase="Running")
    finally:
        on("taint", "node", host, "rackwright.dev/failed-")
    assert host not in status["hosts"]


def test_suspend_change_and_resume(on: Cluster) -> None:
    on.submit("llm")
    on.wait_for("llm", phase="Running")
    on.change("llm", suspend=True)
    on.wait_for("llm", phase="Suspended")
    on.wait("--for=delete", "jobset/llm", "-n=team-a")
    on.change("llm", suspend=False, gpus=16)
    status = on.wait_for("llm", hostCount=2, phase="Running")
    assert status.get("restartCount", 0) == 0


def test_killed_in_the_middle_of_a_submit_the_operator_comes_back_to_one_jobset(on: Cluster) -> None:
    on.wait_for_deployments(NAMESPACE)
    on.submit("first")
    kill_operator(on)
    on.submit("second", gpus=8)
    on.wait_for("first", phase="Running")
    on.wait_for("second", phase="Running")
    names = sorted(item["metadata"]["name"] for item in on.get("jobsets", "-n=team-a")["items"])
    assert names == ["first", "second"]


def test_a_higher_priority_preempts_and_the_preempted_job_comes_back(on: Cluster) -> None:
    on.submit("low", priority="low")
    on.wait_for("low", phase="Running")
    on.submit("high", priority="high", gpus=48)
    on.wait_for("high", phase="Running")
    assert on.wait_for("low", phase="Queued")["restarts"][-1]["cause"] == "Preempted"
    on("delete", "trainingjob", "high", "-n=team-a")
    on.wait_for("low", phase="Running")


def test_a_job_larger_than_its_queue_is_told_so(on: Cluster) -> None:
    on.submit("huge", gpus=72)
    status = on.wait_for("huge", phase="Pending")
    accepted = next(each for each in status["conditions"] if each["type"] == "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", "TooLarge")
    assert "at most 64" in accepted["message"]


def test_a_job_whose_ranks_end_well_succeeds_and_is_deleted_after_its_time_to_live(on: Cluster) -> None:
    on.submit("llm", gpus=16)
    on.wait_for("llm", phase="Running")
    for pod in on.get("pods", "-n=team-a", "-l=rackwright.dev/job=llm")["items"]:
        on("annotate", "pod", pod["metadata"]["name"], "-n=team-a", f"{FINISHED_ANNOTATION}=true")
    on.wait_for("llm", phase="Succeeded")
    on.change("llm", ttlSecondsAfterFinished=1)
    on.wait("--for=delete", "trainingjob/llm", "-n=team-a")


def test_a_deleted_job_takes_everything_with_it_though_the_operator_is_dead(on: Cluster) -> None:
    on.submit("llm")
    on.wait_for("llm", phase="Running")
    on("scale", "deployment", "--all", "--replicas=0", f"-n={NAMESPACE}")
    try:
        on.wait("--for=delete", "pods", "--all", f"-n={NAMESPACE}")
        on("delete", "trainingjob", "llm", "-n=team-a", TIMEOUT)
        on.wait("--for=delete", "jobset/llm", "-n=team-a")
        on.wait("--for=delete", "pods", "-l=rackwright.dev/job=llm", "-n=team-a")
    finally:
        on("scale", "deployment", "--all", "--replicas=1", f"-n={NAMESPACE}")
