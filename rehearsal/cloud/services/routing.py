"""Gateways, route tables, and what guards a network: its default security list, and security groups."""

from __future__ import annotations

import secrets
from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context
from rehearsal.cloud.constraints import cidr
from rehearsal.cloud.errors import invalid, limit_exceeded
from rehearsal.cloud.identifiers import kind_of
from rehearsal.cloud.regions import Region
from rehearsal.cloud.services.network import check_same_network, in_network
from rehearsal.cloud.state import Record

MAX_RULES_PER_GROUP = 120
MAX_ROUTE_RULES = 200
MAX_GATEWAYS_PER_VCN = 1
"""Of each kind. Default limits: docs.oracle.com, "Service Limits", networking."""

PROTOCOLS = {"tcpOptions": "6", "udpOptions": "17", "icmpOptions": "1"}
"""The protocol number (IANA) without which the options of a rule mean nothing."""

PORTS = range(1, 65536)
"""Port numbers that a rule may name."""


def oracle_services(region: Region) -> list[dict[str, str]]:
    """What a service gateway reaches, as `getServices` answers."""
    short = region.key.split("-")[1] if "-" in region.key else region.key
    stem = region.key.upper() if region.key == region.identifier else short.upper()
    names = {
        f"All {stem} Services In Oracle Services Network": f"all-{short}-services-in-oracle-services-network",
        f"OCI {stem} Object Storage": f"oci-{short}-objectstorage",
    }
    return [
        {"id": f"ocid1.service.oc1.{region.key}.{label}", "name": name, "description": name, "cidrBlock": label}
        for name, label in names.items()
    ]


def _check_gateway(context: Context, gateway: Record) -> None:
    vcn = gateway.inputs["vcnId"]
    others = [other for other in in_network(context, vcn, str(gateway.kind)) if other.id != gateway.id]
    if len(others) >= MAX_GATEWAYS_PER_VCN:
        raise limit_exceeded(
            f"The VCN {vcn} has {others[0].id} already; the limit is {MAX_GATEWAYS_PER_VCN} {gateway.kind} per VCN"
        )
    if table := gateway.inputs.get("routeTableId"):
        check_same_network(context, table, vcn)
    known = {service["id"] for service in oracle_services(context.region)}
    for service in gateway.inputs.get("services") or []:
        if service["serviceId"] not in known:
            raise invalid(f"services: {service['serviceId']!r} is none of {', '.join(sorted(known))}")


def _compute_nat(_context: Context, gateway: Record) -> dict[str, Any]:
    # 203.0.113.0/24 is set aside for documentation (RFC 5737): nobody's address.
    return {"natIp": gateway.outputs.get("natIp") or f"203.0.113.{secrets.randbelow(254) + 1}"}


def _check_routes(context: Context, table: Record) -> None:
    rules = table.inputs.get("routeRules") or []
    vcn = table.inputs["vcnId"]
    if len(rules) > MAX_ROUTE_RULES:
        raise limit_exceeded(f"{len(rules)} route rules; the limit for a route table is {MAX_ROUTE_RULES}")
    seen = set()
    for rule in rules:
        destination = rule.get("destination") or rule.get("cidrBlock")
        if destination is None:
            raise invalid("routeRules: a rule has no destination")
        if destination in seen:
            raise invalid(f"routeRules: there are two rules for destination {destination}")
        seen.add(destination)
        if kind_of(rule["networkEntityId"]) == "drg":
            _check_drg(context, rule["networkEntityId"], vcn)
            continue
        target = context.resource(rule["networkEntityId"])
        check_same_network(context, target.id, vcn)
        _check_peer(context, "destination", destination, rule.get("destinationType") or "CIDR_BLOCK")
        if rule.get("destinationType") == "SERVICE_CIDR_BLOCK" and target.kind != "servicegateway":
            raise invalid(
                f"routeRules: services ({destination}) are reached through a service gateway, not {target.id}"
            )


def _check_drg(context: Context, drg: str, vcn: str) -> None:
    """Refuse a route to a dynamic routing gateway that the network isn't attached to."""
    attachments = context.cloud.of("drgattachment")
    if not any(each.inputs["drgId"] == drg and each.outputs.get("vcnId") == vcn for each in attachments):
        raise invalid(f"routeRules: the DRG {drg} is not attached to the VCN {vcn}")


def _compute_attachment(context: Context, attachment: Record) -> dict[str, Any]:
    details = attachment.inputs.get("networkDetails") or {}
    vcn = attachment.inputs.get("vcnId") or details.get("id")
    if not vcn:
        raise invalid("networkDetails: the id of the network to attach is required")
    return {"vcnId": context.resource(vcn).id, "isCrossTenancy": False}


def _check_rule(context: Context, rule: Record) -> None:
    inputs = rule.inputs
    group = inputs["networkSecurityGroupId"]
    others = sum(
        other.token == rule.token and other.inputs["networkSecurityGroupId"] == group
        for other in context.cloud.records.values()
        if other.id != rule.id
    )
    if others >= MAX_RULES_PER_GROUP:
        raise limit_exceeded(f"The network security group {group} has {others} rules; that is the limit")
    side = "destination" if inputs["direction"] == "EGRESS" else "source"
    peer, peer_type = inputs.get(side), inputs.get(f"{side}Type")
    if not peer or not peer_type:
        raise invalid(f"{side} and {side}Type are required for an {inputs['direction']} rule")
    _check_peer(context, side, peer, peer_type)
    for options, protocol in PROTOCOLS.items():
        if inputs.get(options) and inputs["protocol"] != protocol:
            raise invalid(f"{options}: valid with protocol {protocol} only, not {inputs['protocol']!r}")
    for options in ("tcpOptions", "udpOptions"):
        for name, ports in (inputs.get(options) or {}).items():
            low, high = int(ports["min"]), int(ports["max"])
            if low not in PORTS or high not in PORTS or low > high:
                raise invalid(f"{options}.{name}: {low} to {high} is no range of ports")


def _check_peer(context: Context, side: str, peer: str, peer_type: str) -> None:
    if peer_type == "CIDR_BLOCK":
        cidr(peer)
    elif peer_type == "NETWORK_SECURITY_GROUP":
        context.resource(peer)
    elif peer not in (labels := [service["cidrBlock"] for service in oracle_services(context.region)]):
        raise invalid(f"{side}: {peer!r} is none of the region's service CIDR labels {', '.join(labels)}")


def _compute_rule(_context: Context, _rule: Record) -> dict[str, Any]:
    return {"isValid": True}


def _check_default(context: Context, record: Record) -> None:
    managed = context.resource(record.inputs["manageDefaultResourceId"])
    if managed.made_with is None:
        raise invalid(f"manageDefaultResourceId: {managed.id} is not a default resource of a VCN")


def _compute_default(context: Context, record: Record) -> dict[str, Any]:
    managed = context.resource(record.inputs["manageDefaultResourceId"])
    return {"compartmentId": record.inputs.get("compartmentId") or managed.inputs["compartmentId"]}


BEHAVIOURS = {
    "oci:Core/internetGateway:InternetGateway": Behaviour(
        kind="internetgateway", check=_check_gateway, defaults={"enabled": True}
    ),
    "oci:Core/natGateway:NatGateway": Behaviour(
        kind="natgateway", check=_check_gateway, compute=_compute_nat, defaults={"blockTraffic": False}
    ),
    "oci:Core/serviceGateway:ServiceGateway": Behaviour(
        kind="servicegateway", check=_check_gateway, defaults={"blockTraffic": False}
    ),
    "oci:Core/routeTable:RouteTable": Behaviour(kind="routetable", check=_check_routes, defaults={"routeRules": []}),
    "oci:Core/defaultSecurityList:DefaultSecurityList": Behaviour(
        kind="securitylist", check=_check_default, compute=_compute_default
    ),
    "oci:Core/securityList:SecurityList": Behaviour(kind="securitylist"),
    "oci:Core/drgAttachment:DrgAttachment": Behaviour(
        kind="drgattachment", state="ATTACHED", compute=_compute_attachment
    ),
    "oci:Core/networkSecurityGroup:NetworkSecurityGroup": Behaviour(kind="networksecuritygroup"),
    "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule": Behaviour(
        kind=None, state=None, check=_check_rule, compute=_compute_rule, defaults={"stateless": False}
    ),
}
