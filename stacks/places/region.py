"""What a region of Oracle's has: asked once, and checked against the spec before anything is declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import pulumi
import pulumi_oci as oci

from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.places import OraclePlace
from stacks.components.network import ServiceNetwork

LIVING_STATES = ("ACTIVE", "UPDATING")
"""States of a cluster that is made and not going away (docs.oracle.com, Container Engine API, "ClusterSummary")."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """What the declarations need of a region."""

    home: str
    """The tenancy's home region, the only one where identities and policies can be changed."""
    availability_domain: str
    services: ServiceNetwork
    system_image_id: str


def look_up(place: OraclePlace, *, cluster: str, kubernetes_version: str, provider: oci.Provider) -> Region:
    """Ask the region; raise `SpecError` where it hasn't what is wanted by the cluster of this name."""
    options = pulumi.InvokeOptions(provider=provider)
    source = f"region {place.region}"
    versions = oci.containerengine.get_cluster_option(
        cluster_option_id="all", compartment_id=place.compartment_id, opts=options
    )
    offered = versions.kubernetes_versions
    if kubernetes_version not in offered:
        offered = [*offered, *_versions_running(place, cluster=cluster, options=options)]
    check_version(kubernetes_version, offered, source=source)
    images = oci.containerengine.get_node_pool_option(
        node_pool_option_id="all",
        compartment_id=place.compartment_id,
        node_pool_k8s_version=kubernetes_version,
        opts=options,
    )
    domains = oci.identity.get_availability_domains(compartment_id=place.tenancy_id, opts=options)
    services = oci.core.get_services(opts=options)
    subscriptions = oci.identity.get_region_subscriptions(tenancy_id=place.tenancy_id, opts=options)
    return Region(
        home=next(each.region_name for each in subscriptions.region_subscriptions if each.is_home_region),
        availability_domain=choose_availability_domain(
            place.availability_domain, [each.name for each in domains.availability_domains], source=source
        ),
        services=next(
            ServiceNetwork(service_id=each.id, cidr_label=each.cidr_block)
            for each in services.services
            if is_all_services(each.name)
        ),
        system_image_id=choose_image(
            kubernetes_version, {each.source_name: each.image_id for each in images.sources}, source=source
        ),
    )


def check_version(version: str, available: Sequence[str], *, source: str) -> None:
    """Refuse a Kubernetes version that the region neither offers nor runs for this cluster already."""
    if version not in available:
        _refuse(
            source,
            field="kubernetes_version",
            value=repr(version),
            expected=f"one of {', '.join(available)}",
            remedy="choose one of these",
        )


def _versions_running(place: OraclePlace, *, cluster: str, options: pulumi.InvokeOptions) -> list[str]:
    """What the cluster runs if there is one: it keeps its version when the region lists that for new ones no longer."""
    found = oci.containerengine.get_clusters(
        compartment_id=place.compartment_id, name=cluster, states=LIVING_STATES, opts=options
    )
    return [each.kubernetes_version for each in found.clusters]


def choose_availability_domain(number: int, names: Sequence[str], *, source: str) -> str:
    """The name of the region's nth availability domain, counted from 1."""
    if number > len(names):
        _refuse(
            source,
            field="place.availability_domain",
            value=str(number),
            expected=f"1 to {len(names)} ({', '.join(names)})",
            remedy="choose one that the region has",
        )
    return sorted(names)[number - 1]


def choose_image(version: str, images: dict[str, str], *, source: str) -> str:
    """The newest ordinary (x86, no GPU) image that Oracle made for this Kubernetes version.

    `images` has their identifiers by names like `Oracle-Linux-8.10-2025.09.16-0-OKE-1.34.1-1191`.
    """
    marker = f"-OKE-{version.removeprefix('v')}-"
    fitting = [name for name in images if marker in name and "GPU" not in name and "aarch64" not in name]
    if not fitting:
        _refuse(
            source,
            field="kubernetes_version",
            value=repr(version),
            expected="a version that Oracle has an image for",
            remedy="choose another version, or wait until Oracle has published the image",
        )
    return images[max(fitting, key=_numbers)]


def is_all_services(name: str) -> bool:
    """Whether a service stands for all of a region's, as `All ORD Services In Oracle Services Network` does."""
    return re.fullmatch(r"All .* Services In Oracle Services Network", name) is not None


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _refuse(source: str, *, field: str, value: str, expected: str, remedy: str) -> NoReturn:
    raise SpecError(source, [Problem(field=field, value=value, expected=expected, remedy=remedy)])
