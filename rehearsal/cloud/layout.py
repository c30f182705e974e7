"""Where the hosts of the simulated region stand: islands of network blocks of local blocks of hosts.

Positions count the hosts of one availability domain that are on the RDMA fabric, from 0, so that neighbours share
what they can. Oracle doesn't publish the sizes; they are the catalogue's, which are assumed.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from rackwright.catalog import PLACES
from rackwright.rendering.nodes import IMDS_KEYS
from rehearsal.cloud.identifiers import REALM, UNIQUE_LENGTH
from rehearsal.cloud.regions import Region


@dataclass(frozen=True)
class Level:
    """A level of the fabric."""

    metadata_key: str
    """Under which a host finds its domain in the instance metadata service, `/opc/v2/host/rdmaTopologyData`."""
    kind: str
    """The kind in the domain's OCID."""
    hosts: int
    """Hosts in one domain."""


KINDS = {
    "customerHPCIslandId": "hpcisland",
    "customerNetworkBlock": "computenetworkblock",
    "customerLocalBlock": "computelocalblock",
    "customerHostId": "computebaremetalhost",
}
"""By metadata key, from coarse to fine, as oracle-quickstart/oci-hpc-oke documents them."""

_HOSTS = {IMDS_KEYS.get(level.node_label): level.hosts for level in PLACES.entries["oracle"].levels}

LEVELS = tuple(Level(key, kind, _HOSTS.get(key, 1)) for key, kind in KINDS.items())

LABEL_LENGTH = 11
"""Characters of an OCID's end that Oracle's labeler makes a label's value (oci-hpc-oke docs/oci-hpc-oke-utils.md)."""


def topology(position: int, *, region: Region, availability_domain: str, seed: str) -> dict[str, str]:
    """What a host at a position finds in its metadata: the OCID of its domain at each level.

    The same seed gives the same identifiers, so none of them needs to be kept.
    """
    found = {}
    for level in LEVELS:
        name = f"{seed}/{availability_domain}/{level.kind}/{position // level.hosts}"
        found[level.metadata_key] = f"ocid1.{level.kind}.{REALM}.{region.key}.{_unique(name)}"
    return found


def label_value(identifier: str) -> str:
    """The label's value for a domain's OCID."""
    return identifier[-LABEL_LENGTH:]


def _unique(name: str) -> str:
    digest = hashlib.sha512(name.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:UNIQUE_LENGTH]
