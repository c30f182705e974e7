"""The rehearsal's control plane as the simulated Oracle knows it: the one managed cluster that the region can give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rehearsal.cloud.errors import incorrect_state
from rehearsal.state import StateDirectory


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running control plane."""

    server: str
    """Its URL."""
    endpoint: str
    """The URL of its endpoint as seen from where the rehearsal is played, as the declared network lets it."""
    service_cidr: str
    kubernetes_version: str
    """Such as `v1.36.3`: the only one that the simulated region offers."""


def find(directory: Path) -> ControlPlane:
    """The control plane of a state directory; raise `OracleError` when none was started there."""
    facts = StateDirectory(directory).facts()
    try:
        return ControlPlane(
            server=facts["server"],
            endpoint=facts["endpoint"],
            service_cidr=facts["service_cidr"],
            kubernetes_version=facts["kubernetes_version"],
        )
    except KeyError as error:
        raise incorrect_state(
            f"no control plane runs in {directory}: rehearsal.json has no {error}; start the rehearsal's control plane "
            "before a cluster is made"
        ) from error
