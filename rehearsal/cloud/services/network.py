"""Networking: virtual cloud networks and subnets."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context
from rehearsal.cloud.constraints import cidr
from rehearsal.cloud.errors import incorrect_state, invalid, limit_exceeded
from rehearsal.cloud.state import Record

PREFIXES = range(16, 31)
"""Prefix lengths of a network or subnet, /16 to /30 (docs.oracle.com, "Allowed VCN Size and Address Ranges")."""

MAX_VCN_BLOCKS = 5
MAX_SECURITY_LISTS_PER_SUBNET = 5
"""Default limits: docs.oracle.com, "Service Limits", networking."""

RESERVED_FIRST, RESERVED_LAST = 2, 1
"""Addresses of a subnet that Oracle keeps: its own, the gateway's, and the last (docs.oracle.com, "Subnets")."""

DNS_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,14}")
"""At most 15 letters and digits, starting with a letter (docs.oracle.com, "DNS in Your Virtual Cloud Network")."""

VCN_DEFAULTS = {
    "defaultRouteTableId": ("oci:Core/routeTable:RouteTable", "routetable"),
    "defaultSecurityListId": ("oci:Core/securityList:SecurityList", "securitylist"),
    "defaultDhcpOptionsId": ("oci:Core/dhcpOptions:DhcpOptions", "dhcpoptions"),
}
"""What a network comes with, by its output: type token and the kind in its OCID."""

ADDRESS_OUTPUTS = ("ipAddress", "managementServiceAddress")
"""Outputs of what stands in a subnet, other than hosts, that hold its address: mount targets, Lustre file systems."""

MAC_PREFIX = "00:00:17"
"""Oracle's registered prefix of hardware addresses, which virtual routers have."""


def vcn_blocks(vcn: Record) -> list[ipaddress.IPv4Network]:
    """The address blocks of a virtual cloud network."""
    single = [vcn.inputs["cidrBlock"]] if vcn.inputs.get("cidrBlock") else []
    return [cidr(text) for text in vcn.inputs.get("cidrBlocks") or single]


def subnet_block(subnet: Record) -> ipaddress.IPv4Network:
    """The address block of a subnet."""
    return cidr(subnet.inputs["cidrBlock"])


def usable_addresses(block: ipaddress.IPv4Network) -> Iterator[ipaddress.IPv4Address]:
    """The addresses of a subnet that interfaces can have, in order."""
    return (block[index] for index in range(RESERVED_FIRST, block.num_addresses - RESERVED_LAST))


def free_addresses(context: Context, subnet: str) -> Iterator[ipaddress.IPv4Address]:
    """The addresses of a subnet that neither a host nor anything else in it has, in order."""
    taken = {host.address for host in context.cloud.hosts.values() if host.subnet == subnet}
    for record in context.cloud.records.values():
        if record.inputs.get("subnetId") == subnet:
            taken |= {record.outputs[name] for name in ADDRESS_OUTPUTS if record.outputs.get(name)}
    block = subnet_block(context.resource(subnet))
    return (address for address in usable_addresses(block) if str(address) not in taken)


def in_network(context: Context, vcn: str, kind: str) -> Iterator[Record]:
    """All resources of a kind that belong to a virtual cloud network."""
    return (record for record in context.cloud.of(kind) if record.inputs.get("vcnId") == vcn)


def check_same_network(context: Context, identifier: str, vcn: str) -> None:
    """Refuse a resource of another network."""
    if context.resource(identifier).inputs.get("vcnId") != vcn:
        raise invalid(f"{identifier} does not belong to the VCN {vcn}")


def _check_vcn(context: Context, vcn: Record) -> None:
    blocks = vcn_blocks(vcn)
    if not blocks:
        raise invalid("At least one CIDR block must be specified: cidrBlocks is empty")
    if len(blocks) > MAX_VCN_BLOCKS:
        raise limit_exceeded(f"The VCN has {len(blocks)} CIDR blocks; the limit is {MAX_VCN_BLOCKS}")
    for block in blocks:
        _check_prefix(block)
    for one, other in combinations(blocks, 2):
        if one.overlaps(other):
            raise invalid(f"The CIDR {other} overlaps with the CIDR {one} of the same VCN")
    for subnet in in_network(context, vcn.id, "subnet"):
        if not any(subnet_block(subnet).subnet_of(block) for block in blocks):
            raise incorrect_state(f"The subnet {subnet.id} uses {subnet_block(subnet)}, which the VCN would lose")
    _check_dns_label(vcn)


def _compute_vcn(context: Context, vcn: Record) -> dict[str, Any]:
    if vcn.outputs:
        made = {key: value for key, value in vcn.outputs.items() if key.startswith("default")}
    else:
        inputs = {"vcnId": vcn.id, "compartmentId": vcn.inputs["compartmentId"]}
        made = {
            name: context.make_along(vcn, token=token, kind=kind, inputs=dict(inputs))
            for name, (token, kind) in VCN_DEFAULTS.items()
        }
    blocks = [str(block) for block in vcn_blocks(vcn)]
    label = vcn.inputs.get("dnsLabel")
    domain = {"vcnDomainName": f"{label}.oraclevcn.com"} if label else {}
    return {"cidrBlock": blocks[0], "cidrBlocks": blocks, **made, **domain}


def _check_subnet(context: Context, subnet: Record) -> None:
    if not subnet.inputs.get("cidrBlock"):
        raise invalid("cidrBlock must be specified")
    _check_subnet_block(context, subnet)
    inputs, vcn = subnet.inputs, context.resource(subnet.inputs["vcnId"])
    lists = inputs.get("securityListIds") or []
    if len(lists) > MAX_SECURITY_LISTS_PER_SUBNET:
        raise limit_exceeded(f"{len(lists)} security lists; the limit for a subnet is {MAX_SECURITY_LISTS_PER_SUBNET}")
    for identifier in (*lists, inputs.get("routeTableId"), inputs.get("dhcpOptionsId")):
        if identifier is not None:
            check_same_network(context, identifier, vcn.id)
    domain = inputs.get("availabilityDomain")
    if domain is not None:
        context.check_domain(domain)
    _check_dns_label(subnet)
    label = inputs.get("dnsLabel")
    if label and not vcn.inputs.get("dnsLabel"):
        raise invalid(f"dnsLabel: the VCN {vcn.id} has no DNS label, so its subnets can't have one")
    for other in in_network(context, vcn.id, "subnet"):
        if label and other.id != subnet.id and other.inputs.get("dnsLabel") == label:
            raise invalid(f"dnsLabel: {label!r} is the label of subnet {other.id} of the same VCN already")


def _check_subnet_block(context: Context, subnet: Record) -> None:
    block, vcn = subnet_block(subnet), context.resource(subnet.inputs["vcnId"])
    _check_prefix(block)
    outer = vcn_blocks(vcn)
    if not any(block.subnet_of(each) for each in outer):
        blocks = ", ".join(map(str, outer))
        raise invalid(f"The requested CIDR {block} is invalid: it is not within the CIDRs of its VCN, {blocks}")
    for other in in_network(context, vcn.id, "subnet"):
        if other.id != subnet.id and subnet_block(other).overlaps(block):
            raise invalid(
                f"The requested CIDR {block} is invalid: subnet {other.id} with CIDR {subnet_block(other)} "
                "overlaps with this CIDR"
            )
    for host in context.cloud.hosts.values():
        if host.subnet == subnet.id and ipaddress.IPv4Address(host.address) not in block:
            raise incorrect_state(f"The address {host.address} of instance {host.id} is in use outside {block}")


def _compute_subnet(context: Context, subnet: Record) -> dict[str, Any]:
    vcn, inputs = context.resource(subnet.inputs["vcnId"]), subnet.inputs
    label = inputs.get("dnsLabel")
    domain = {"subnetDomainName": f"{label}.{vcn.inputs['dnsLabel']}.oraclevcn.com"} if label else {}
    return {
        "virtualRouterIp": str(subnet_block(subnet)[1]),
        "virtualRouterMac": subnet.outputs.get("virtualRouterMac") or _mac(),
        "routeTableId": inputs.get("routeTableId") or vcn.outputs["defaultRouteTableId"],
        "dhcpOptionsId": inputs.get("dhcpOptionsId") or vcn.outputs["defaultDhcpOptionsId"],
        "securityListIds": inputs.get("securityListIds") or [vcn.outputs["defaultSecurityListId"]],
        "ipv4cidrBlocks": [inputs["cidrBlock"]],
        **domain,
    }


def _check_prefix(block: ipaddress.IPv4Network) -> None:
    if block.prefixlen not in PREFIXES:
        raise invalid(
            f"The requested CIDR {block} is invalid: the prefix must be between /{PREFIXES.start} and "
            f"/{PREFIXES.stop - 1}"
        )


def _check_dns_label(record: Record) -> None:
    label = record.inputs.get("dnsLabel")
    if label is not None and not DNS_LABEL.fullmatch(label):
        raise invalid(f"dnsLabel: {label!r} is not 1 to 15 letters and digits starting with a letter")


def _mac() -> str:
    return ":".join((MAC_PREFIX, *(f"{byte:02X}" for byte in secrets.token_bytes(3))))


BEHAVIOURS = {
    "oci:Core/vcn:Vcn": Behaviour(kind="vcn", check=_check_vcn, compute=_compute_vcn),
    "oci:Core/subnet:Subnet": Behaviour(
        kind="subnet",
        check=_check_subnet,
        compute=_compute_subnet,
        defaults={"prohibitPublicIpOnVnic": False, "prohibitInternetIngress": False},
    ),
}
