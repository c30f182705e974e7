"""The cluster's network at Oracle: VCN, gateways, routes, subnets, and the security groups with their rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_oci as oci

from rackwright.specs import network as specs
from rackwright.specs.api_access import ApiAccess
from stacks.components.security_rules import (
    ANYWHERE,
    FLOWS,
    KUBERNETES_API,
    ORACLE_SERVICES,
    PATH_DISCOVERY,
    Group,
    Peer,
    Protocol,
    Rule,
    client_flows,
    rules,
)

DNS_LABEL_LENGTH = 15
"""Characters in a DNS label of a VCN or subnet: letters and digits, a letter first (Oracle's limit)."""


@dataclass(frozen=True, kw_only=True)
class ServiceNetwork:
    """Oracle's own services (object storage, registries, …) as a service gateway knows them."""

    service_id: str
    cidr_label: str
    """Stands for all of their addresses in routes and rules, such as `all-ord-services-in-oracle-services-network`."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network is made from."""

    addresses: specs.Network
    compartment_id: str
    services: ServiceNetwork
    tags: dict[str, str]


class Network(pulumi.ComponentResource):
    """A VCN in which hosts and pods have no public address, and the API has one only where clients come that way."""

    addresses: specs.Network
    vcn_id: pulumi.Output[str]
    subnet_ids: dict[str, pulumi.Output[str]]
    """By the name of the field in the spec: `api`, `load_balancers`, `nodes`, `pods.0`, …"""
    group_ids: dict[Group, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:network:Network", name, {}, opts)
        addresses = args.addresses
        self.addresses = addresses
        self._common: dict[str, Any] = {"compartment_id": args.compartment_id, "freeform_tags": args.tags}
        self._name = name
        vcn = oci.core.Vcn(
            name,
            display_name=name,
            cidr_blocks=[str(block) for block in addresses.vcn],
            dns_label=dns_label(name),
            opts=pulumi.ResourceOptions(parent=self),
            **self._common,
        )
        self.vcn_id = vcn.id
        self._common["vcn_id"] = vcn.id
        # Subnets start with the VCN's default security list: empty, so that the groups alone decide.
        closed = oci.core.DefaultSecurityList(
            f"{name}-closed",
            manage_default_resource_id=vcn.default_security_list_id,
            compartment_id=args.compartment_id,
            freeform_tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        access = addresses.api_access
        joined = self._joined(access)
        private = self._private_routes(args.services, joined)
        api_routes = self._public_routes(joined) if access.has_public_endpoint else private
        self.subnet_ids = {
            field: oci.core.Subnet(
                f"{name}-{field.replace('.', '-').replace('_', '-')}",
                display_name=f"{name}-{field}",
                cidr_block=str(block),
                dns_label=dns_label(field),
                prohibit_public_ip_on_vnic=not (field == "api" and access.has_public_endpoint),
                route_table_id=(api_routes if field == "api" else private).id,
                security_list_ids=[(self._sessions(addresses.api, block) if field == "bastion" else closed).id],
                opts=pulumi.ResourceOptions(parent=self),
                **self._common,
            ).id
            for field, block in addresses.subnets().items()
        }
        groups = {
            group: oci.core.NetworkSecurityGroup(
                f"{name}-{group}",
                display_name=f"{name}-{group}",
                opts=pulumi.ResourceOptions(parent=self),
                **self._common,
            )
            for group in Group
        }
        self.group_ids = {group: resource.id for group, resource in groups.items()}
        for rule in rules([*FLOWS, *client_flows([*access.api_ranges, *filter(None, [addresses.bastion])])]):
            self._rule(rule, args.services)
        self.register_outputs({"vcn_id": self.vcn_id})

    @property
    def pod_subnet_ids(self) -> list[pulumi.Output[str]]:
        """The pods' subnets, in the order of the spec."""
        return [subnet_id for field, subnet_id in self.subnet_ids.items() if field.startswith("pods.")]

    def _sessions(self, api: IPv4Network, own: IPv4Network) -> oci.core.SecurityList:
        """What a bastion may do in the network, where no group can be given to it: speak to the API."""
        first, last = KUBERNETES_API
        return oci.core.SecurityList(
            f"{self._name}-bastion",
            display_name=f"{self._name}-bastion",
            egress_security_rules=[
                oci.core.SecurityListEgressSecurityRuleArgs(
                    protocol=Protocol.TCP.value,
                    destination=str(api),
                    destination_type="CIDR_BLOCK",
                    description="sessions to the API",
                    tcp_options=oci.core.SecurityListEgressSecurityRuleTcpOptionsArgs(min=first, max=last),
                )
            ],
            ingress_security_rules=[
                oci.core.SecurityListIngressSecurityRuleArgs(
                    protocol=Protocol.TCP.value,
                    source=str(own),
                    source_type="CIDR_BLOCK",
                    description="the service within its own subnet",
                    tcp_options=oci.core.SecurityListIngressSecurityRuleTcpOptionsArgs(min=first, max=last),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
            **self._common,
        )

    def _joined(self, access: ApiAccess) -> list[oci.core.RouteTableRouteRuleArgs]:
        """Join the network to the gateway of its peers; the routes that lead back to them."""
        if access.drg_id is None:
            return []
        attachment = oci.core.DrgAttachment(
            f"{self._name}-peers",
            display_name=f"{self._name}-peers",
            drg_id=access.drg_id,
            network_details=oci.core.DrgAttachmentNetworkDetailsArgs(id=self.vcn_id, type="VCN"),
            freeform_tags=self._common["freeform_tags"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [_route(attachment.drg_id, str(block), "CIDR_BLOCK") for block in access.private_from]

    def _private_routes(
        self, services: ServiceNetwork, joined: Sequence[oci.core.RouteTableRouteRuleArgs]
    ) -> oci.core.RouteTable:
        """Outwards through NAT, to Oracle's own services directly; inwards nothing but from peers."""
        opts = pulumi.ResourceOptions(parent=self)
        nat = oci.core.NatGateway(f"{self._name}-nat", display_name=f"{self._name}-nat", opts=opts, **self._common)
        gateway = oci.core.ServiceGateway(
            f"{self._name}-services",
            display_name=f"{self._name}-services",
            services=[oci.core.ServiceGatewayServiceArgs(service_id=services.service_id)],
            opts=opts,
            **self._common,
        )
        return oci.core.RouteTable(
            f"{self._name}-private",
            display_name=f"{self._name}-private",
            route_rules=[
                _route(nat.id, str(ANYWHERE), "CIDR_BLOCK"),
                _route(gateway.id, services.cidr_label, "SERVICE_CIDR_BLOCK"),
                *joined,
            ],
            opts=opts,
            **self._common,
        )

    def _public_routes(self, joined: Sequence[oci.core.RouteTableRouteRuleArgs]) -> oci.core.RouteTable:
        """To and from the Internet, for the API's public address."""
        opts = pulumi.ResourceOptions(parent=self)
        gateway = oci.core.InternetGateway(
            f"{self._name}-internet", display_name=f"{self._name}-internet", enabled=True, opts=opts, **self._common
        )
        return oci.core.RouteTable(
            f"{self._name}-public",
            display_name=f"{self._name}-public",
            route_rules=[_route(gateway.id, str(ANYWHERE), "CIDR_BLOCK"), *joined],
            opts=opts,
            **self._common,
        )

    def _rule(self, rule: Rule, services: ServiceNetwork) -> None:
        """One rule of one security group."""
        peer, peer_type = self._peer(rule.peer, services)
        side = "source" if rule.direction == "INGRESS" else "destination"
        sides: dict[str, Any] = {side: peer, f"{side}_type": peer_type}
        oci.core.NetworkSecurityGroupSecurityRule(
            f"{self._name}-{rule.name}",
            network_security_group_id=self.group_ids[rule.group],
            direction=rule.direction,
            protocol=rule.protocol.value,
            description=rule.why,
            stateless=False,
            opts=pulumi.ResourceOptions(parent=self),
            **sides,
            **_protocol_options(rule),
        )

    def _peer(self, peer: Peer, services: ServiceNetwork) -> tuple[pulumi.Input[str], str]:
        """The other side of a rule as Oracle writes it, and which kind of thing it is."""
        if isinstance(peer, Group):
            return self.group_ids[peer], "NETWORK_SECURITY_GROUP"
        if isinstance(peer, IPv4Network):
            return str(peer), "CIDR_BLOCK"
        if peer == ORACLE_SERVICES:
            return services.cidr_label, "SERVICE_CIDR_BLOCK"
        raise ValueError(f"no such peer: {peer!r}")


def dns_label(name: str) -> str:
    """A name as Oracle's DNS labels allow it. `name` starts with a letter."""
    return re.sub(r"[^a-z0-9]", "", name)[:DNS_LABEL_LENGTH]


def _route(gateway_id: pulumi.Input[str], destination: str, destination_type: str) -> oci.core.RouteTableRouteRuleArgs:
    return oci.core.RouteTableRouteRuleArgs(
        network_entity_id=gateway_id, destination=destination, destination_type=destination_type
    )


def _protocol_options(rule: Rule) -> dict[str, Any]:
    """The options that a rule's protocol has at Oracle: ports, or the ICMP message."""
    if rule.protocol is Protocol.ICMP:
        icmp_type, code = PATH_DISCOVERY
        return {"icmp_options": oci.core.NetworkSecurityGroupSecurityRuleIcmpOptionsArgs(type=icmp_type, code=code)}
    if rule.ports is None:
        return {}
    first, last = rule.ports
    if rule.protocol is Protocol.TCP:
        tcp = oci.core.NetworkSecurityGroupSecurityRuleTcpOptionsDestinationPortRangeArgs(min=first, max=last)
        return {
            "tcp_options": oci.core.NetworkSecurityGroupSecurityRuleTcpOptionsArgs(destination_port_range=tcp),
        }
    udp = oci.core.NetworkSecurityGroupSecurityRuleUdpOptionsDestinationPortRangeArgs(min=first, max=last)
    return {"udp_options": oci.core.NetworkSecurityGroupSecurityRuleUdpOptionsArgs(destination_port_range=udp)}
