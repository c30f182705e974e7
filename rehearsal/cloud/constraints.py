"""Which values Oracle takes, as tables by the property's name on the wire (names mean the same wherever they occur).

Sources: the documentation strings of `pulumi_oci` 5.5.0, and docs.oracle.com where a line says so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from rehearsal.cloud.errors import OracleError, invalid
from rehearsal.cloud.identifiers import kind_of

GATEWAYS = ("internetgateway", "natgateway", "servicegateway")

OUTSIDE = ("drg",)
"""Kinds of what lies outside the simulation though others refer to it: a gateway that joins networks is somebody's."""

REFERENCES: dict[str, tuple[str, ...]] = {
    "clusterId": ("cluster",),
    "computeClusterId": ("computecluster",),
    "dhcpOptionsId": ("dhcpoptions",),
    "exportSetId": ("exportset",),
    "fileSystemId": ("filesystem",),
    "instanceConfigurationId": ("instanceconfiguration",),
    "networkEntityId": GATEWAYS,
    "networkSecurityGroupId": ("networksecuritygroup",),
    "nsgIds": ("networksecuritygroup",),
    "podNsgIds": ("networksecuritygroup",),
    "podSubnetIds": ("subnet",),
    "primarySubnetId": ("subnet",),
    "routeTableId": ("routetable",),
    "securityListIds": ("securitylist",),
    "serviceLbSubnetIds": ("subnet",),
    "subnetId": ("subnet",),
    "subnetIds": ("subnet",),
    "targetSubnetId": ("subnet",),
    "vcnId": ("vcn",),
}
"""The kind of resource that must exist under the identifier (or each of the identifiers) that a property holds."""

IDENTIFIERS: dict[str, tuple[str, ...]] = {
    "compartmentId": ("compartment", "tenancy"),
    "drgId": ("drg",),
    "imageId": ("image",),
}
"""Identifiers of what lies outside the simulation: their form is checked, their existence isn't."""

CHOICES: dict[str, tuple[str, ...]] = {
    "cniType": ("OCI_VCN_IP_NATIVE", "FLANNEL_OVERLAY"),
    "desiredState": ("ENABLED", "DISABLED"),
    "destinationType": ("CIDR_BLOCK", "SERVICE_CIDR_BLOCK", "NETWORK_SECURITY_GROUP"),
    "direction": ("EGRESS", "INGRESS"),
    "instanceType": ("compute", "block", "instance_options"),
    "sourceType": ("CIDR_BLOCK", "SERVICE_CIDR_BLOCK", "NETWORK_SECURITY_GROUP", "image", "IMAGE", "bootVolume"),
    "storageTier": ("Standard", "Archive"),
    "versioning": ("Enabled", "Suspended", "Disabled"),
}

CIDRS = frozenset({"cidrBlock", "cidrBlocks", "ipv4cidrBlocks", "podsCidr", "servicesCidr"})
"""Properties that hold IPv4 CIDR blocks."""


def check_values(inputs: dict[str, Any]) -> None:
    """Refuse a value that Oracle wouldn't take; raise `OracleError`."""
    for name, value in _scalars(inputs):
        if name in CIDRS:
            cidr(value)
        if (choices := CHOICES.get(name)) and value not in choices:
            raise invalid(f"{name}: {value!r} is not a valid value; valid values are {', '.join(choices)}")
        if (kinds := IDENTIFIERS.get(name)) and kind_of(value) not in kinds:
            raise invalid(f"{name}: {value!r} is not a valid OCID of a {' or '.join(kinds)}")


def references(inputs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each property that refers to another resource, with the identifier."""
    for name, value in _scalars(inputs):
        if name in REFERENCES and kind_of(value) not in OUTSIDE:
            yield name, value


def cidr(text: str) -> ipaddress.IPv4Network:
    """A CIDR block as Oracle reads it; raise `OracleError` in Oracle's words."""
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError as error:
        raise invalid(f"The requested CIDR {text} is invalid: {error}") from error
    if interface.ip != interface.network.network_address:
        address = interface.network.network_address
        raise invalid(
            f"The requested CIDR {text} is invalid: CIDR IP {interface.ip} does not match network IP {address}."
        )
    return interface.network


def only_choice(field: str, value: object, choices: tuple[str, ...]) -> OracleError:
    """The refusal of a value that a region doesn't offer."""
    return invalid(f"Invalid {field}: {value}. Supported values are {', '.join(choices)}")


def _scalars(value: Any, name: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401  # any JSON value
    """Each string with the name of the property that holds it, directly or in a list."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _scalars(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item, name)
    elif isinstance(value, str):
        yield name, value
