from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network

import pytest

from stacks.components.security_rules import (
    ANYWHERE,
    FLOWS,
    MAX_RULES_PER_GROUP,
    Flow,
    Group,
    Protocol,
    client_flows,
    rules,
)

pytestmark = pytest.mark.pure

CLIENTS = (IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24"))


def test_a_flow_between_groups_is_allowed_at_both_ends() -> None:
    egress, ingress = rules(
        [Flow(source=Group.NODES, to=Group.API, protocol=Protocol.TCP, ports=(6443, 6443), why="test")]
    )
    assert (egress.group, egress.direction, egress.peer) == (Group.NODES, "EGRESS", Group.API)
    assert (ingress.group, ingress.direction, ingress.peer) == (Group.API, "INGRESS", Group.NODES)
    assert egress.name == "nodes-to-api-tcp-6443-egress"


def test_a_flow_from_outside_is_allowed_at_the_one_end_that_is_ours() -> None:
    [rule] = rules(client_flows(CLIENTS[:1]))
    assert (rule.group, rule.direction, rule.peer, rule.ports) == (Group.API, "INGRESS", CLIENTS[0], (6443, 6443))
    assert rule.name == "203.0.113.0-24-to-api-tcp-6443-ingress"


def test_every_rule_has_a_name_of_its_own() -> None:
    names = Counter(rule.name for rule in rules([*FLOWS, *client_flows(CLIENTS)]))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_group_has_more_rules_than_oracle_allows() -> None:
    groups = Counter(rule.group for rule in rules([*FLOWS, *client_flows(CLIENTS)]))
    assert max(groups.values()) <= MAX_RULES_PER_GROUP


def test_nothing_but_path_discovery_comes_in_from_anywhere() -> None:
    inwards = [rule for rule in rules(FLOWS) if rule.direction == "INGRESS" and rule.peer == ANYWHERE]
    assert {rule.protocol for rule in inwards} == {Protocol.ICMP}


def test_the_api_does_not_talk_to_the_internet() -> None:
    outwards = [rule for rule in rules(FLOWS) if rule.group is Group.API and rule.direction == "EGRESS"]
    assert ANYWHERE not in {rule.peer for rule in outwards}


@pytest.mark.parametrize(("source", "port"), [(Group.NODES, 6443), (Group.NODES, 12250), (Group.PODS, 6443)])
def test_nodes_and_pods_reach_the_control_plane(source: Group, port: int) -> None:
    assert [
        rule
        for rule in rules(FLOWS)
        if (rule.group, rule.peer, rule.direction, rule.ports) == (Group.API, source, "INGRESS", (port, port))
    ]
