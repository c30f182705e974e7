"""Kubernetes Engine (OKE): clusters, node pools and add-ons. The cluster is the rehearsal's own control plane."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from rehearsal.cloud import control_plane
from rehearsal.cloud.behaviours import Behaviour, Context, now
from rehearsal.cloud.constraints import cidr, only_choice
from rehearsal.cloud.errors import invalid, limit_exceeded
from rehearsal.cloud.nodes import hostname
from rehearsal.cloud.pools import NODE_POOL, pool
from rehearsal.cloud.services.network import check_same_network, subnet_block, usable_addresses, vcn_blocks
from rehearsal.cloud.state import Record

CLUSTER_TYPES = ("BASIC_CLUSTER", "ENHANCED_CLUSTER")

MAX_CLUSTERS = 1
"""The rehearsal has one control plane, so its region has room for one cluster."""

API_PORT = 6443
"""Of a cluster's private endpoint (docs.oracle.com, "Network Resource Configuration for Cluster Creation")."""

ADDONS = (
    "CertManager",
    "ClusterAutoscaler",
    "CoreDNS",
    "KubeProxy",
    "KubernetesMetricsServer",
    "NodeFeatureDiscovery",
    "NvidiaGpuOperator",
    "NvidiaGpuPlugin",
    "NvidiaNetworkOperator",
    "OciVcnIpNative",
)
"""Names of add-ons that OKE knows (oracle-quickstart/oci-hpc-oke, terraform/oke-addons.tf; docs.oracle.com)."""


def _check_cluster(context: Context, cluster: Record) -> None:
    running, inputs = control_plane.find(context.directory), cluster.inputs
    others = [each.id for each in context.cloud.of("cluster") if each.id != cluster.id]
    if len(others) >= MAX_CLUSTERS:
        raise limit_exceeded(
            f"The simulated region has {others[0]} already, and a rehearsal has one control plane: the limit is "
            f"{MAX_CLUSTERS} cluster"
        )
    _check_version(context, inputs["kubernetesVersion"])
    if (kind := inputs.get("type")) is not None and kind not in CLUSTER_TYPES:
        raise only_choice("cluster type", kind, CLUSTER_TYPES)
    endpoint = inputs.get("endpointConfig") or {}
    for identifier in (endpoint.get("subnetId"), *(endpoint.get("nsgIds") or [])):
        if identifier is not None:
            check_same_network(context, identifier, inputs["vcnId"])
    options = inputs.get("options") or {}
    ranges = options.get("kubernetesNetworkConfig") or {}
    blocks = vcn_blocks(context.resource(inputs["vcnId"]))
    for name in ("servicesCidr", "podsCidr"):
        if (text := ranges.get(name)) and any(cidr(text).overlaps(block) for block in blocks):
            raise invalid(f"{name}: {text} overlaps with the VCN's {', '.join(map(str, blocks))}")
    services = ranges.get("servicesCidr") or running.service_cidr
    if cidr(services) != ipaddress.IPv4Network(running.service_cidr):
        raise invalid(
            f"servicesCidr: {services} is asked for, but the rehearsal's control plane was started with "
            f"{running.service_cidr}; start it with the same"
        )


def _compute_cluster(context: Context, cluster: Record) -> dict[str, Any]:
    running, endpoint = control_plane.find(context.directory), cluster.inputs.get("endpointConfig")
    before = cluster.outputs.get("endpoints") or [{}]
    address = urlsplit(running.endpoint).netloc
    private = before[0].get("privateEndpoint")
    if endpoint and not private:
        private = f"{next(usable_addresses(subnet_block(context.resource(endpoint['subnetId']))))}:{API_PORT}"
    public = bool(endpoint and endpoint.get("isPublicIpEnabled"))
    return {
        "endpoints": [
            {
                "kubernetes": address,
                "privateEndpoint": private or address,
                "publicEndpoint": address if public else "",
                "vcnHostnameEndpoint": "",
                "ipv6endpoint": "",
            }
        ],
        "availableKubernetesUpgrades": [],
        "metadatas": cluster.outputs.get("metadatas") or [{"timeCreated": now()}],
        "lifecycleDetails": "",
    }


def _check_node_pool(context: Context, record: Record) -> None:
    inputs, cluster = record.inputs, context.resource(record.inputs["clusterId"])
    _check_version(context, inputs.get("kubernetesVersion") or cluster.inputs["kubernetesVersion"])
    asked = pool(context, record)
    vcn = cluster.inputs["vcnId"]
    for _, subnet in asked.placements if asked else ():
        check_same_network(context, subnet, vcn)
    if not inputs.get("nodeSourceDetails"):
        raise invalid("nodeSourceDetails is required: the image to boot the nodes from")
    network = inputs["nodeConfigDetails"].get("nodePoolPodNetworkOptionDetails") or {}
    native = any(
        option["cniType"] == "OCI_VCN_IP_NATIVE" for option in cluster.inputs.get("clusterPodNetworkOptions") or []
    )
    if native and not network.get("podSubnetIds"):
        raise invalid("nodePoolPodNetworkOptionDetails.podSubnetIds is required: the cluster's pods are VCN-native")
    for identifier in (*(network.get("podSubnetIds") or []), *(network.get("podNsgIds") or [])):
        check_same_network(context, identifier, vcn)


def _compute_node_pool(context: Context, record: Record) -> dict[str, Any]:
    asked, cluster = pool(context, record), context.resource(record.inputs["clusterId"])
    version = record.inputs.get("kubernetesVersion") or cluster.inputs["kubernetesVersion"]
    source = record.inputs["nodeSourceDetails"]
    return {
        "kubernetesVersion": version,
        "nodes": [
            {
                "id": host.id,
                "name": hostname(host, asked) if asked else host.address,
                "privateIp": host.address,
                "availabilityDomain": host.availability_domain,
                "subnetId": host.subnet,
                "nodePoolId": record.id,
                "kubernetesVersion": version,
                "state": "ACTIVE",
            }
            for host in context.cloud.hosts_of(record.id)
        ],
        "nodeSources": [{"imageId": source["imageId"], "sourceType": source["sourceType"]}],
        "lifecycleDetails": "",
    }


def _check_addon(context: Context, addon: Record) -> None:
    name, cluster = addon.inputs["addonName"], context.resource(addon.inputs["clusterId"])
    if cluster.outputs["type"] != "ENHANCED_CLUSTER":
        raise invalid(f"add-ons need an enhanced cluster; {cluster.id} is a {cluster.outputs['type']}")
    if name not in ADDONS:
        raise only_choice("addonName", name, ADDONS)


def _compute_addon(_context: Context, addon: Record) -> dict[str, Any]:
    return {"addonErrors": [], "currentInstalledVersion": addon.inputs.get("version") or "simulated"}


def _check_version(context: Context, version: str) -> None:
    offered = control_plane.find(context.directory).kubernetes_version
    if version != offered:
        raise only_choice("kubernetesVersion", version, (offered,))


def _addon_id(addon: Record) -> str:
    """As the provider names what has no OCID of its own."""
    return f"clusters/{addon.inputs['clusterId']}/addons/{addon.inputs['addonName']}"


BEHAVIOURS = {
    "oci:ContainerEngine/cluster:Cluster": Behaviour(
        kind="cluster",
        state="ACTIVE",
        check=_check_cluster,
        compute=_compute_cluster,
        defaults={"type": "BASIC_CLUSTER"},
    ),
    NODE_POOL: Behaviour(kind="nodepool", state="ACTIVE", check=_check_node_pool, compute=_compute_node_pool),
    "oci:ContainerEngine/addon:Addon": Behaviour(
        kind=None, state="ACTIVE", identifier=_addon_id, check=_check_addon, compute=_compute_addon
    ),
}
