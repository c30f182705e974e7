"""kubectl on the tests' control plane, and simulated hosts for what is put there."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.control_plane import ControlPlane
from rehearsal.simulated import HOST_ANNOTATION, PLAYED

TIMEOUT = "--timeout=180s"
"""How long `kubectl wait` watches for what comes within seconds on an idle machine."""

LAST_LOG_LINES = 20
"""Lines of each controller's log that a failure shows."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host that KWOK plays."""

    name: str
    labels: dict[str, str]
    offered: dict[str, str]
    """Its capacity, all of it allocatable."""
    address: str = "10.0.1.5"
    taints: tuple[dict[str, str], ...] = ()

    def node(self) -> dict[str, Any]:
        """The Node without its status."""
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "labels": {"kubernetes.io/hostname": self.name, **self.labels},
                "annotations": {HOST_ANNOTATION: PLAYED},
            },
            "spec": {"taints": list(self.taints)},
        }

    def status(self) -> dict[str, Any]:
        """The Node with nothing but what a kubelet would report of it."""
        addresses = [{"type": "InternalIP", "address": self.address}]
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name},
            "status": {"addresses": addresses, "capacity": self.offered, "allocatable": self.offered},
        }


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
        if done.returncode:
            pytest.fail(f"kubectl {' '.join(arguments)}\n{done.stderr}")
        return done.stdout.strip()

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects, server-side."""
        self("apply", "--server-side", "--force-conflicts", "--filename=-", text=yaml.safe_dump_all(objects))

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list of them."""
        document: dict[str, Any] = json.loads(self("get", "--output=json", *arguments))
        return document

    def wait(self, *arguments: str) -> None:
        """Wait for a condition, watching; a failure shows what is there and the controllers' last words."""
        done = self.run("wait", TIMEOUT, *arguments)
        if done.returncode:
            pytest.fail("\n".join([f"kubectl wait {' '.join(arguments)}", done.stderr, self._clues()]))

    def wait_for_deployments(self, namespace: str) -> None:
        """Wait until all Deployments of a namespace are available."""
        self.wait("--for=condition=Available", "deployment", "--all", f"--namespace={namespace}")

    def add_hosts(self, *hosts: Host) -> None:
        """Let hosts join, and wait until they are ready."""
        self.apply(*(host.node() for host in hosts))
        # Status is a subresource, which apply to the node itself leaves out.
        self(
            "apply", "--server-side", "--force-conflicts", "--subresource=status", "--filename=-",
            text=yaml.safe_dump_all(host.status() for host in hosts),
        )  # fmt: skip
        self.wait("--for=condition=Ready", *(f"node/{host.name}" for host in hosts))

    def _clues(self) -> str:
        shown = [self.run("get", "pods,nodes", "--all-namespaces", "--output=wide").stdout]
        shown += [self.run("get", "workloads", "--all-namespaces", "--output=yaml").stdout]
        logs = self.control_plane.state.root / "logs"
        for log in [logs / "kubelet.log", *sorted(logs.glob("*-system-*.log"))]:
            shown += [f"{log.name}:", *log.read_text(encoding="utf-8").splitlines()[-LAST_LOG_LINES:]]
        return "\n".join(shown)
