"""Hosts join the real API server, and leave it with their pods."""

# ruff: noqa: ANN401  # in the client's models everything may be absent, which is of no use to tests

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from rehearsal.cloud.errors import OracleError
from rehearsal.cloud.fleet import Fleet
from rehearsal.control_plane import ControlPlane

pytestmark = pytest.mark.control_plane


def bare_node(name: str, provider_id: str) -> dict[str, Any]:
    """A node that KWOK leaves alone, with nothing but what the fleet looks at."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {"providerID": provider_id},
        "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Test", "message": ""}]},
    }


@pytest.fixture
def fleet(control_plane: ControlPlane) -> Fleet:
    return Fleet(control_plane.kubeconfig("fleet"))


@pytest.fixture
def api(control_plane: ControlPlane) -> Any:
    path = str(control_plane.kubeconfig("admin"))
    return client.CoreV1Api(config.new_client_from_config(path))  # type: ignore[no-untyped-call]  # not annotated


def present(
    api: Any,
    names: list[str],
) -> set[str]:
    return {node.metadata.name for node in api.list_node().items} & set(names)


def test_hosts_join_with_their_status_and_leave_with_their_pods(fleet: Fleet, api: Any) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"fleet-{mark}-{index}" for index in range(70)]
    fleet.join([bare_node(name, f"id-{name}") for name in names])
    try:
        assert present(api, names) == set(names)
        conditions = {each.type: each.status for each in api.read_node(names[0]).status.conditions}
        assert conditions["Ready"] == "True"
        pod: dict[str, Any] = {
            "metadata": {"name": f"fleet-{mark}", "finalizers": []},
            "spec": {
                "nodeName": names[0],
                "automountServiceAccountToken": False,
                "containers": [{"name": "c", "image": "none"}],
            },
        }
        namespace = api.create_namespace({"metadata": {"name": f"fleet-{mark}"}}).metadata.name
        api.create_namespaced_service_account(namespace, {"metadata": {"name": "runs"}})
        api.create_namespaced_pod(namespace, {**pod, "spec": {**pod["spec"], "serviceAccountName": "runs"}})
    finally:
        fleet.leave(names)
    assert present(api, names) == set()
    assert api.list_namespaced_pod(f"fleet-{mark}").items == []
    api.delete_namespace(f"fleet-{mark}")


def test_joining_and_leaving_twice_is_fine_but_a_name_belongs_to_one_host(fleet: Fleet, api: Any) -> None:
    name = f"fleet-{uuid.uuid4().hex[:8]}"
    fleet.join([bare_node(name, "one")])
    try:
        fleet.join([bare_node(name, "one")])
        with pytest.raises(
            OracleError, match=rf"409-Conflict, the node {name} is there already, of another host \(one\)"
        ):
            fleet.join([bare_node(name, "other")])
    finally:
        fleet.leave([name])
    fleet.leave([name])
    assert present(api, [name]) == set()


def test_without_a_control_plane_hosts_cannot_join(tmp_path: Path) -> None:
    with pytest.raises(OracleError, match="there is no cluster for hosts to join"):
        Fleet(tmp_path / "fleet.yaml").join([bare_node("a", "b")])
