"""The look-ups that programs make, by their tokens: what the simulated region offers and what is in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

import yaml

from rehearsal.cloud import control_plane, reach
from rehearsal.cloud.behaviours import Context
from rehearsal.cloud.errors import NotModelledError, incorrect_state, invalid
from rehearsal.cloud.identifiers import ALPHABET, UNIQUE_LENGTH
from rehearsal.cloud.services.routing import oracle_services
from rehearsal.cloud.services.storage import namespace
from rehearsal.cloud.shapes import SHAPES
from rehearsal.cloud.state import Record

IMAGES = (
    "Oracle-Linux-8.10-2026.08.31-0-OKE-{version}-1402",
    "Oracle-Linux-8.10-Gen2-GPU-2026.08.31-0-OKE-{version}-1402",
    "Oracle-Linux-8.10-aarch64-2026.08.31-0-OKE-{version}-1402",
)
"""Names of the images that OKE offers for a Kubernetes version; the form is Oracle's, the dates are made up."""


KUBECONFIG_NAME_LENGTH = 11
"""Characters of a cluster's OCID that the names in its kubeconfig end with."""


def look_up(token: str, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer a look-up; raise `NotModelledError` naming it if the simulation doesn't have it."""
    try:
        answer = LOOK_UPS[token]
    except KeyError as error:
        raise NotModelledError(
            f"the look-up {token} is not modelled by the simulated Oracle; it has {', '.join(sorted(LOOK_UPS))}"
        ) from error
    return {"id": token, **arguments, **answer(context, arguments)}


def filtered(items: list[dict[str, Any]], filters: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The items that pass all filters: each names a property, and values of which one must fit (or match, as regex)."""
    for each in filters or []:
        items = [item for item in items if _passes(item, each)]
    return items


def _passes(item: dict[str, Any], each: dict[str, Any]) -> bool:
    name = re.sub(r"_(\w)", lambda match: match[1].upper(), each["name"])
    if name not in item:
        raise invalid(f"filters: {each['name']!r} is no property; there are {', '.join(item)}")
    value = str(item[name])
    if each.get("regex"):
        return any(re.search(pattern, value) for pattern in each["values"])
    return value in each["values"]


def _availability_domains(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    compartment = arguments["compartmentId"]
    domains = [
        {"id": _fixed("availabilitydomain", name, context), "name": name, "compartmentId": compartment}
        for name in context.availability_domains()
    ]
    return {"availabilityDomains": filtered(domains, arguments.get("filters"))}


def _services(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    services: list[dict[str, Any]] = list(oracle_services(context.region))
    return {"services": filtered(services, arguments.get("filters"))}


def _region_subscriptions(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    home = {
        "isHomeRegion": True,
        "regionName": context.region.identifier,
        "regionKey": context.region.key.upper(),
        "state": "READY",
    }
    return {"regionSubscriptions": filtered([home], arguments.get("filters"))}


def _cluster_option(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    version = control_plane.find(context.directory).kubernetes_version
    return {"kubernetesVersions": [version], "clusterPodNetworkOptions": []}


def _node_pool_option(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    version = control_plane.find(context.directory).kubernetes_version
    asked = arguments.get("nodePoolK8sVersion")
    names = [name.format(version=version.removeprefix("v")) for name in IMAGES] if asked in (None, version) else []
    sources = [{"imageId": _fixed("image", name, context), "sourceName": name, "sourceType": "IMAGE"} for name in names]
    return {"kubernetesVersions": [version], "shapes": sorted(SHAPES), "images": names, "sources": sources}


def _clusters(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The clusters of a compartment, of a name and in some states where these are given."""
    name, states = arguments.get("name"), arguments.get("states")
    found = [
        {**each.inputs, **each.outputs, "id": each.id}
        for each in context.cloud.of("cluster")
        if each.inputs["compartmentId"] == arguments["compartmentId"]
        and name in (None, each.inputs["name"])
        and (not states or each.outputs["state"] in states)
    ]
    return {"clusters": filtered(found, arguments.get("filters"))}


def _kubeconfig(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The kubeconfig of a cluster as OKE writes it: it holds no key, and names the program `oci` that gets a token.

    The addresses of this machine stand for what the network would lead to from where the rehearsal is played; a private
    address that it wouldn't lead to stays what it is.
    """
    cluster = context.resource(arguments["clusterId"])
    authority = context.directory / "pki" / "ca.crt"
    if not authority.exists():
        raise incorrect_state(f"{authority} is missing; start the rehearsal's control plane")
    name = cluster.id[-KUBECONFIG_NAME_LENGTH:]
    arguments_of_oci = ["ce", "cluster", "generate-token", "--cluster-id", cluster.id, "--region", cluster.region]
    document = {
        "apiVersion": "v1",
        "kind": "",
        "clusters": [
            {
                "name": f"cluster-{name}",
                "cluster": {
                    "server": _server(context, cluster, arguments.get("endpoint")),
                    "certificate-authority-data": base64.b64encode(authority.read_bytes()).decode(),
                },
            }
        ],
        "users": [
            {
                "name": f"user-{name}",
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "oci",
                        "args": arguments_of_oci,
                        "env": [],
                    }
                },
            }
        ],
        "contexts": [{"name": f"context-{name}", "context": {"cluster": f"cluster-{name}", "user": f"user-{name}"}}],
        "current-context": f"context-{name}",
    }
    return {"content": yaml.safe_dump(document, sort_keys=False)}


def _server(context: Context, cluster: Record, endpoint: str | None) -> str:
    """The URL of one of a cluster's endpoints."""
    played, addresses = control_plane.find(context.directory), cluster.outputs["endpoints"][0]
    if endpoint == "PUBLIC_ENDPOINT":
        if not addresses["publicEndpoint"]:
            raise invalid(f"The cluster {cluster.id} has no PUBLIC_ENDPOINT")
        return played.endpoint
    if endpoint not in ("PRIVATE_ENDPOINT", None):
        raise invalid(f"endpoint: {endpoint!r} is not modelled; PUBLIC_ENDPOINT and PRIVATE_ENDPOINT are")
    if reach.is_private(reach.position(context.directory)):
        return played.endpoint
    return f"https://{addresses['privateEndpoint']}"


def _cluster_network_instances(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    record = context.resource(arguments["clusterNetworkId"])
    instances = [
        {
            "id": host.id,
            "availabilityDomain": host.availability_domain,
            "compartmentId": record.inputs["compartmentId"],
            "displayName": host.address,
            "region": context.region.identifier,
            "shape": host.shape,
            "state": "Running",
        }
        for host in context.cloud.hosts_of(record.id)
    ]
    return {"instances": filtered(instances, arguments.get("filters"))}


def _namespace(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    return {"namespace": namespace(context)}


def _fixed(kind: str, name: str, context: Context) -> str:
    """An identifier that is always the same for a name."""
    digest = base64.b32encode(hashlib.sha512(f"{context.cloud.seed}/{kind}/{name}".encode()).digest()).decode().lower()
    unique = "".join(character for character in digest if character in ALPHABET)[:UNIQUE_LENGTH]
    return f"ocid1.{kind}.oc1.{context.region.key}.{unique}"


LOOK_UPS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "oci:ContainerEngine/getClusterKubeConfig:getClusterKubeConfig": _kubeconfig,
    "oci:ContainerEngine/getClusterOption:getClusterOption": _cluster_option,
    "oci:ContainerEngine/getClusters:getClusters": _clusters,
    "oci:ContainerEngine/getNodePoolOption:getNodePoolOption": _node_pool_option,
    "oci:Core/getClusterNetworkInstances:getClusterNetworkInstances": _cluster_network_instances,
    "oci:Core/getServices:getServices": _services,
    "oci:Identity/getAvailabilityDomains:getAvailabilityDomains": _availability_domains,
    "oci:Identity/getRegionSubscriptions:getRegionSubscriptions": _region_subscriptions,
    "oci:ObjectStorage/getNamespace:getNamespace": _namespace,
}
"""By token, what answers."""
