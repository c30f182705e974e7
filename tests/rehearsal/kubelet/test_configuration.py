"""A controller's configuration changes in its listeners, certificate directory and namespace alone."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.kubelet.addresses import LocalPorts
from rehearsal.kubelet.configuration import adapted, without_gates
from rehearsal.kubelet.errors import ContainerError
from rehearsal.kubelet.paths import Mount
from rehearsal.kubelet.programs import JOBSET, KUEUE, ControllerConfiguration

pytestmark = pytest.mark.pure

MOUNTS = [Mount(path="/tmp/k8s-webhook-server/serving-certs", local=Path("/state/cert"))]  # noqa: S108  # a pod's path


def moved(text: str, program: ControllerConfiguration | None) -> dict[str, Any]:
    """The moved configuration, with local ports from 40001 on."""
    assert program is not None
    numbers = count(40001)
    ports = LocalPorts(allocate=lambda: next(numbers))
    document: dict[str, Any] = yaml.safe_load(
        adapted(text, program=program, ports=ports, mounts=MOUNTS, namespace="kueue-system")
    )
    return document


def test_declared_listeners_move_and_all_else_stays() -> None:
    declared = """
        health: {healthProbeBindAddress: ":9001", readinessEndpointName: ready}
        metrics: {bindAddress: ":9002"}
        pprofBindAddress: ":9004"
        webhook: {port: 9003}
        leaderElection: {leaderElect: true}
        waitForPodsReady: {timeout: 15m}
        """
    assert moved(declared, KUEUE.configuration) == {
        "health": {"healthProbeBindAddress": "127.0.0.1:40001", "readinessEndpointName": "ready"},
        "metrics": {"bindAddress": "127.0.0.1:40002"},
        "pprofBindAddress": "127.0.0.1:40003",
        "webhook": {"port": 40004, "host": "127.0.0.1", "certDir": "/state/cert"},
        "leaderElection": {"leaderElect": True, "resourceNamespace": "kueue-system"},
        "waitForPodsReady": {"timeout": "15m"},
        "namespace": "kueue-system",
    }


def test_where_the_file_is_silent_the_programs_defaults_move() -> None:
    found = moved("kind: Configuration", JOBSET.configuration)
    assert found == {
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": "127.0.0.1:40001"},
        "metrics": {"bindAddress": "127.0.0.1:40002"},
        "webhook": {"port": 40003, "host": "127.0.0.1", "certDir": "/state/cert"},
        "leaderElection": {"resourceNamespace": "kueue-system"},
    }


def test_metrics_that_are_off_stay_off() -> None:
    assert moved('metrics: {bindAddress: "0"}', KUEUE.configuration)["metrics"] == {"bindAddress": "0"}


@pytest.mark.parametrize("text", ["- a", "a: [", "health: 3"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(ContainerError, match="configuration"):
        moved(text, KUEUE.configuration)


def test_a_gate_is_turned_off_where_the_others_are() -> None:
    assert KUEUE.configuration is not None
    arguments, text = without_gates(
        ["--feature-gates=A=true,VisibilityOnDemand=true"], "{}", program=KUEUE.configuration
    )
    assert arguments == ["--feature-gates=A=true,VisibilityOnDemand=false"]
    assert text == "{}"
    arguments, text = without_gates(["--v=2"], "featureGates: {A: true}", program=KUEUE.configuration)
    assert arguments == ["--v=2"]
    assert yaml.safe_load(text) == {"featureGates": {"A": True, "VisibilityOnDemand": False}}
