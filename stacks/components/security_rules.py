"""Who may talk to whom in a cluster's network: one table of flows, from which both sides' rules are made.

The flows are those that OKE asks for with VCN-native pods (Oracle, "Network Resource Configuration for Cluster Creation
and Deployment"; oracle-terraform-modules/terraform-oci-oke, modules/network/nsg-*.tf). The RDMA network between GPU
hosts is none of it: its ports have no address in the VCN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Literal

MAX_RULES_PER_GROUP = 120
"""Oracle's limit of rules in one network security group."""


class Group(StrEnum):
    """A network security group."""

    API = "api"
    NODES = "nodes"
    PODS = "pods"
    LOAD_BALANCERS = "load-balancers"


class Protocol(StrEnum):
    """A transport protocol by its IANA number, as Oracle's rules have it."""

    ALL = "all"
    ICMP = "1"
    TCP = "6"
    UDP = "17"


ORACLE_SERVICES: Literal["oracle-services"] = "oracle-services"
"""The region's service network, reached through the service gateway."""

ANYWHERE = IPv4Network("0.0.0.0/0")

Peer = Group | IPv4Network | Literal["oracle-services"]

PATH_DISCOVERY = (3, 4)
"""ICMP type and code of "fragmentation needed" (RFC 792): without it, large packets vanish (RFC 1191)."""

KUBERNETES_API = (6443, 6443)
OKE_CONTROL_PLANE = (12250, 12250)
"""Where OKE's control plane takes messages of its nodes."""
NODE_PORTS = (30000, 32767)
"""Kubernetes' default range of node ports."""
KUBE_PROXY_HEALTH = (10256, 10256)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Connections that are allowed, in the direction in which they are opened; answers pass by themselves."""

    source: Peer
    to: Peer
    protocol: Protocol
    ports: tuple[int, int] | None = None
    """First and last port at the destination; unset: all."""
    why: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One side of a flow, as a rule of that side's group."""

    name: str
    """Unique among all rules, and the same from run to run."""
    group: Group
    direction: Literal["INGRESS", "EGRESS"]
    peer: Peer
    protocol: Protocol
    ports: tuple[int, int] | None
    why: str


FLOWS = (
    Flow(source=Group.NODES, to=Group.NODES, protocol=Protocol.ALL, why="nodes among themselves"),
    Flow(source=Group.PODS, to=Group.PODS, protocol=Protocol.ALL, why="pods among themselves"),
    Flow(source=Group.NODES, to=Group.PODS, protocol=Protocol.ALL, why="kubelets' probes; pods on the host network"),
    Flow(source=Group.PODS, to=Group.NODES, protocol=Protocol.ALL, why="pods on the host network; node ports"),
    Flow(source=Group.NODES, to=Group.API, protocol=Protocol.TCP, ports=KUBERNETES_API, why="kubelets to the API"),
    Flow(source=Group.NODES, to=Group.API, protocol=Protocol.TCP, ports=OKE_CONTROL_PLANE, why="nodes to OKE"),
    Flow(source=Group.PODS, to=Group.API, protocol=Protocol.TCP, ports=KUBERNETES_API, why="controllers to the API"),
    Flow(source=Group.PODS, to=Group.API, protocol=Protocol.TCP, ports=OKE_CONTROL_PLANE, why="OKE's pods to OKE"),
    Flow(source=Group.API, to=Group.API, protocol=Protocol.TCP, ports=KUBERNETES_API, why="the API among its replicas"),
    Flow(source=Group.API, to=Group.NODES, protocol=Protocol.TCP, why="kubelets' logs; webhooks on the host network"),
    Flow(source=Group.API, to=Group.PODS, protocol=Protocol.TCP, why="webhooks and aggregated APIs served by pods"),
    Flow(source=Group.API, to=ORACLE_SERVICES, protocol=Protocol.TCP, why="OKE to Oracle's services"),
    Flow(source=Group.API, to=Group.NODES, protocol=Protocol.ICMP, why="path discovery"),
    Flow(source=Group.NODES, to=Group.API, protocol=Protocol.ICMP, why="path discovery"),
    Flow(source=Group.LOAD_BALANCERS, to=Group.NODES, protocol=Protocol.TCP, ports=NODE_PORTS, why="services"),
    Flow(source=Group.LOAD_BALANCERS, to=Group.NODES, protocol=Protocol.UDP, ports=NODE_PORTS, why="services"),
    Flow(
        source=Group.LOAD_BALANCERS, to=Group.NODES, protocol=Protocol.TCP, ports=KUBE_PROXY_HEALTH, why="health checks"
    ),
    Flow(source=Group.LOAD_BALANCERS, to=Group.PODS, protocol=Protocol.ALL, why="services with pods as backends"),
    Flow(source=ANYWHERE, to=Group.NODES, protocol=Protocol.ICMP, why="path discovery"),
    Flow(source=ANYWHERE, to=Group.PODS, protocol=Protocol.ICMP, why="path discovery"),
    Flow(source=Group.NODES, to=ANYWHERE, protocol=Protocol.ALL, why="images and packages, outwards through NAT only"),
    Flow(source=Group.PODS, to=ANYWHERE, protocol=Protocol.ALL, why="data and services, outwards through NAT only"),
)


def client_flows(clients: Iterable[IPv4Network]) -> tuple[Flow, ...]:
    """The flows of those outside the network who may use the Kubernetes API."""
    return tuple(
        Flow(source=client, to=Group.API, protocol=Protocol.TCP, ports=KUBERNETES_API, why="kubectl and pulumi")
        for client in clients
    )


def rules(flows: Iterable[Flow]) -> list[Rule]:
    """Both sides of each flow: egress at a group where it starts, ingress at a group where it ends."""
    made = []
    for flow in flows:
        name = "-".join([_name(flow.source), "to", _name(flow.to), flow.protocol.name.lower()])
        if flow.ports:
            name += f"-{flow.ports[0]}"
        if isinstance(flow.source, Group):
            made.append(_rule(flow, f"{name}-egress", group=flow.source, direction="EGRESS", peer=flow.to))
        if isinstance(flow.to, Group):
            made.append(_rule(flow, f"{name}-ingress", group=flow.to, direction="INGRESS", peer=flow.source))
    return made


def _name(peer: Peer) -> str:
    """A peer as part of a resource's name."""
    return "anywhere" if peer == ANYWHERE else str(peer).replace("/", "-")


def _rule(flow: Flow, name: str, *, group: Group, direction: Literal["INGRESS", "EGRESS"], peer: Peer) -> Rule:
    return Rule(
        name=name,
        group=group,
        direction=direction,
        peer=peer,
        protocol=flow.protocol,
        ports=flow.ports,
        why=flow.why,
    )
