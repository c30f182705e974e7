"""Services as a node's proxy sees them: each cluster IP and port, and the local ports that serve it.

The endpoint slices, which Kubernetes' own controller keeps, say which pods are ready and resolve a service's target
ports; the running containers say which local port stands for a pod's port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rehearsal.api_server import Object
from rehearsal.egress.routes import Route

PodPorts = dict[tuple[str, int], int]
"""Pod IP and container port to local port."""

SLICE_SELECTOR = "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name"
"""What kube-proxy watches: headless services, such as a training job's with a thousand pods, have no address."""

SERVICE_NAME = "kubernetes.io/service-name"


def routes(services: Iterable[Object], slices: Iterable[Object], pod_ports: PodPorts) -> dict[str, Route]:
    """The table for the egress proxy."""
    by_service: dict[tuple[str, str], list[Object]] = {}
    for endpoint_slice in slices:
        metadata = endpoint_slice["metadata"]
        key = (metadata["namespace"], metadata.get("labels", {}).get(SERVICE_NAME, ""))
        by_service.setdefault(key, []).append(endpoint_slice)
    table = dict(_pod_routes(pod_ports))
    for service in services:
        table.update(_service_routes(service, by_service, pod_ports))
    return table


def _pod_routes(pod_ports: PodPorts) -> Iterator[tuple[str, Route]]:
    for (address, port), local in pod_ports.items():
        yield f"{address}:{port}", Route(description=f"pod {address} port {port}", local_ports=(local,))


def _service_routes(
    service: Object, slices: Mapping[tuple[str, str], list[Object]], pod_ports: PodPorts
) -> Iterator[tuple[str, Route]]:
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    addresses = [address for address in service["spec"].get("clusterIPs", []) if address not in ("None", "")]
    for port in service["spec"].get("ports", []):
        local = sorted(set(_local_ports(port.get("name", ""), slices.get((namespace, name), []), pod_ports)))
        route = Route(description=f"service {namespace}/{name} port {port['port']}", local_ports=tuple(local))
        for host in (*addresses, f"{name}.{namespace}.svc"):
            yield f"[{host}]:{port['port']}" if ":" in host else f"{host}:{port['port']}", route


def _local_ports(port_name: str, slices: Iterable[Object], pod_ports: PodPorts) -> Iterator[int]:
    for endpoint_slice in slices:
        numbers = [port["port"] for port in endpoint_slice.get("ports") or [] if (port.get("name") or "") == port_name]
        ready = [
            each for each in endpoint_slice.get("endpoints") or [] if each.get("conditions", {}).get("ready", True)
        ]
        for endpoint in ready:
            for address in endpoint["addresses"]:
                for number in numbers:
                    if (address, number) in pod_ports:
                        yield pod_ports[address, number]
