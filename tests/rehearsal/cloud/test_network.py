"""Networks refuse what Oracle refuses."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.cloud.errors import OracleError
from rehearsal.cloud.services.routing import MAX_RULES_PER_GROUP, oracle_services
from tests.rehearsal.cloud.account import COMPARTMENT, Account, account_in

pytestmark = pytest.mark.pure

BLOCKS = st.builds(
    lambda address, prefix: ipaddress.IPv4Network((address, prefix), strict=False),
    st.integers(min_value=int(ipaddress.IPv4Address("10.0.0.0")), max_value=int(ipaddress.IPv4Address("10.3.255.255"))),
    st.integers(min_value=16, max_value=30),
)


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(BLOCKS, min_size=1, max_size=4))
def test_a_subnet_is_taken_exactly_when_it_is_inside_and_overlaps_none(blocks: list[ipaddress.IPv4Network]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        account = account_in(Path(directory))
        outer = ipaddress.IPv4Network("10.0.0.0/15"), ipaddress.IPv4Network("10.2.0.0/16")
        vcn = account.vcn("10.0.0.0/16", "10.1.0.0/16", str(outer[1]))
        sixteens = [ipaddress.IPv4Network(f"10.{index}.0.0/16") for index in range(3)]
        taken: list[ipaddress.IPv4Network] = []
        for block in blocks:
            fits = any(block.subnet_of(each) for each in sixteens) and not any(block.overlaps(each) for each in taken)
            if fits:
                account.subnet(vcn, str(block))
                taken.append(block)
            else:
                with pytest.raises(OracleError, match=r"^400-InvalidParameter, The requested CIDR"):
                    account.subnet(vcn, str(block))


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (["10.0.1.0/16"], r"CIDR IP 10\.0\.1\.0 does not match network IP 10\.0\.0\.0"),
        (["10.0.0.0/8"], r"between /16 and /30"),
        (["10.0.0.0/16", "10.0.0.0/20"], r"overlaps with the CIDR"),
        (["ten"], r"The requested CIDR ten is invalid"),
        ([f"10.{index}.0.0/16" for index in range(6)], r"400-LimitExceeded, .*limit is 5"),
        ([], r"At least one CIDR block"),
    ],
)
def test_bad_blocks_of_a_network_are_refused(account: Account, blocks: list[str], message: str) -> None:
    with pytest.raises(OracleError, match=message):
        account.make("oci:Core/vcn:Vcn", cidrBlocks=blocks)
    assert account.left() == 0


def test_a_network_keeps_the_blocks_that_its_subnets_use(account: Account) -> None:
    vcn = account.vcn("10.140.0.0/16", "10.141.0.0/16")
    account.subnet(vcn, "10.141.0.0/24")
    with pytest.raises(OracleError, match=r"409-IncorrectState, The subnet ocid1\.subnet"):
        account.oracle.update("oci:Core/vcn:Vcn", vcn, {"compartmentId": COMPARTMENT, "cidrBlocks": ["10.140.0.0/16"]})
    assert account.outputs(vcn)["cidrBlocks"] == ["10.140.0.0/16", "10.141.0.0/16"]


def test_a_network_comes_with_defaults_that_go_with_it(account: Account) -> None:
    vcn = account.vcn()
    table = account.outputs(vcn)["defaultRouteTableId"]
    assert account.oracle.read(table) is not None
    account.oracle.delete(vcn)
    assert account.oracle.read(table) is None
    assert account.left() == 0


def test_a_default_security_list_is_managed_and_then_reset(account: Account) -> None:
    managed = account.outputs(account.vcn())["defaultSecurityListId"]
    token, given = "oci:Core/defaultSecurityList:DefaultSecurityList", {"manageDefaultResourceId": managed}
    rules = [{"protocol": "all", "destination": "0.0.0.0/0"}]
    identifier, outputs = account.oracle.create(token, {**given, "egressSecurityRules": rules})
    assert (identifier, outputs["egressSecurityRules"]) == (managed, rules)
    account.oracle.update(token, managed, {**given, "egressSecurityRules": []})
    assert account.outputs(managed)["egressSecurityRules"] == []
    account.oracle.delete(managed)
    assert "egressSecurityRules" not in account.outputs(managed)


@pytest.mark.parametrize(
    ("label", "message"), [("with-dash", "letters and digits"), ("a" * 16, "letters and digits"), ("1a", "starting")]
)
def test_bad_dns_labels_are_refused(account: Account, label: str, message: str) -> None:
    with pytest.raises(OracleError, match=message):
        account.vcn(dnsLabel=label)


def test_dns_labels_of_subnets_need_one_of_the_network_and_differ(account: Account) -> None:
    with pytest.raises(OracleError, match="has no DNS label"):
        account.subnet(account.vcn(), dnsLabel="nodes")
    vcn = account.vcn("10.150.0.0/16", dnsLabel="east")
    subnet = account.subnet(vcn, "10.150.0.0/24", dnsLabel="nodes")
    assert account.outputs(subnet)["subnetDomainName"] == "nodes.east.oraclevcn.com"
    with pytest.raises(OracleError, match="already"):
        account.subnet(vcn, "10.150.1.0/24", dnsLabel="nodes")


def test_a_network_has_one_gateway_of_each_kind(account: Account) -> None:
    vcn = account.vcn()
    account.make("oci:Core/natGateway:NatGateway", vcnId=vcn)
    account.make("oci:Core/internetGateway:InternetGateway", vcnId=vcn)
    with pytest.raises(OracleError, match=r"LimitExceeded.*limit is 1 natgateway"):
        account.make("oci:Core/natGateway:NatGateway", vcnId=vcn)


def test_routes_lead_to_gateways_of_the_same_network(account: Account) -> None:
    vcn, other = account.vcn(), account.vcn("10.150.0.0/16")
    gateway = account.make("oci:Core/natGateway:NatGateway", vcnId=other)
    rule = {"networkEntityId": gateway, "destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK"}
    with pytest.raises(OracleError, match="does not belong to the VCN"):
        account.make("oci:Core/routeTable:RouteTable", vcnId=vcn, routeRules=[rule])
    with pytest.raises(OracleError, match="two rules for destination"):
        account.make("oci:Core/routeTable:RouteTable", vcnId=other, routeRules=[rule, rule])


def test_services_are_reached_through_a_service_gateway_alone(account: Account) -> None:
    vcn, (service, *_) = account.vcn(), oracle_services(account.oracle.region)
    services = [{"serviceId": service["id"]}]
    through = account.make("oci:Core/serviceGateway:ServiceGateway", vcnId=vcn, services=services)
    nat = account.make("oci:Core/natGateway:NatGateway", vcnId=vcn)
    rule = {"destination": service["cidrBlock"], "destinationType": "SERVICE_CIDR_BLOCK"}
    with pytest.raises(OracleError, match="through a service gateway"):
        account.make("oci:Core/routeTable:RouteTable", vcnId=vcn, routeRules=[{**rule, "networkEntityId": nat}])
    account.make("oci:Core/routeTable:RouteTable", vcnId=vcn, routeRules=[{**rule, "networkEntityId": through}])


RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"


def rule(account: Account, group: str, **inputs: object) -> str:
    base = {"networkSecurityGroupId": group, "direction": "INGRESS", "protocol": "6"}
    return account.oracle.create(RULE, {**base, "source": "10.0.0.0/8", "sourceType": "CIDR_BLOCK", **inputs})[0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"direction": "SIDEWAYS"}, "valid values are EGRESS, INGRESS"),
        ({"direction": "EGRESS"}, "destination and destinationType are required"),
        ({"source": "10.0.0.1/8"}, "does not match network IP"),
        (
            {"protocol": "17", "tcpOptions": {"destinationPortRange": {"min": 1, "max": 2}}},
            "valid with protocol 6 only",
        ),
        ({"tcpOptions": {"destinationPortRange": {"min": 9, "max": 2}}}, "9 to 2 is no range"),
        ({"sourceType": "NETWORK_SECURITY_GROUP", "source": "ocid1.networksecuritygroup.oc1.x.a"}, "404-NotAuthorized"),
    ],
)
def test_bad_security_rules_are_refused(account: Account, inputs: dict[str, Any], message: str) -> None:
    group = account.make("oci:Core/networkSecurityGroup:NetworkSecurityGroup", vcnId=account.vcn())
    with pytest.raises(OracleError, match=message):
        rule(account, group, **inputs)


def test_a_group_has_a_limit_of_rules(account: Account) -> None:
    group = account.make("oci:Core/networkSecurityGroup:NetworkSecurityGroup", vcnId=account.vcn())
    for _ in range(MAX_RULES_PER_GROUP):
        rule(account, group)
    with pytest.raises(OracleError, match="LimitExceeded"):
        rule(account, group)
