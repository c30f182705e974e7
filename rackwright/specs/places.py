"""Where a cluster stands: rented from Oracle, or an existing Kubernetes over one's own machines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rackwright.specs.base import COMPARTMENT_ID_PATTERN, REGION_PATTERN, TENANCY_ID_PATTERN, Spec


class OraclePlace(Spec):
    """A region and compartment of Oracle Cloud Infrastructure."""

    kind: Literal["oracle"]
    region: Annotated[str, StringConstraints(pattern=REGION_PATTERN)]
    """The region's identifier, such as `us-chicago-1`."""
    tenancy_id: Annotated[str, StringConstraints(pattern=TENANCY_ID_PATTERN)]
    compartment_id: Annotated[str, StringConstraints(pattern=COMPARTMENT_ID_PATTERN)]
    availability_domain: Annotated[int, Field(ge=1, le=3)] = 1
    """Which of the region's availability domains holds the hosts, counted from 1."""


class ExistingPlace(Spec):
    """A Kubernetes cluster that stands already, over one's own machines."""

    kind: Literal["existing"]
    kubeconfig_context: Annotated[str, StringConstraints(min_length=1)]
    """The context in the user's kubeconfig."""


Place = Annotated[OraclePlace | ExistingPlace, Field(discriminator="kind")]
