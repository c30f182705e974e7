"""Oracle's regions, as far as identifiers and names of availability domains depend on them."""

from __future__ import annotations

from dataclasses import dataclass

SHORT_KEYS = {"us-phoenix-1": "phx", "us-ashburn-1": "iad"}
"""The regions whose OCIDs hold a short key; all later ones hold the region's identifier."""

THREE_DOMAINS = frozenset({"us-phoenix-1", "us-ashburn-1", "eu-frankfurt-1", "uk-london-1"})
"""Regions with three availability domains; others have one (docs.oracle.com, "Regions and Availability Domains")."""


@dataclass(frozen=True)
class Region:
    """A region by its identifier, such as `us-chicago-1`."""

    identifier: str

    @property
    def key(self) -> str:
        """The region's part in an OCID."""
        return SHORT_KEYS.get(self.identifier, self.identifier)

    def availability_domains(self, prefix: str) -> tuple[str, ...]:
        """The names of the domains as a tenancy sees them; the four-letter prefix is the tenancy's own."""
        stem = {"us-phoenix-1": "PHX", "us-ashburn-1": "US-ASHBURN"}.get(self.identifier, self.identifier.upper())
        count = 3 if self.identifier in THREE_DOMAINS else 1
        return tuple(f"{prefix}:{stem}-AD-{number}" for number in range(1, count + 1))
