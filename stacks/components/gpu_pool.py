"""The GPU hosts: self-managed instances on one RDMA cluster network, which join the cluster by themselves.

The cluster network makes and owns its one instance pool; the hosts are no resources of this program, so that its size
doesn't grow with the cluster's. Resizing changes the cluster network in place. A change of the hosts' configuration
makes a new instance configuration for hosts that are yet to come, and leaves the running ones as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_oci as oci

from rackwright.rendering.nodes import user_data
from rackwright.specs import pools as specs
from stacks.components.cluster import Cluster
from stacks.components.network import Network
from stacks.components.security_rules import Group

PLUGINS = {
    "Compute HPC RDMA Authentication": "ENABLED",
    "Compute HPC RDMA Auto-Configuration": "ENABLED",
    "Compute RDMA GPU Monitoring": "ENABLED",
    "Compute Instance Monitoring": "ENABLED",
    "Compute Instance Run Command": "ENABLED",
    "Bastion": "DISABLED",
    "Block Volume Management": "DISABLED",
    "OS Management Service Agent": "DISABLED",
    "Oracle Autonomous Linux": "DISABLED",
}
"""Plugins of Oracle's agent on the hosts. The first two bring the RDMA ports up (oracle-quickstart/oci-hpc-oke,
terraform/oke-workers.tf); the disabled ones would change packages or reach into the host behind its image's back."""

TIMEOUTS = pulumi.CustomTimeouts(create="4h", update="4h", delete="2h")
"""Bare metal takes up to two hours to come up (terraform-oci-oke's timeout), and large pools come in waves."""


@dataclass(frozen=True, kw_only=True)
class GpuPoolArgs:
    """What the GPU pool is made from."""

    pool: specs.GpuPool
    node: Mapping[str, Any]
    """What each host reads when it joins (`rackwright.rendering.nodes.node_document`)."""
    image_id: str
    tenancy_id: str
    compartment_id: str
    availability_domain: str
    network: Network
    cluster: Cluster
    cluster_name: str
    home: oci.Provider
    """For the tenancy's home region, where identities and policies are kept."""
    tags: dict[str, str]


class GpuPool(pulumi.ComponentResource):
    """A cluster network with its instance configuration, and the right of its hosts to join the cluster."""

    cluster_network_id: pulumi.Output[str]

    def __init__(self, name: str, args: GpuPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:gpu_pool:GpuPool", name, {}, opts)
        policy = self._join_policy(args)
        configuration = self._instance_configuration(name, args)
        cluster_network = oci.core.ClusterNetwork(
            name,
            compartment_id=args.compartment_id,
            display_name=f"{args.cluster_name}-{name}",
            freeform_tags=args.tags,
            instance_pools=[
                oci.core.ClusterNetworkInstancePoolArgs(
                    instance_configuration_id=configuration.id,
                    display_name=f"{args.cluster_name}-{name}",
                    size=args.pool.hosts,
                    freeform_tags=args.tags,
                )
            ],
            placement_configuration=oci.core.ClusterNetworkPlacementConfigurationArgs(
                availability_domain=args.availability_domain, primary_subnet_id=args.network.subnet_ids["nodes"]
            ),
            # Hosts that boot before they are allowed to join would try in vain.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy], custom_timeouts=TIMEOUTS),
        )
        self.cluster_network_id = cluster_network.id
        self.register_outputs({"cluster_network_id": self.cluster_network_id})

    def _join_policy(self, args: GpuPoolArgs) -> oci.identity.Policy:
        """Let the compartment's instances join this cluster and no other, as self-managed nodes have to be let."""
        name, compartment_id = f"{args.cluster_name}-hosts", args.compartment_id
        opts = pulumi.ResourceOptions(parent=self, provider=args.home)
        group = oci.identity.DynamicGroup(
            name,
            name=name,
            compartment_id=args.tenancy_id,
            description=f"The hosts of cluster {args.cluster_name}",
            matching_rule=f"ALL {{instance.compartment.id = '{compartment_id}'}}",
            freeform_tags=args.tags,
            opts=opts,
        )
        return oci.identity.Policy(
            f"{name}-join",
            name=f"{name}-join",
            compartment_id=compartment_id,
            description=f"Hosts may join cluster {args.cluster_name}",
            statements=[
                pulumi.Output.format(
                    "Allow dynamic-group {0} to {{CLUSTER_JOIN}} in compartment id {1} where target.cluster.id = '{2}'",
                    group.name,
                    compartment_id,
                    args.cluster.cluster_id,
                )
            ],
            freeform_tags=args.tags,
            opts=opts,
        )

    def _instance_configuration(self, name: str, args: GpuPoolArgs) -> oci.core.InstanceConfiguration:
        """What each host is started with."""
        pool = args.pool
        launch = oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsArgs(
            compartment_id=args.compartment_id,
            availability_domain=args.availability_domain,
            shape=pool.shape,
            freeform_tags=args.tags,
            source_details=oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsSourceDetailsArgs(
                source_type="image", image_id=args.image_id, boot_volume_size_in_gbs=str(pool.boot_volume_gb)
            ),
            create_vnic_details=oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsCreateVnicDetailsArgs(
                subnet_id=args.network.subnet_ids["nodes"],
                nsg_ids=[args.network.group_ids[Group.NODES]],
                assign_public_ip=False,
            ),
            instance_options=oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsInstanceOptionsArgs(
                are_legacy_imds_endpoints_disabled=True
            ),
            agent_config=oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsAgentConfigArgs(
                are_all_plugins_disabled=False,
                is_management_disabled=False,
                is_monitoring_disabled=False,
                plugins_configs=[
                    oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsAgentConfigPluginsConfigArgs(
                        name=plugin, desired_state=state
                    )
                    for plugin, state in PLUGINS.items()
                ],
            ),
            metadata=instance_metadata(args),
        )
        return oci.core.InstanceConfiguration(
            name,
            compartment_id=args.compartment_id,
            display_name=f"{args.cluster_name}-{name}",
            freeform_tags=args.tags,
            instance_details=oci.core.InstanceConfigurationInstanceDetailsArgs(
                instance_type="compute", launch_details=launch
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def instance_metadata(args: GpuPoolArgs) -> dict[str, pulumi.Input[str]]:
    """What OKE's agent on a self-managed host reads from the metadata service.

    Source: terraform-oci-oke, modules/workers/instanceconfig.tf; the spelling `oke-k8version` is OKE's.
    """
    return {
        "apiserver_host": args.cluster.api_host,
        "cluster_ca_cert": args.cluster.ca_base64,
        "oke-k8version": args.cluster.kubernetes_version,
        "oke-kubeproxy-proxy-mode": "iptables",
        "oke-tenancy-id": args.tenancy_id,
        "oke-native-pod-networking": "true",
        "oke-max-pods": str(args.pool.pods_per_host),
        "pod-subnets": pulumi.Output.all(*args.network.pod_subnet_ids).apply(",".join),
        "pod-nsgids": args.network.group_ids[Group.PODS],
        "user_data": pulumi.Output.all(args.cluster.api_host, args.cluster.ca_base64).apply(
            lambda known: user_data(
                args.node,
                kubernetes_version=args.cluster.kubernetes_version,
                api_host=known[0],
                ca_base64=known[1],
            )
        ),
    }
