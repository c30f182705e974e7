"""The Kubernetes control plane that Oracle runs (OKE), and how to reach it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci
import yaml

from rackwright.access import Identity, for_tunnel, with_identity
from stacks.components.network import Network
from stacks.components.security_rules import Group

CNI = "OCI_VCN_IP_NATIVE"
"""Pods have addresses of the VCN: no overlay between them and the network."""

TOKEN_VERSION = "2.0.0"  # noqa: S105 - the version of the kubeconfig's form, no secret
"""The kubeconfig gets its tokens by `oci ce cluster generate-token`; it holds none itself."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a control plane is made from."""

    kubernetes_version: str
    compartment_id: str
    network: Network
    identity: Identity
    """As whom the kubeconfig's tokens are got."""
    tunnel_port: int
    """Of the machine of who comes through a bastion."""
    tags: dict[str, str]


class Cluster(pulumi.ComponentResource):
    """An enhanced OKE cluster; self-managed GPU hosts can't join a basic one."""

    kubernetes_version: str
    cluster_id: pulumi.Output[str]
    api_endpoint: pulumi.Output[str]
    """Host and port: public where clients come that way, otherwise private."""
    api_host: pulumi.Output[str]
    """The private address, without port, that hosts use."""
    ca_base64: pulumi.Output[str]
    """The certificate authority, PEM in base64."""
    kubeconfig: pulumi.Output[str]
    """A secret."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:cluster:Cluster", name, {}, opts)
        self.kubernetes_version = args.kubernetes_version
        addresses = args.network.addresses
        public = addresses.api_access.has_public_endpoint
        cluster = oci.containerengine.Cluster(
            name,
            name=name,
            compartment_id=args.compartment_id,
            freeform_tags=args.tags,
            vcn_id=args.network.vcn_id,
            type="ENHANCED_CLUSTER",
            kubernetes_version=args.kubernetes_version,
            cluster_pod_network_options=[oci.containerengine.ClusterClusterPodNetworkOptionArgs(cni_type=CNI)],
            endpoint_config=oci.containerengine.ClusterEndpointConfigArgs(
                subnet_id=args.network.subnet_ids["api"],
                nsg_ids=[args.network.group_ids[Group.API]],
                is_public_ip_enabled=public,
            ),
            options=oci.containerengine.ClusterOptionsArgs(
                kubernetes_network_config=oci.containerengine.ClusterOptionsKubernetesNetworkConfigArgs(
                    services_cidr=str(addresses.services)
                ),
                service_lb_subnet_ids=[args.network.subnet_ids["load_balancers"]],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        raw = oci.containerengine.get_cluster_kube_config_output(
            cluster_id=cluster.id,
            endpoint="PUBLIC_ENDPOINT" if public else "PRIVATE_ENDPOINT",
            token_version=TOKEN_VERSION,
            opts=pulumi.InvokeOptions(parent=self),
        ).content
        endpoint = cluster.endpoints[0]
        self.cluster_id = cluster.id
        self.api_endpoint = endpoint.public_endpoint if public else endpoint.private_endpoint
        self.api_host = endpoint.private_endpoint.apply(host_of)
        tunnelled = addresses.api_access.way_in == "bastion"
        self.kubeconfig = pulumi.Output.secret(
            raw.apply(lambda text: with_identity(text, args.identity)).apply(
                lambda text: for_tunnel(text, port=args.tunnel_port) if tunnelled else text
            )
        )
        # Whoever connects sees the authority, and as a secret it would hide all of the hosts' metadata in diffs.
        self.ca_base64 = pulumi.Output.unsecret(raw.apply(certificate_authority))
        self.register_outputs({"cluster_id": self.cluster_id, "api_endpoint": self.api_endpoint})


def host_of(endpoint: str) -> str:
    """The host of `host:port`."""
    return endpoint.rpartition(":")[0]


def certificate_authority(kubeconfig: str) -> str:
    """The authority (PEM in base64) by which a kubeconfig's first cluster is known."""
    authority: str = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]["certificate-authority-data"]
    return authority
