"""What a resource type does beyond taking its inputs: the rules of its service, and what the service computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.regions import Region
from rehearsal.cloud.state import Cloud, Record


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the rules of a service may look at."""

    cloud: Cloud
    region: Region
    tenancy: str | None
    """The tenancy's OCID, where the caller's configuration gave it."""
    directory: Path
    """The rehearsal's state directory."""

    def resource(self, identifier: str) -> Record:
        """The resource of that id; raise `OracleError` when there is none."""
        try:
            return self.cloud.records[identifier]
        except KeyError as error:
            raise not_found(identifier) from error

    def availability_domains(self) -> tuple[str, ...]:
        """The names of the region's availability domains as this tenancy sees them."""
        return self.region.availability_domains(self.cloud.prefix)

    def check_domain(self, name: str) -> None:
        """Raise `OracleError` for a name that no availability domain of the region has."""
        if name not in (names := self.availability_domains()):
            raise invalid(f"availabilityDomain: {name!r} is none of {', '.join(names)}")

    def make_along(self, owner: Record, *, token: str, kind: str, inputs: dict[str, Any]) -> str:
        """Make a resource that Oracle makes along with another, and that goes with it; return its id."""
        identifier = ocid(kind, self.region.key)
        outputs = {**inputs, "state": "AVAILABLE", "timeCreated": now()}
        self.cloud.records[identifier] = Record(
            id=identifier, token=token, region=owner.region, inputs=inputs, outputs=outputs, made_with=owner.id
        )
        return identifier


def nothing(_context: Context, _record: Record) -> None:
    """No rules beyond those of all types."""


def no_outputs(_context: Context, _record: Record) -> dict[str, Any]:
    """Nothing computed beyond what all types have."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One resource type."""

    kind: str | None
    """What stands in its OCIDs; none for a security rule, which has a short identifier instead."""
    state: str | None = "AVAILABLE"
    """Its lifecycle state once it is made."""
    is_global: bool = False
    """Whether it belongs to the tenancy and not to a region."""
    identifier: Callable[[Record], str] | None = None
    """The id that Pulumi knows it by, where that isn't its OCID."""
    check: Callable[[Context, Record], None] = nothing
    """Raise `OracleError` for what the service refuses, on creation and on update."""
    compute: Callable[[Context, Record], dict[str, Any]] = no_outputs
    """Outputs, and values of inputs that weren't given. Also called on update, when the record has outputs already."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """What the service takes for inputs that weren't given."""


def now() -> str:
    """The time as Oracle's provider writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " +0000 UTC"
