"""A service's cluster IP leads to the local ports of its ready pods."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.kubelet.services import routes

pytestmark = pytest.mark.pure

SERVICE: dict[str, Any] = {
    "metadata": {"name": "hook", "namespace": "prod"},
    "spec": {"clusterIPs": ["10.96.0.9"], "ports": [{"port": 443, "name": "https"}, {"port": 80, "name": "plain"}]},
}
PODS = {("198.18.0.1", 9443): 40001, ("198.18.0.2", 9443): 40002, ("198.18.0.2", 8443): 40003}


def endpoint_slice(*, ready: bool = True, namespace: str = "prod") -> dict[str, Any]:
    """A slice of the service with both pods, the second one ready or not."""
    return {
        "metadata": {"namespace": namespace, "labels": {"kubernetes.io/service-name": "hook"}},
        "ports": [{"name": "https", "port": 9443}],
        "endpoints": [
            {"addresses": ["198.18.0.1"], "conditions": {"ready": True}},
            {"addresses": ["198.18.0.2"], "conditions": {"ready": ready}},
        ],
    }


def test_by_address_and_by_name() -> None:
    table = routes([SERVICE], [endpoint_slice()], PODS)
    assert table["10.96.0.9:443"].local_ports == (40001, 40002)
    assert table["hook.prod.svc:443"] == table["10.96.0.9:443"]


def test_pods_that_are_not_ready_do_not_serve() -> None:
    assert routes([SERVICE], [endpoint_slice(ready=False)], PODS)["10.96.0.9:443"].local_ports == (40001,)


def test_a_port_that_no_pod_serves_is_known_and_empty() -> None:
    route = routes([SERVICE], [endpoint_slice()], PODS)["10.96.0.9:80"]
    assert (route.description, route.local_ports) == ("service prod/hook port 80", ())


def test_a_namesake_in_another_namespace_does_not_serve() -> None:
    assert routes([SERVICE], [endpoint_slice(namespace="other")], PODS)["10.96.0.9:443"].local_ports == ()


def test_pods_are_reached_directly_too() -> None:
    assert routes([], [], PODS)["198.18.0.2:8443"].local_ports == (40003,)


def test_a_headless_service_has_no_address() -> None:
    headless = {**SERVICE, "spec": {**SERVICE["spec"], "clusterIPs": ["None"]}}
    assert "None:443" not in routes([headless], [], {})
