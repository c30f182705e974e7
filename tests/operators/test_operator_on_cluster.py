"""The operator's own Deployment with real Kueue and JobSet, on a control plane of its own; KWOK simulates hosts."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rackwright.rendering import operator_objects
from rackwright.rendering.platform import jobset_values, kueue_values
from rackwright.rendering.scheduling import scheduling_objects
from rackwright.specs.crd import training_job_crd
from rehearsal import processes, state
from rehearsal.control_plane import ControlPlane
from rehearsal.control_plane.components import KWOK_ANNOTATION, KWOK_PLAYED
from rehearsal.control_plane.stages import FINISHED_ANNOTATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rackwright.specs import ClusterSpec
    from rehearsal.tools import Toolbox

pytestmark = pytest.mark.control_plane

TIMEOUT = "--timeout=90s"
"""How long `kubectl wait` watches for what comes within seconds on an idle machine."""


@dataclass(frozen=True)
class Cluster:
    """kubectl on the small cluster."""

    plane: ControlPlane

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        """Run kubectl; a failure fails the test with its message, and the operator's last words."""
        program = str(self.plane.toolbox.program("kubectl"))
        command = [program, f"--kubeconfig={self.plane.kubeconfig()}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, input=text)
        if done.returncode:
            logs = [
                line
                for log in sorted((self.plane.state.root / "logs").glob("rackwright-system-*"))
                for line in log.read_text(encoding="utf-8").splitlines()[-20:]
            ]
            pytest.fail("\n".join([" ".join(arguments), done.stderr, *logs]))
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects, server-side."""
        self("apply", "--server-side", "--force-conflicts", "--filename=-", text=yaml.safe_dump_all(objects))

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list of them."""
        document: dict[str, Any] = json.loads(self("get", "--output=json", *arguments))
        return document

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
            condition = f"--for=jsonpath={{.status.{field}}}={value}"
            self("wait", condition, TIMEOUT, f"trainingjob/{name}", "-n=team-a")
        job: dict[str, Any] = self.get("trainingjob", name, "-n=team-a")["status"]
        return job


@pytest.fixture(scope="module")
def on(toolbox: Toolbox, cluster_spec: ClusterSpec) -> Iterator[Cluster]:
    """The small cluster, whole and with the operator running."""
    with tempfile.TemporaryDirectory(prefix="rackwright-") as parent:
        directory = state.create(Path(parent))
        with directory.owned():
            try:
                run = Cluster(ControlPlane.start(directory, toolbox))
                add_hosts(run, cluster_spec)
                install(run, cluster_spec)
                yield run
            finally:
                processes.stop_marked(directory.id)


def add_hosts(run: Cluster, cluster_spec: ClusterSpec) -> None:
    """The pools' hosts, in blocks of five."""
    gpu = cluster_spec.gpu_pool
    offered = {
        "cpu": str(gpu.allocatable.cpu),
        "memory": f"{gpu.allocatable.memory_gib}Gi",
        "nvidia.com/gpu": str(gpu.gpus_per_host),
        "nvidia.com/rdma-vf": str(gpu.allocatable.rdma_interfaces),
        "pods": "31",
    }
    for index in range(gpu.hosts):
        labels = {"rackwright.dev/pool": gpu.name, "example.com/block": f"b{index // 5}"}
        add_host(run, f"h{index}", labels, offered)
    add_host(run, "system", {"rackwright.dev/pool": "system"}, {"cpu": "32", "memory": "64Gi", "pods": "110"})


def add_host(run: Cluster, name: str, labels: dict[str, str], offered: dict[str, str]) -> None:
    """One host that KWOK plays."""
    taints = (
        [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}] if "nvidia.com/gpu" in offered else []
    )
    run.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, **labels},
                "annotations": {KWOK_ANNOTATION: KWOK_PLAYED},
            },
            "spec": {"taints": taints},
        }
    )
    patch = json.dumps({"status": {"capacity": offered, "allocatable": offered}})
    run("patch", "node", name, "--subresource=status", "--type=merge", f"--patch={patch}")
    run("wait", "--for=condition=Ready", TIMEOUT, f"node/{name}")


def install(run: Cluster, cluster_spec: ClusterSpec) -> None:
    """Kueue and JobSet from their charts, with the values that the stack gives them; then queues and operator."""
    toolbox = run.plane.toolbox
    for name, values in (("kueue", kueue_values(cluster_spec)), ("jobset", jobset_values(cluster_spec))):
        chart = str(toolbox.asset(f"{name}-chart"))
        command = [str(toolbox.program("helm")), "template", name, chart, f"--namespace={name}-system"]
        rendered = subprocess.run(
            [*command, "--include-crds", "--values=-"],
            input=yaml.safe_dump(values), capture_output=True, text=True, check=True,
        )  # fmt: skip
        run("create", "namespace", f"{name}-system")
        run("apply", "--server-side", "--filename=-", text=rendered.stdout)
    for name in ("kueue", "jobset"):
        run("wait", "--for=condition=Available", TIMEOUT, "deployment", "--all", f"--namespace={name}-system")
    run.apply(*scheduling_objects(cluster_spec))
    run.apply(training_job_crd())
    run("wait", "--for=condition=Established", TIMEOUT, "crd/trainingjobs.rackwright.dev")
    run.apply(*operator_objects(cluster_spec))
    run("wait", "--for=condition=Available", TIMEOUT, "deployment", "--all", "--namespace=rackwright-system")


@pytest.fixture(autouse=True)
def _no_jobs_left(on: Cluster) -> Iterator[None]:
    yield
    on("delete", "trainingjobs", "--all", "--all-namespaces", "--wait=true", TIMEOUT)
    on("wait", "--for=delete", "jobsets", "--all", "-n=team-a", TIMEOUT)


def kill_operator(on: Cluster) -> None:
    """SIGKILL to the operator's process; the process kubelet starts it again."""
    (operator,) = [process for process in processes.marked(on.plane.state.id) if "operators" in process.cmdline()]
    operator.send_signal(signal.SIGKILL)


def silence(on: Cluster, host: str) -> None:
    """Let a host fall silent, as the controller-manager sees it after the grace period."""
    on("annotate", "node", host, f"{KWOK_ANNOTATION}=silent", "--overwrite")
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
        on("annotate", "node", before[1], f"{KWOK_ANNOTATION}={KWOK_PLAYED}", "--overwrite")
    (restart,) = status["restarts"]
    assert (restart["cause"], restart["host"]) == ("HostFailed", before[1])
    assert before[1] not in status["hosts"]
    assert restart["recoveredAt"] > restart["at"]
    on("wait", "--for=condition=Ready", TIMEOUT, f"node/{before[1]}")


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
    on("wait", "--for=delete", TIMEOUT, "jobset/llm", "-n=team-a")
    on.change("llm", suspend=False, gpus=16)
    status = on.wait_for("llm", hostCount=2, phase="Running")
    assert status.get("restartCount", 0) == 0


def test_killed_in_the_middle_of_a_submit_the_operator_comes_back_to_one_jobset(on: Cluster) -> None:
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
    on("wait", "--for=delete", TIMEOUT, "trainingjob/llm", "-n=team-a")


def test_a_deleted_job_takes_everything_with_it_though_the_operator_is_dead(on: Cluster) -> None:
    on.submit("llm")
    on.wait_for("llm", phase="Running")
    on("scale", "deployment", "--all", "--replicas=0", "-n=rackwright-system")
    try:
        on("wait", "--for=delete", "pods", "--all", "-n=rackwright-system", TIMEOUT)
        on("delete", "trainingjob", "llm", "-n=team-a", TIMEOUT)
        on("wait", "--for=delete", "jobset/llm", "-n=team-a", TIMEOUT)
        on("wait", "--for=delete", "pods", "-l=rackwright.dev/job=llm", "-n=team-a", TIMEOUT)
    finally:
        on("scale", "deployment", "--all", "--replicas=1", "-n=rackwright-system")
        on("wait", "--for=condition=Available", TIMEOUT, "deployment", "--all", "--namespace=rackwright-system")
