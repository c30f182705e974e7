"""A cluster rented from Oracle: network, control plane, system pool, GPU hosts on RDMA, and what runs on them."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_oci as oci

from rackwright.rendering.nodes import node_document
from rackwright.specs import ClusterSpec
from rackwright.specs.places import OraclePlace
from stacks.components.cluster import Cluster, ClusterArgs
from stacks.components.gpu_pool import GpuPool, GpuPoolArgs
from stacks.components.network import Network, NetworkArgs
from stacks.components.system_pool import SystemPool, SystemPoolArgs
from stacks.places.inside import declare_inside
from stacks.places.region import look_up


def declare_oracle(spec: ClusterSpec, place: OraclePlace) -> dict[str, Any]:
    """Declare the whole cluster and return its outputs; who we are to Oracle comes from its usual configuration."""
    node = node_document(spec.gpu_pool, spec.fabric)  # refuses a fabric that Oracle can't label, before all else
    oracle = oci.Provider("oracle", region=place.region)
    region = look_up(place, kubernetes_version=spec.kubernetes_version, provider=oracle)
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
            kubernetes_version=spec.kubernetes_version, compartment_id=place.compartment_id, network=network, tags=tags
        ),
        options,
    )
    system_pool = SystemPool(
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
    gpu_pool = GpuPool(
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
    provider = kubernetes.Provider(
        spec.name,
        kubeconfig=cluster.kubeconfig,
        # Without it, every change of the kubeconfig's text would replace all that is on the cluster.
        cluster_identifier=cluster.cluster_id,
        # A ConfigMap of a fixed name is changed, not deleted and made again.
        enable_config_map_mutable=True,
    )
    inside = declare_inside(spec, provider=provider, system_hosts=[system_pool], gpu_hosts=[gpu_pool])
    return {
        "cluster_id": cluster.cluster_id,
        "api_endpoint": cluster.api_endpoint,
        "kubeconfig": cluster.kubeconfig,
        **inside,
    }
