"""Compute: instance configurations, cluster networks and compute clusters."""

from __future__ import annotations

from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context, now
from rehearsal.cloud.bootstrap import bootstrap
from rehearsal.cloud.errors import incorrect_state, invalid
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.layout import topology
from rehearsal.cloud.pools import CLUSTER_NETWORK, Pool, pool
from rehearsal.cloud.state import Record

METADATA_LIMIT_BYTES = 32_000
"""Bytes of an instance's metadata in all (docs.oracle.com, LaunchInstanceDetails)."""


def _check_configuration(context: Context, configuration: Record) -> None:
    details = configuration.inputs.get("instanceDetails")
    if not details or details["instanceType"] != "compute" or not details.get("launchDetails"):
        raise invalid("instanceDetails of instanceType compute with launchDetails is required")
    launch = details["launchDetails"]
    metadata = {**(launch.get("metadata") or {}), **(launch.get("extendedMetadata") or {})}
    used = sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items())
    if used > METADATA_LIMIT_BYTES:
        raise invalid(f"metadata and extendedMetadata have {used} bytes; the limit is {METADATA_LIMIT_BYTES}")
    bootstrap(launch.get("metadata") or {})
    domain = launch.get("availabilityDomain")
    if domain is not None:
        context.check_domain(domain)


def _check_domain(context: Context, record: Record) -> None:
    context.check_domain(record.inputs["availabilityDomain"])


def _check_cluster_network(context: Context, record: Record) -> None:
    asked = pool(context, record)
    if asked is not None and asked.boot.joins:
        _check_joinable(context, asked)


def _check_joinable(context: Context, asked: Pool) -> None:
    """Hosts that join by themselves need an enhanced cluster in the network that they stand in."""
    networks = {context.resource(subnet).inputs["vcnId"] for _, subnet in asked.placements}
    clusters = [each for each in context.cloud.of("cluster") if each.inputs["vcnId"] in networks]
    if not any(each.outputs["type"] == "ENHANCED_CLUSTER" for each in clusters):
        found = ", ".join(each.id for each in clusters) or "none"
        raise incorrect_state(
            f"the hosts of {asked.name} can't join a cluster: self-managed nodes need one of type ENHANCED_CLUSTER in "
            f"their VCN, and the clusters there are: {found}"
        )


def _compute_cluster_network(context: Context, record: Record) -> dict[str, Any]:
    asked, hosts = pool(context, record), context.cloud.hosts_of(record.id)
    (wanted,) = record.inputs["instancePools"]
    (before,) = record.outputs.get("instancePools", [{}])
    instance_pool = {
        **wanted,
        "id": before.get("id") or ocid("instancepool", context.region.key),
        "compartmentId": record.inputs["compartmentId"],
        "currentSize": len(hosts),
        "state": "RUNNING",
        "timeCreated": before.get("timeCreated") or now(),
    }
    places = [
        topology(host.position, region=context.region, availability_domain=host.availability_domain, seed=seed)
        for host in hosts
        if host.position is not None
        for seed in (context.cloud.seed,)
    ]
    return {
        "instancePools": [instance_pool],
        "displayName": asked.name if asked else record.id,
        "hpcIslandId": places[0]["customerHPCIslandId"] if places else None,
        "networkBlockIds": list(dict.fromkeys(place["customerNetworkBlock"] for place in places)),
        "timeUpdated": now(),
    }


def _compute_configuration(_context: Context, _record: Record) -> dict[str, Any]:
    return {"deferredFields": []}


def _compute_time(_context: Context, _record: Record) -> dict[str, Any]:
    return {"timeUpdated": now()}


BEHAVIOURS = {
    "oci:Core/instanceConfiguration:InstanceConfiguration": Behaviour(
        kind="instanceconfiguration", state=None, check=_check_configuration, compute=_compute_configuration
    ),
    CLUSTER_NETWORK: Behaviour(
        kind="clusternetwork", state="RUNNING", check=_check_cluster_network, compute=_compute_cluster_network
    ),
    "oci:Core/computeCluster:ComputeCluster": Behaviour(
        kind="computecluster", state="ACTIVE", check=_check_domain, compute=_compute_time
    ),
}
