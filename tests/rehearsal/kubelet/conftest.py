"""A simulated host to put pods on, and the two controllers from their own charts."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rehearsal.control_plane.components import KWOK_ANNOTATION, KWOK_PLAYED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal.control_plane import ControlPlane

TIMEOUT = "--timeout=90s"
"""How long `kubectl wait` watches for what comes within seconds on an idle machine."""

HOST = "process-host"

BLOCK = "process-block"
"""The host's network block. Kueue 0.15.0 mixes up a block and a host of one name and finds no domain at all."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl as the platform engineer."""

    control_plane: ControlPlane

    def run(
        self, *arguments: str, text: str | None = None, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it, whatever its exit code."""
        program = str(self.control_plane.toolbox.program("kubectl"))
        command = [program, f"--kubeconfig={kubeconfig or self.control_plane.kubeconfig()}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, input=text)

    def __call__(self, *arguments: str, text: str | None = None, kubeconfig: Path | None = None) -> str:
        """What it prints; a failure fails the test with its message."""
        done = self.run(*arguments, text=text, kubeconfig=kubeconfig)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects."""
        self("apply", "--server-side", "--filename=-", text=yaml.safe_dump_all(objects))

    def wait(self, *arguments: str) -> None:
        """Wait for a condition, watching; a failure shows the pods and what the kubelet said."""
        done = self.run("wait", TIMEOUT, *arguments)
        if done.returncode:
            pods = self("get", "pods", "--all-namespaces", "--output=wide")
            log = self.control_plane.state.log("kubelet").read_text(encoding="utf-8").splitlines()[-20:]
            workloads = self.run("get", "workloads", "--all-namespaces", "--output=yaml").stdout
            pytest.fail("\n".join([done.stderr, pods, workloads, *log]))

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list of them."""
        document: dict[str, Any] = json.loads(self("get", "--output=json", *arguments))
        return document


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane) -> Iterator[Kubectl]:
    """Kubectl on a control plane with one host that KWOK plays."""
    run = Kubectl(control_plane)
    capacity = {"cpu": "32", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": "8"}
    run.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": HOST,
                "labels": {"kubernetes.io/hostname": HOST, "rehearsal.test/block": BLOCK},
                "annotations": {KWOK_ANNOTATION: KWOK_PLAYED},
            },
        }
    )
    # The node's status is a subresource, which apply to the node itself leaves out.
    addresses = [{"type": "InternalIP", "address": "10.0.1.5"}]
    patch = json.dumps({"status": {"addresses": addresses, "capacity": capacity, "allocatable": capacity}})
    run("patch", "node", HOST, "--subresource=status", "--type=merge", f"--patch={patch}")
    run.wait("--for=condition=Ready", f"node/{HOST}")
    yield run
    run("delete", "node", HOST, "--ignore-not-found")


@pytest.fixture(scope="module")
def controllers(kubectl: Kubectl) -> Iterator[Kubectl]:
    """Kueue and JobSet, installed from their charts, taken away again afterwards."""
    rendered = {  # JobSet first: Kueue looks after the kinds of jobs that it finds when it starts
        "jobset": _chart(kubectl, "jobset", "image", "registry.k8s.io/jobset/jobset"),
        "kueue": _chart(kubectl, "kueue", "controllerManager.manager.image", "registry.k8s.io/kueue/kueue"),
    }
    for name, text in rendered.items():
        kubectl("create", "namespace", f"{name}-system")
        kubectl("apply", "--server-side", "--filename=-", text=text)
    for name in rendered:
        kubectl.wait("--for=condition=Available", "deployment", "--all", f"--namespace={name}-system")
    yield kubectl
    for name, text in rendered.items():
        kubectl.run("delete", "--ignore-not-found", TIMEOUT, "--filename=-", text=text)
        kubectl.run("delete", "namespace", f"{name}-system", TIMEOUT)


def _chart(kubectl: Kubectl, name: str, image: str, repository: str) -> str:
    """A chart rendered by Helm with its published image."""
    toolbox = kubectl.control_plane.toolbox
    command = [
        str(toolbox.program("helm")),
        "template",
        name,
        str(toolbox.asset(f"{name}-chart")),
        f"--namespace={name}-system",
        "--include-crds",
        f"--set={image}.repository={repository}",
        f"--set={image}.tag={toolbox.version(name)}",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
