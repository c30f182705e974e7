"""What the hosts of a pool are to be, read from the resource that asks for them: a cluster network or a node pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rehearsal.cloud import shapes
from rehearsal.cloud.behaviours import Context
from rehearsal.cloud.bootstrap import Bootstrap, bootstrap
from rehearsal.cloud.errors import invalid
from rehearsal.cloud.shapes import SHAPES, Shape, Size
from rehearsal.cloud.state import Record

CLUSTER_NETWORK = "oci:Core/clusterNetwork:ClusterNetwork"
NODE_POOL = "oci:ContainerEngine/nodePool:NodePool"

DEFAULT_MAX_PODS = 31
"""Pods on a node whose pods have addresses of the network, where the pool doesn't say (docs.oracle.com, NodePool)."""

DEFAULT_BOOT_VOLUME_GB = 47
"""Smallest and default boot volume of Oracle's Linux images, in GB (docs.oracle.com, "Boot Volumes")."""

RDMA_PLUGINS = ("Compute HPC RDMA Authentication", "Compute HPC RDMA Auto-Configuration")
"""The agent's plugins without which a host's RDMA interfaces don't come up."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The hosts that a pool shall have."""

    id: str
    name: str
    hosts: int
    shape: Shape
    size: Size
    placements: tuple[tuple[str, str], ...]
    """Availability domain and subnet of each placement; hosts go round them."""
    on_fabric: bool
    """Whether the hosts stand on one RDMA fabric."""
    rdma_interfaces: int
    """That come up on each host."""
    max_pods: int
    boot_volume_gb: int
    boot: Bootstrap


def pool(context: Context, record: Record) -> Pool | None:
    """The pool that a resource asks for; None for a resource that has no hosts. Raises `OracleError`."""
    if record.token == CLUSTER_NETWORK:
        return _cluster_network(context, record)
    return _node_pool(context, record) if record.token == NODE_POOL else None


def _cluster_network(context: Context, record: Record) -> Pool:
    inputs = record.inputs
    if len(inputs["instancePools"]) != 1:
        raise invalid(f"instancePools: a cluster network has exactly one, not {len(inputs['instancePools'])}")
    (instance_pool,) = inputs["instancePools"]
    configuration = context.resource(instance_pool["instanceConfigurationId"])
    details = configuration.inputs.get("instanceDetails") or {}
    launch = details.get("launchDetails") or {}
    shape = _shape(launch.get("shape"))
    if not shape.rdma_interfaces:
        raise invalid(f"Shape {shape.name} is not supported in a cluster network: it has no RDMA interfaces")
    placement = inputs["placementConfiguration"]
    subnet = placement.get("primarySubnetId") or (placement.get("primaryVnicSubnets") or {}).get("subnetId")
    if subnet is None:
        raise invalid("placementConfiguration.primarySubnetId is required")
    metadata = launch.get("metadata") or {}
    source = launch.get("sourceDetails") or {}
    return Pool(
        id=record.id,
        name=inputs.get("displayName") or record.id,
        hosts=_count(instance_pool["size"]),
        shape=shape,
        size=_size(shape, launch.get("shapeConfig") or {}),
        placements=((_domain(context, placement["availabilityDomain"]), subnet),),
        on_fabric=True,
        rdma_interfaces=shape.rdma_interfaces if _rdma_plugins_enabled(launch) else 0,
        max_pods=int(metadata.get("oke-max-pods", DEFAULT_MAX_PODS)),
        boot_volume_gb=int(source.get("bootVolumeSizeInGbs") or DEFAULT_BOOT_VOLUME_GB),
        boot=bootstrap(metadata),
    )


def _node_pool(context: Context, record: Record) -> Pool:
    inputs = record.inputs
    details, shape = inputs.get("nodeConfigDetails"), _shape(inputs["nodeShape"])
    if not details:
        raise invalid("nodeConfigDetails is required (subnetIds and quantityPerSubnet are deprecated)")
    if not details["placementConfigs"]:
        raise invalid("nodeConfigDetails.placementConfigs: at least one is required")
    network = details.get("nodePoolPodNetworkOptionDetails") or {}
    source = inputs.get("nodeSourceDetails") or {}
    labels = {label["key"]: label["value"] for label in inputs.get("initialNodeLabels") or []}
    fabric = details.get("computeClusterId") is not None
    return Pool(
        id=record.id,
        name=inputs["name"],
        hosts=_count(details["size"]),
        shape=shape,
        size=_size(shape, inputs.get("nodeShapeConfig") or {}),
        placements=tuple(
            (_domain(context, each["availabilityDomain"]), each["subnetId"]) for each in details["placementConfigs"]
        ),
        on_fabric=fabric,
        rdma_interfaces=shape.rdma_interfaces if fabric else 0,
        max_pods=int(network.get("maxPodsPerNode") or DEFAULT_MAX_PODS),
        boot_volume_gb=int(source.get("bootVolumeSizeInGbs") or DEFAULT_BOOT_VOLUME_GB),
        boot=Bootstrap(joins=True, labels=labels),
    )


def _shape(name: str | None) -> Shape:
    try:
        return SHAPES[str(name)]
    except KeyError as error:
        raise invalid(f"Shape {name!r} is none of the simulated region's: {', '.join(sorted(SHAPES))}") from error


def _size(shape: Shape, config: dict[str, Any]) -> Size:
    ocpus, memory = config.get("ocpus"), config.get("memoryInGbs")
    try:
        return shapes.size(
            shape,
            ocpus=None if ocpus is None else float(ocpus),
            memory_gb=None if memory is None else float(memory),
        )
    except ValueError as error:
        raise invalid(str(error)) from error


def _domain(context: Context, name: str) -> str:
    context.check_domain(name)
    return name


def _count(size: int | str) -> int:
    if int(size) < 0:
        raise invalid(f"size: {size} is less than 0")
    return int(size)


def _rdma_plugins_enabled(launch: dict[str, Any]) -> bool:
    plugins = (launch.get("agentConfig") or {}).get("pluginsConfigs") or []
    enabled = {plugin["name"] for plugin in plugins if plugin["desiredState"] == "ENABLED"}
    return enabled.issuperset(RDMA_PLUGINS)
