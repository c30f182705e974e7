"""Where a cluster stands: rented from Oracle, or an existing Kubernetes over one's own machines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rackwright.specs.base import (
    COMPARTMENT_ID_PATTERN,
    FLEXIBLE_SHAPE_PATTERN,
    IMAGE_ID_PATTERN,
    REGION_PATTERN,
    TENANCY_ID_PATTERN,
    Spec,
)
from rackwright.specs.network import Network


class FlexibleShape(Spec):
    """A virtual host of Oracle's whose processors and memory are chosen."""

    name: Annotated[str, StringConstraints(pattern=FLEXIBLE_SHAPE_PATTERN)]
    """Oracle's name for the shape, such as `VM.Standard.E5.Flex`."""
    ocpus: Annotated[int, Field(ge=1)]
    """Oracle CPUs (one is two logical processors on x86)."""
    memory_gb: Annotated[int, Field(ge=1)]
    """Memory as Oracle counts it (`memoryInGBs`)."""


class OracleAccount(Spec):
    """Where hosts are rented and in whose name: what only its owner knows of a cluster at Oracle."""

    kind: Literal["oracle"]
    region: Annotated[str, StringConstraints(pattern=REGION_PATTERN)]
    """The region's identifier, such as `us-chicago-1`."""
    tenancy_id: Annotated[str, StringConstraints(pattern=TENANCY_ID_PATTERN)]
    """The account's identifier; the region's domains and the policies belong to it."""
    compartment_id: Annotated[str, StringConstraints(pattern=COMPARTMENT_ID_PATTERN)]
    """In which compartment of the tenancy everything is made."""
    availability_domain: Annotated[int, Field(ge=1, le=3)] = 1
    """Which of the region's availability domains holds the hosts, counted from 1."""
    image_id: Annotated[str, StringConstraints(pattern=IMAGE_ID_PATTERN)]
    """The GPU hosts' image: a custom one with GPU driver and RDMA stack."""


class OraclePlace(OracleAccount):
    """A region and compartment of Oracle Cloud Infrastructure, and what is made there around the hosts."""

    system_shape: FlexibleShape
    """The system pool's hosts."""
    network: Network


class ExistingPlace(Spec):
    """A Kubernetes cluster that stands already, over one's own machines."""

    kind: Literal["existing"]
    kubeconfig_context: Annotated[str, StringConstraints(min_length=1)]
    """The context in the user's kubeconfig."""


Place = Annotated[OraclePlace | ExistingPlace, Field(discriminator="kind")]
