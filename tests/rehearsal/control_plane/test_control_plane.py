"""The control plane is real, closed to the outside and to strangers, and each user may do its own work alone."""

from __future__ import annotations

import ssl
import stat
import subprocess
import urllib.error
import urllib.request

import psutil
import pytest

from rehearsal import processes
from rehearsal.control_plane import ControlPlane

pytestmark = pytest.mark.control_plane


def kubectl(control_plane: ControlPlane, *arguments: str, identity: str = "admin") -> str:
    """What kubectl prints, whatever its exit code."""
    program = str(control_plane.toolbox.program("kubectl"))
    command = [program, f"--kubeconfig={control_plane.kubeconfig(identity)}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_serves_the_pinned_version(control_plane: ControlPlane) -> None:
    assert f"Server Version: {control_plane.version}" in kubectl(control_plane, "version")


def test_all_its_servers_listen_on_loopback_alone(control_plane: ControlPlane) -> None:
    listening = {
        (process.name(), connection.laddr.ip)
        for process in processes.marked(control_plane.state.id)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {name for name, _ in listening} >= {"kube-apiserver", "etcd", "kube-scheduler", "kwok"}
    assert {address for _, address in listening} == {"127.0.0.1"}


def test_refuses_who_has_no_certificate(control_plane: ControlPlane) -> None:
    context = ssl.create_default_context(cafile=str(control_plane.state.pki / "ca.crt"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{control_plane.server}/version", context=context)  # noqa: S310  # an https URL
    refused.value.close()
    assert refused.value.code == 401


def test_its_certificate_is_not_one_that_the_world_trusts(control_plane: ControlPlane) -> None:
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{control_plane.server}/version")  # noqa: S310  # an https URL


def test_private_keys_are_their_users_alone(control_plane: ControlPlane) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in control_plane.state.pki.glob("*.key")}
    assert modes == {0o600}


def test_kubeconfigs_hold_no_key(control_plane: ControlPlane) -> None:
    text = control_plane.kubeconfig("admin").read_text(encoding="utf-8")
    assert "PRIVATE KEY" not in text
    assert "data" not in text


@pytest.mark.parametrize(
    ("identity", "verb", "resource", "expected"),
    [
        ("admin", "create", "clusterroles.rbac.authorization.k8s.io", "yes"),
        ("fleet", "create", "nodes", "yes"),
        ("fleet", "get", "secrets", "no"),
        ("kwok", "patch", "pods/status", "yes"),
        ("kwok", "create", "pods", "no"),
        ("trainer", "patch", "pods", "yes"),
        ("trainer", "delete", "pods", "no"),
        ("researcher", "list", "pods", "yes"),
        ("researcher", "delete", "nodes", "no"),
        ("faults", "patch", "nodes", "yes"),
        ("faults", "delete", "nodes", "no"),
    ],
)
def test_each_user_has_its_own_rights(
    control_plane: ControlPlane, identity: str, verb: str, resource: str, expected: str
) -> None:
    assert kubectl(control_plane, "auth", "can-i", verb, resource, identity=identity) == expected
