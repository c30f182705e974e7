"""The pool of ordinary hosts for controllers and services, managed by OKE."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from rackwright.rendering.nodes import pool_labels
from rackwright.specs import pools as specs
from rackwright.specs.places import FlexibleShape
from stacks.components.cluster import CNI, Cluster
from stacks.components.network import Network
from stacks.components.security_rules import Group


@dataclass(frozen=True, kw_only=True)
class SystemPoolArgs:
    """What the system pool is made from."""

    pool: specs.SystemPool
    shape: FlexibleShape
    compartment_id: str
    availability_domain: str
    image_id: str
    """Oracle's newest image for the cluster's Kubernetes version. A newer one changes only hosts that are yet to be
    made, so the pool follows it."""
    network: Network
    cluster: Cluster
    tags: dict[str, str]


class SystemPool(pulumi.ComponentResource):
    """A managed node pool of a flexible shape."""

    node_pool_id: pulumi.Output[str]

    def __init__(self, name: str, args: SystemPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:system_pool:SystemPool", name, {}, opts)
        pool, shape = args.pool, args.shape
        node_pool = oci.containerengine.NodePool(
            name,
            name=name,
            compartment_id=args.compartment_id,
            freeform_tags=args.tags,
            cluster_id=args.cluster.cluster_id,
            kubernetes_version=args.cluster.kubernetes_version,
            node_shape=shape.name,
            node_shape_config=oci.containerengine.NodePoolNodeShapeConfigArgs(
                ocpus=shape.ocpus, memory_in_gbs=shape.memory_gb
            ),
            node_source_details=oci.containerengine.NodePoolNodeSourceDetailsArgs(
                source_type="IMAGE", image_id=args.image_id, boot_volume_size_in_gbs=str(pool.boot_volume_gb)
            ),
            node_config_details=oci.containerengine.NodePoolNodeConfigDetailsArgs(
                size=pool.hosts,
                placement_configs=[
                    oci.containerengine.NodePoolNodeConfigDetailsPlacementConfigArgs(
                        availability_domain=args.availability_domain, subnet_id=args.network.subnet_ids["nodes"]
                    )
                ],
                nsg_ids=[args.network.group_ids[Group.NODES]],
                node_pool_pod_network_option_details=(
                    oci.containerengine.NodePoolNodeConfigDetailsNodePoolPodNetworkOptionDetailsArgs(
                        cni_type=CNI,
                        max_pods_per_node=pool.pods_per_host,
                        pod_subnet_ids=args.network.pod_subnet_ids,
                        pod_nsg_ids=[args.network.group_ids[Group.PODS]],
                    )
                ),
                freeform_tags=args.tags,
            ),
            initial_node_labels=[
                oci.containerengine.NodePoolInitialNodeLabelArgs(key=key, value=value)
                for key, value in pool_labels(pool).items()
            ],
            # Version 1 of the metadata service answers anyone on the host who can send a request, pods included.
            node_metadata={"areLegacyImdsEndpointsDisabled": "true"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.node_pool_id = node_pool.id
        self.register_outputs({"node_pool_id": self.node_pool_id})
