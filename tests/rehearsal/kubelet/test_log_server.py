"""Logs on their real way: API server, egress, the host's kubelet with the host's certificate, file."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from rackwright.specs.kubernetes_names import JOB_LABEL
from rehearsal.control_plane import ControlPlane
from rehearsal.control_plane.identities import KUBELET_CLIENT
from rehearsal.pki import KUBELET_AUTHORITY
from rehearsal.simulated import KUBELET_PORT
from tests.kubectl import Kubectl
from tests.rehearsal.kubelet.conftest import HOST

pytestmark = pytest.mark.control_plane

NAMESPACE = "process-logs"
IN_IT = f"--namespace={NAMESPACE}"
SLEEPER = "import signal; print('first'); print('last', flush=True); signal.pause()"


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl) -> Iterator[None]:
    """A namespace, deleted with all that is in it."""
    kubectl("create", "namespace", NAMESPACE)
    yield
    kubectl("delete", "pods", "--all", IN_IT, "--grace-period=0", "--force")
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def pod(name: str, *, program: str | None = None, labels: dict[str, str] | None = None) -> dict[str, Any]:
    """A pod that runs a Python program as a process, or one that KWOK plays."""
    container: dict[str, Any] = {"name": "main", "image": "example.com/train:1"}
    if program is not None:
        container |= {"image": "ghcr.io/rackwright/operator:test", "command": ["python", "-c", program]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels or {}},
        "spec": {"nodeName": HOST, "terminationGracePeriodSeconds": 0, "containers": [container]},
    }


def address(kubectl: Kubectl) -> str:
    """The host's address."""
    return kubectl("get", "node", HOST, "--output=jsonpath={.status.addresses[?(@.type=='InternalIP')].address}")


def connected(control_plane: ControlPlane, host: str, *, identity: str | None) -> ssl.SSLSocket:
    """A connection to a host's kubelet through the egress proxy, verified as the API server verifies it."""
    pki = control_plane.state.pki
    context = ssl.create_default_context(cafile=str(pki / f"{KUBELET_AUTHORITY}.crt"))
    if identity is not None:
        context.load_cert_chain(pki / f"{identity}.crt", pki / f"{identity}.key")
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(10)
    plain.connect(str(control_plane.state.egress_socket))
    plain.sendall(f"CONNECT {host}:{KUBELET_PORT} HTTP/1.1\r\nHost: kubelet\r\n\r\n".encode())
    assert plain.recv(4096) == b"HTTP/1.1 200 OK\r\n\r\n"
    return context.wrap_socket(plain, server_hostname=host)


def answer(control_plane: ControlPlane, host: str, path: str, *, identity: str | None) -> tuple[int, str]:
    """What a host's kubelet answers to a user."""
    connection = http.client.HTTPConnection(host, KUBELET_PORT)
    connection.sock = connected(control_plane, host, identity=identity)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_processs_log_is_shown(kubectl: Kubectl, namespace: None) -> None:  # noqa: ARG001  # the namespace must be there
    kubectl.apply(pod("talking", program=SLEEPER))
    kubectl.wait("--for=condition=Ready", "pod/talking", IN_IT)
    # A program prints when it has started, which is after the pod is ready: following waits for it.
    following = subprocess.Popen(
        [
            str(kubectl.control_plane.toolbox.program("kubectl")),
            f"--kubeconfig={kubectl.control_plane.kubeconfig()}",
            "logs",
            "--follow",
            "talking",
            IN_IT,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with following:
        assert following.stdout is not None
        assert [following.stdout.readline(), following.stdout.readline()] == ["first\n", "last\n"]
        assert kubectl("logs", "talking", "--tail=1", IN_IT) == "last"
        assert kubectl("logs", "talking", "--limit-bytes=3", IN_IT) == "fir"
        researcher = kubectl.control_plane.kubeconfig("researcher")
        assert kubectl("logs", "talking", IN_IT, kubeconfig=researcher) == "first\nlast"
        refused = kubectl.run("logs", "talking", "--timestamps", IN_IT)
        assert "can't be chosen by timestamps" in refused.stderr
        kubectl("delete", "pod", "talking", IN_IT)
        assert following.stdout.read() == ""
    assert following.returncode == 0


def test_each_run_has_its_own_log(kubectl: Kubectl, namespace: None) -> None:  # noqa: ARG001  # as above
    kubectl.apply(pod("crashing", program="import time; print(time.monotonic_ns()); raise SystemExit(1)"))
    crashed = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff"
    kubectl.wait(crashed, "pod/crashing", IN_IT)
    assert len(kubectl("logs", "crashing", IN_IT).splitlines()) == 1
    assert kubectl("logs", "crashing", "--previous", IN_IT) == kubectl("logs", "crashing", IN_IT)


def test_a_training_pods_log_is_what_the_simulated_trainer_wrote(kubectl: Kubectl, namespace: None) -> None:  # noqa: ARG001  # as above
    kubectl.apply(pod("rank-0", labels={JOB_LABEL: "llama"}))
    kubectl.wait("--for=condition=Ready", "pod/rank-0", IN_IT)
    assert kubectl("logs", "rank-0", IN_IT) == ""
    uid = kubectl.get("pod", "rank-0", IN_IT)["metadata"]["uid"]
    log = kubectl.control_plane.state.simulated_log(uid)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("simulated training\n", encoding="utf-8")
    assert kubectl("logs", "rank-0", IN_IT) == "simulated training"


def test_a_pod_in_which_nothing_runs_is_said_to_be_simulated(kubectl: Kubectl, namespace: None) -> None:  # noqa: ARG001  # as above
    kubectl.apply(pod("played"))
    kubectl.wait("--for=condition=Ready", "pod/played", IN_IT)
    refused = kubectl.run("logs", "played", IN_IT)
    assert refused.returncode
    assert "simulated: nothing runs in it" in refused.stderr
    assert "serve logs alone" in kubectl.run("exec", "played", IN_IT, "--", "true").stderr


def test_a_kubelet_lets_the_api_server_read_and_no_one_without_rights(
    kubectl: Kubectl,
    namespace: None,  # noqa: ARG001  # as above
    control_plane: ControlPlane,
) -> None:
    kubectl.apply(pod("guarded", program=SLEEPER))
    kubectl.wait("--for=condition=Ready", "pod/guarded", IN_IT)
    host, path = address(kubectl), f"/containerLogs/{NAMESPACE}/guarded/main"
    assert answer(control_plane, host, path, identity=KUBELET_CLIENT)[0] == 200
    assert answer(control_plane, host, path, identity="user-fleet") == (
        403,
        "Forbidden (user=rackwright:fleet, verb=get, resource=nodes, subresource(s)=[proxy])",
    )
    with pytest.raises(OSError, match=r"(?i)certificate|reset|closed"):  # the TLS alert, or the end, whichever is first
        answer(control_plane, host, path, identity=None)
    unknown = answer(control_plane, host, f"/containerLogs/{NAMESPACE}/nobody/main", identity=KUBELET_CLIENT)
    assert unknown == (404, 'pod "nobody" does not exist')
    # Another host's kubelet has a certificate of its own, and doesn't have the pod.
    assert answer(control_plane, "10.9.9.9", path, identity=KUBELET_CLIENT)[0] == 404
