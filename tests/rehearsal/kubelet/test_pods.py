"""Pods of known images become processes, on the real control plane."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from rehearsal import processes
from rehearsal.kubelet.launching import POD_UID
from tests.kubectl import Kubectl

pytestmark = pytest.mark.control_plane

NAMESPACE = "process-pods"
SERVER = (
    "import http.server, os\n"
    "print(os.environ['GREETING'], '$(POD)', open('/etc/keys/phrase').read(), flush=True)\n"
    "host, port = os.environ['LISTEN'].split(':')\n"
    "http.server.HTTPServer((host, int(port)), http.server.SimpleHTTPRequestHandler).serve_forever()\n"
)


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace, deleted with all that is in it."""
    kubectl("create", "namespace", NAMESPACE)
    kubectl.apply(_config_map("greetings", GREETING="hello"), _secret("keys", phrase="first"))
    yield NAMESPACE
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def _config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}, "data": data}


def _secret(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "stringData": data,
    }


def _pod(name: str, *, volumes: list[dict[str, Any]] | None = None, **container: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a container
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "terminationGracePeriodSeconds": 5,
            "volumes": volumes or [],
            "containers": [{"name": "main", "image": "ghcr.io/rackwright/operator:test", **container}],
        },
    }


def _processes_of(kubectl: Kubectl, uid: str) -> list[psutil.Process]:
    rehearsal = kubectl.control_plane.state.id
    return [process for process in processes.marked(rehearsal) if process.environ().get(POD_UID) == uid]


def _state(kubectl: Kubectl, name: str) -> dict[str, Any]:
    container: dict[str, Any] = kubectl.get("pod", name, f"--namespace={NAMESPACE}")["status"]["containerStatuses"][0]
    return container


def _wait_for(kubectl: Kubectl, name: str, path: str, value: str) -> None:
    kubectl.wait(f"--for=jsonpath={{.status.{path}}}={value}", f"pod/{name}", f"--namespace={NAMESPACE}")


def test_a_pod_runs_as_declared_and_ends_when_deleted(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(
        _pod(
            "server",
            command=["python", "-c", SERVER],
            env=[
                {"name": "LISTEN", "value": ":8080"},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            envFrom=[{"configMapRef": {"name": "greetings"}}],
            ports=[{"name": "http", "containerPort": 8080}],
            readinessProbe={"httpGet": {"port": "http", "path": "/"}, "periodSeconds": 1},
            volumeMounts=[{"name": "keys", "mountPath": "/etc/keys"}],
            volumes=[{"name": "keys", "secret": {"secretName": "keys"}}],
        )
    )
    kubectl.wait("--for=condition=Ready", "pod/server", f"--namespace={namespace}")
    pod = kubectl.get("pod", "server", f"--namespace={namespace}")
    log = kubectl.control_plane.state.log(f"{namespace}-server-main").read_text(encoding="utf-8")
    assert log.startswith("hello server first")
    (process,) = _processes_of(kubectl, pod["metadata"]["uid"])
    listening = {connection.laddr.ip for connection in process.net_connections(kind="inet")}
    assert listening == {"127.0.0.1"}
    kubectl("delete", "pod", "server", f"--namespace={namespace}")
    assert not process.is_running()


def test_a_crashing_pod_is_restarted_with_back_off(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(_pod("crashing", command=["python", "-c", "raise SystemExit(3)"]))
    _wait_for(kubectl, "crashing", "containerStatuses[0].state.waiting.reason", "CrashLoopBackOff")
    state = _state(kubectl, "crashing")
    assert state["restartCount"] == 1
    assert state["lastState"]["terminated"]["exitCode"] == 3
    kubectl("delete", "pod", "crashing", f"--namespace={namespace}")


def test_a_failed_liveness_probe_restarts(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(
        _pod(
            "hanging",
            command=["python", "-c", "import signal; signal.pause()"],
            livenessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1},
        )
    )
    _wait_for(kubectl, "hanging", "containerStatuses[0].restartCount", "1")
    kubectl("delete", "pod", "hanging", f"--namespace={namespace}")


def test_a_pod_waits_for_what_it_refers_to(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(
        _pod(
            "waiting",
            command=["python", "-c", "import signal; signal.pause()"],
            envFrom=[{"configMapRef": {"name": "later"}}],
        )
    )
    _wait_for(kubectl, "waiting", "containerStatuses[0].state.waiting.reason", "CreateContainerConfigError")
    assert "ConfigMap 'later' is not there" in _state(kubectl, "waiting")["state"]["waiting"]["message"]
    kubectl.apply(_config_map("later", A="1"))
    kubectl.wait("--for=condition=Ready", "pod/waiting", f"--namespace={namespace}")
    kubectl("delete", "pod", "waiting", f"--namespace={namespace}")


def test_a_changed_secret_reaches_the_volume(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(_secret("changing", phrase="old"))
    kubectl.apply(
        _pod(
            "reading",
            command=["python", "-c", "import signal; signal.pause()"],
            readinessProbe={"exec": {"command": ["grep", "new", "/etc/keys/phrase"]}, "periodSeconds": 1},
            volumeMounts=[{"name": "keys", "mountPath": "/etc/keys"}],
            volumes=[{"name": "keys", "secret": {"secretName": "changing"}}],
        )
    )
    _wait_for(kubectl, "reading", "phase", "Running")
    kubectl.apply(_secret("changing", phrase="new"))
    kubectl.wait("--for=condition=Ready", "pod/reading", f"--namespace={namespace}")
    kubectl("delete", "pod", "reading", f"--namespace={namespace}")


def test_a_strange_command_is_refused_by_name(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(_pod("strange", command=["sh", "-c", "true"]))
    _wait_for(kubectl, "strange", "containerStatuses[0].state.waiting.reason", "CreateContainerError")
    assert "not 'sh'" in _state(kubectl, "strange")["state"]["waiting"]["message"]
    events = json.loads(
        kubectl(
            "get", "events", f"--namespace={namespace}", "--field-selector=involvedObject.name=strange", "--output=json"
        )
    )
    assert "Failed" in {event["reason"] for event in events["items"]}
    kubectl("delete", "pod", "strange", f"--namespace={namespace}")
