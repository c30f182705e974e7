"""A cluster rented from Oracle, in two parts: what is made in its cloud, and what runs on the cluster that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_oci as oci

from rackwright.access import TUNNEL_PORT, Identity, tunnel_commands
from rackwright.rendering.nodes import node_document
from rackwright.specs import ClusterSpec
from rackwright.specs.places import OraclePlace
from stacks.components.bastion import Bastion, BastionArgs
from stacks.components.cluster import Cluster, ClusterArgs
from stacks.components.gpu_pool import GpuPool, GpuPoolArgs
from stacks.components.network import Network, NetworkArgs
from stacks.components.system_pool import SystemPool, SystemPoolArgs
from stacks.places.cloud_part import cloud_part, kubeconfig
from stacks.places.inside import declare_inside
from stacks.places.region import look_up


def declare_cloud(spec: ClusterSpec, place: OraclePlace) -> dict[str, Any]:
    """Declare network, control plane, hosts and the way in; who we are to Oracle comes from its usual configuration."""
    identity = Identity.of(pulumi.Config("oci").get, os.environ)
    if complaint := identity.complaint(Path.home()):
        raise pulumi.RunError(complaint)
    port = pulumi.Config().get_int("tunnelPort") or TUNNEL_PORT
    node = node_document(spec.gpu_pool, spec.fabric)  # refuses a fabric that Oracle can't label, before all else
    oracle = oci.Provider("oracle", region=place.region)
    region = look_up(place, cluster=spec.name, kubernetes_version=spec.kubernetes_version, provider=oracle)
    home = oracle if region.home == place.region else oci.Provider("oracle-home", region=region.home)
    tags = {"rackwright-cluster": spec.name}

    options = pulumi.ResourceOptions(provider=oracle)
    network = Network(
        spec.name,
        NetworkArgs(addresses=place.network, compartment_id=place.compartment_id, services=region.services, tags=tags),
        options,
    )
    cluster = Cluster(
        spec.name,
        ClusterArgs(
            kubernetes_version=spec.kubernetes_version,
            compartment_id=place.compartment_id,
            network=network,
            identity=identity,
            tunnel_port=port,
            tags=tags,
        ),
        options,
    )
    SystemPool(
        spec.system_pool.name,
        SystemPoolArgs(
            pool=spec.system_pool,
            shape=place.system_shape,
            compartment_id=place.compartment_id,
            availability_domain=region.availability_domain,
            image_id=region.system_image_id,
            network=network,
            cluster=cluster,
            tags=tags,
        ),
        options,
    )
    GpuPool(
        spec.gpu_pool.name,
        GpuPoolArgs(
            pool=spec.gpu_pool,
            node=node,
            image_id=place.image_id,
            tenancy_id=place.tenancy_id,
            compartment_id=place.compartment_id,
            availability_domain=region.availability_domain,
            network=network,
            cluster=cluster,
            cluster_name=spec.name,
            home=home,
            tags=tags,
        ),
        options,
    )
    way_in = _way_in(spec.name, place, cluster=cluster, network=network, identity=identity, port=port, options=options)
    return {
        "cluster_id": cluster.cluster_id,
        "api_endpoint": cluster.api_endpoint,
        "kubeconfig": cluster.kubeconfig,
        **way_in,
    }


def _way_in(
    name: str,
    place: OraclePlace,
    *,
    cluster: Cluster,
    network: Network,
    identity: Identity,
    port: int,
    options: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """A bastion where clients come by one, with the commands that lead through it."""
    access = place.network.api_access
    if access.way_in != "bastion":
        return {}
    bastion = Bastion(
        name,
        BastionArgs(
            access=access,
            compartment_id=place.compartment_id,
            network=network,
            tags={"rackwright-cluster": name},
        ),
        options,
    )
    commands = pulumi.Output.all(bastion.bastion_id, cluster.api_host).apply(
        lambda known: tunnel_commands(
            bastion_id=known[0], api_host=known[1], region=place.region, identity=identity, port=port
        )
    )
    return {"bastion_id": bastion.bastion_id, "tunnel": commands}


def declare_inside_oracle(spec: ClusterSpec, place: OraclePlace) -> dict[str, Any]:
    """Declare what runs on the cluster that the other part has made; from where its API answers."""
    cloud = cloud_part()
    provider = kubernetes.Provider(
        spec.name,
        kubeconfig=kubeconfig(cloud, place.network.api_access),
        # Without it, every change of the kubeconfig's text would replace all that is on the cluster.
        cluster_identifier=cloud.require_output("cluster_id"),
        # A ConfigMap of a fixed name is changed, not deleted and made again.
        enable_config_map_mutable=True,
    )
    return declare_inside(spec, provider=provider)
