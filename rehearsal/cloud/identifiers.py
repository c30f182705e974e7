"""Oracle's identifiers (OCIDs): `ocid1.<type>.<realm>.<region>.<unique>`.

The form is documented at docs.oracle.com, "Resource Identifiers"; region is empty for what belongs to no region.
"""

from __future__ import annotations

import re
import secrets

REALM = "oc1"
"""Oracle's commercial realm."""

UNIQUE_LENGTH = 60
"""Characters in the last part of an OCID, as seen on all that Oracle gives out."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""Base 32 (RFC 4648) in lower case, which is what the unique part of an OCID consists of."""

OCID = re.compile(r"ocid1\.(?P<kind>[a-z0-9]+)\.[a-z0-9]+\.(?P<region>[a-z0-9-]*)\.[a-z0-9]+")


def opaque(length: int = UNIQUE_LENGTH) -> str:
    """An opaque unique string."""
    # A byte has eight times as many values as the alphabet has characters, so none comes more often.
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length))


def ocid(kind: str, region_key: str = "") -> str:
    """A new identifier of that kind; without a region key, one of a global resource."""
    return f"ocid1.{kind}.{REALM}.{region_key}.{opaque()}"


def kind_of(identifier: str) -> str | None:
    """The kind in an identifier, or None if it is no OCID."""
    match = OCID.fullmatch(identifier)
    return match["kind"] if match else None
