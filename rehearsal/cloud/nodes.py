"""The Kubernetes node of a simulated host, as OKE and kubelet register it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from rackwright.specs.kubernetes_names import GPU_RESOURCE, HOSTNAME_LABEL, RDMA_RESOURCE
from rehearsal.cloud.layout import label_value, topology
from rehearsal.cloud.pools import Pool
from rehearsal.cloud.regions import Region
from rehearsal.cloud.shapes import STORAGE_RESERVE
from rehearsal.cloud.state import Host
from rehearsal.simulated import HOST_ANNOTATION, KUBELET_PORT, PLAYED

FAULT_DOMAINS = 3
"""In each availability domain (docs.oracle.com, "Fault Domains")."""


HEALTHY = (
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("NetworkUnavailable", "False", "RouteCreated", "the network is there"),
)
"""Kubelet's conditions on a healthy node: type, status, reason, message."""


def node(host: Host, pool: Pool, *, region: Region, seed: str, kubernetes_version: str) -> dict[str, Any]:
    """The node object; raises nothing, as the pool was checked before."""
    place = topology_labels(host, pool, region=region, seed=seed)
    unplaced = pool.boot.unplaced_taints if pool.boot.topology and place is None else ()
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": host.address,
            "labels": {**own_labels(host, pool, region, kubernetes_version), **pool.boot.labels, **(place or {})},
            "annotations": {HOST_ANNOTATION: PLAYED},
        },
        "spec": {"providerID": host.id, "taints": [*pool.boot.taints, *unplaced]},
        "status": _status(host, pool, kubernetes_version),
    }


def own_labels(host: Host, pool: Pool, region: Region, kubernetes_version: str) -> dict[str, str]:
    """The labels that kubelet and OKE put on every node."""
    return {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        HOSTNAME_LABEL: host.address,
        "node.kubernetes.io/instance-type": host.shape,
        "topology.kubernetes.io/region": region.key,
        "topology.kubernetes.io/zone": host.availability_domain.partition(":")[2],
        "oci.oraclecloud.com/fault-domain": f"FAULT-DOMAIN-{host.number % FAULT_DOMAINS + 1}",
        "hostname": hostname(host, pool),
        "displayName": hostname(host, pool),
        "internal_addr": host.address,
        "node.info/kubeletVersion": kubernetes_version,
        "node-role.kubernetes.io/node": "",
    }


def topology_labels(host: Host, pool: Pool, *, region: Region, seed: str) -> dict[str, str] | None:
    """The labels of the host's place on the fabric; None when its metadata doesn't have all that are asked for."""
    if host.position is None:
        return None
    domains = topology(host.position, region=region, availability_domain=host.availability_domain, seed=seed)
    asked = pool.boot.topology
    if not asked.keys() <= domains.keys():
        return None
    return {label: label_value(domains[key]) for key, label in asked.items()}


def hostname(host: Host, pool: Pool) -> str:
    """The host's own name, unlike its node's, which is its address."""
    return f"inst-{host.id[-5:]}-{pool.name}"[:63].rstrip("-_.")


def _status(host: Host, pool: Pool, kubernetes_version: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    capacity, allocatable = resources(pool)
    machine = uuid.uuid5(uuid.NAMESPACE_OID, host.id)
    return {
        "capacity": capacity,
        "allocatable": allocatable,
        "addresses": [
            {"type": "InternalIP", "address": host.address},
            {"type": "Hostname", "address": hostname(host, pool)},
        ],
        "conditions": [
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            }
            for kind, status, reason, message in HEALTHY
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "kubeletVersion": kubernetes_version,
            "kubeProxyVersion": "",
            "containerRuntimeVersion": f"cri-o://{kubernetes_version.removeprefix('v')}",
            "kernelVersion": "simulated",
            "osImage": "simulated Oracle host",
            "machineID": machine.hex,
            "systemUUID": str(machine),
            "bootID": str(uuid.uuid5(machine, "boot")),
        },
    }


def resources(pool: Pool) -> tuple[dict[str, str], dict[str, str]]:
    """What one host has, and what of it pods can have."""
    size, storage_gib = pool.size, pool.boot_volume_gb
    devices = {GPU_RESOURCE: str(pool.shape.gpus), RDMA_RESOURCE: str(pool.rdma_interfaces)}
    common = {"pods": str(pool.max_pods), **{name: number for name, number in devices.items() if number != "0"}}
    capacity = {"cpu": str(size.cpus), "memory": f"{size.memory_kib}Ki", "ephemeral-storage": f"{storage_gib}Gi"}
    allocatable = {
        "cpu": f"{size.cpus * 1000 - size.reserved_millicpus()}m",
        "memory": f"{size.memory_kib - size.reserved_kib()}Ki",
        "ephemeral-storage": f"{int(storage_gib * 1024 * (1 - STORAGE_RESERVE))}Mi",
    }
    return {**capacity, **common}, {**allocatable, **common}
