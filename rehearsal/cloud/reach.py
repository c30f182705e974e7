"""Who reaches a cluster's API through the network that was declared: routes, security rules and bastions.

Sources: docs.oracle.com, "Network Resource Configuration for Cluster Creation and Deployment", "Security Rules" (what a
security list or a group admits adds up; everything else is dropped) and "Bastion Overview".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from rehearsal.cloud.behaviours import Context
from rehearsal.cloud.services.network import subnet_block, usable_addresses, vcn_blocks
from rehearsal.cloud.state import Record
from rehearsal.state import StateDirectory

API_PORT = 6443

OUTSIDE = IPv4Address("203.0.113.1")
"""Where a rehearsal is played from if nothing else is said: the Internet (a range for documentation, RFC 5737)."""

PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Addresses that nothing on the Internet has (RFC 1918, RFC 6598)."""

TCP, ALL = "6", "all"

GROUP_RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
DRG_ATTACHMENT = "oci:Core/drgAttachment:DrgAttachment"


def position(directory: Path) -> IPv4Address:
    """The address that the rehearsal is played from: one of the Internet, of a peered network, or of the network."""
    return IPv4Address(StateDirectory(directory).facts().get("position", str(OUTSIDE)))


def is_private(address: IPv4Address) -> bool:
    """Whether an address is one that the Internet doesn't lead to or from."""
    return any(address in block for block in PRIVATE_RANGES)


def refusal(context: Context, cluster: Record, source: IPv4Address) -> str | None:
    """Why packets from an address don't reach the cluster's API; None when they do."""
    endpoint, subnet = _endpoint(context, cluster)
    within = any(source in block for block in vcn_blocks(context.resource(cluster.inputs["vcnId"])))
    if not within:
        gateway = "drg" if is_private(source) else "internetgateway"
        if gateway == "internetgateway" and not endpoint.get("isPublicIpEnabled"):
            return f"the API has no public address, and {source} is on the Internet"
        if gateway == "drg" and not _is_attached(context, cluster):
            return f"the network is joined to no dynamic routing gateway, behind which {source} would be"
        if not _has_route(context, subnet, source, gateway):
            return f"no route of subnet {subnet.id} leads back to {source} by a {gateway}"
    if not _admits(context, subnet, endpoint.get("nsgIds") or (), source):
        return f"no security rule of the API's groups and subnet admits {source} to port {API_PORT}"
    return None


def bastion_refusal(context: Context, bastion: Record, cluster: Record, source: IPv4Address) -> str | None:
    """Why a session on a bastion doesn't lead an address to the cluster's API; None when it does."""
    allowed = bastion.inputs.get("clientCidrBlockAllowLists") or ()
    if not any(source in IPv4Network(block) for block in allowed):
        return f"{source} is in none of the bastion's allowed ranges {', '.join(allowed) or '(there are none)'}"
    foot = context.resource(bastion.inputs["targetSubnetId"])
    target, own = private_address(cluster), bastion_address(context, bastion)
    lists = [context.resource(each) for each in foot.outputs["securityListIds"]]
    out = [rule for each in lists for rule in each.inputs.get("egressSecurityRules") or ()]
    if not any(_covers(rule, "destination", target) for rule in out):
        return f"no egress rule of the bastion's subnet {foot.id} admits it to {target}, port {API_PORT}"
    return refusal(context, cluster, own)


def private_address(cluster: Record) -> IPv4Address:
    """The API's address in the network."""
    return IPv4Address(cluster.outputs["endpoints"][0]["privateEndpoint"].rpartition(":")[0])


def bastion_address(context: Context, bastion: Record) -> IPv4Address:
    """The bastion's address in the subnet that it targets."""
    return next(usable_addresses(subnet_block(context.resource(bastion.inputs["targetSubnetId"]))))


def _endpoint(context: Context, cluster: Record) -> tuple[Mapping[str, Any], Record]:
    endpoint: Mapping[str, Any] = cluster.inputs.get("endpointConfig") or {}
    return endpoint, context.resource(endpoint["subnetId"])


def _is_attached(context: Context, cluster: Record) -> bool:
    attached = (each for each in context.cloud.records.values() if each.token == DRG_ATTACHMENT)
    return any(each.outputs.get("vcnId") == cluster.inputs["vcnId"] for each in attached)


def _has_route(context: Context, subnet: Record, address: IPv4Address, gateway: str) -> bool:
    table = context.resource(subnet.outputs["routeTableId"])
    return any(
        rule["networkEntityId"].split(".")[1] == gateway
        and rule.get("destinationType", "CIDR_BLOCK") == "CIDR_BLOCK"
        and address in IPv4Network(rule["destination"])
        for rule in table.inputs.get("routeRules") or ()
    )


def _admits(context: Context, subnet: Record, groups: Iterable[str], source: IPv4Address) -> bool:
    return any(_covers(rule, "source", source) for rule in _ingress(context, subnet, frozenset(groups)))


def _ingress(context: Context, subnet: Record, groups: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    """What a subnet's lists and an interface's groups let in."""
    for identifier in subnet.outputs["securityListIds"]:
        yield from context.resource(identifier).inputs.get("ingressSecurityRules") or ()
    for record in context.cloud.records.values():
        inputs = record.inputs
        if record.token != GROUP_RULE or inputs["networkSecurityGroupId"] not in groups:
            continue
        if inputs["direction"] == "INGRESS" and inputs.get("sourceType") == "CIDR_BLOCK":
            yield inputs


def _covers(rule: Mapping[str, Any], side: str, address: IPv4Address) -> bool:
    """Whether a rule lets TCP to the API's port through, by the address on its side."""
    if rule["protocol"] not in (TCP, ALL) or rule.get(f"{side}Type", "CIDR_BLOCK") != "CIDR_BLOCK":
        return False
    options = rule.get("tcpOptions") or {}
    ports = options.get("destinationPortRange") or options
    fits = not ports.get("min") or ports["min"] <= API_PORT <= ports["max"]
    return fits and address in IPv4Network(rule[side])
