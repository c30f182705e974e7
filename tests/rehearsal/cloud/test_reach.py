"""What reaches a cluster's API: nothing that no declared route and rule leads there."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

import pytest

from rehearsal.cloud import reach
from rehearsal.cloud.errors import OracleError
from tests.rehearsal.cloud.account import Account

pytestmark = pytest.mark.pure

INTERNET, PEER, INSIDE = "203.0.113.7", "10.8.0.4", "10.140.32.9"
DRG = "ocid1.drg.oc1.us-chicago-1.aaaa"


@dataclass
class Network:
    """A network with a cluster in it, whose API nothing reaches yet."""

    account: Account
    public: bool = False
    drg: bool = False
    vcn: str = field(init=False)
    group: str = field(init=False)
    cluster: str = field(init=False)

    def __post_init__(self) -> None:
        """Make it."""
        account = self.account
        self.vcn = account.vcn()
        rules = []
        if self.public:
            gateway = account.make("oci:Core/internetGateway:InternetGateway", vcnId=self.vcn)
            rules.append(route(gateway, "0.0.0.0/0"))
        if self.drg:
            details = {"id": self.vcn, "type": "VCN"}
            account.oracle.create("oci:Core/drgAttachment:DrgAttachment", {"drgId": DRG, "networkDetails": details})
            rules.append(route(DRG, "10.8.0.0/16"))
        table = account.make("oci:Core/routeTable:RouteTable", vcnId=self.vcn, routeRules=rules)
        self.group = account.make("oci:Core/networkSecurityGroup:NetworkSecurityGroup", vcnId=self.vcn)
        subnet = account.subnet(self.vcn, "10.140.0.0/29", routeTableId=table, securityListIds=[self.empty_list()])
        endpoint = {"subnetId": subnet, "nsgIds": [self.group], "isPublicIpEnabled": self.public}
        self.cluster = account.cluster(self.vcn, endpointConfig=endpoint)

    def empty_list(self, **rules: object) -> str:
        """Make a security list with no rules but these."""
        return self.account.make("oci:Core/securityList:SecurityList", vcnId=self.vcn, **rules)

    def admit(self, source: str, port: int = 6443) -> None:
        """Let a range in."""
        self.account.oracle.create(
            "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule",
            {
                "networkSecurityGroupId": self.group,
                "direction": "INGRESS",
                "protocol": "6",
                "source": source,
                "sourceType": "CIDR_BLOCK",
                "tcpOptions": {"destinationPortRange": {"min": port, "max": port}},
            },
        )

    def bastion(self, *allowed: str, egress: tuple[dict[str, Any], ...]) -> str:
        """A bastion in a subnet of its own."""
        foot = self.account.subnet(
            self.vcn, "10.140.0.16/29", securityListIds=[self.empty_list(egressSecurityRules=list(egress))]
        )
        return self.account.make(
            "oci:Bastion/bastion:Bastion",
            name="b",
            bastionType="STANDARD",
            targetSubnetId=foot,
            clientCidrBlockAllowLists=list(allowed),
        )

    def refusal(self, source: str) -> str | None:
        """Say why an address doesn't reach the API."""
        context = self.account.oracle.context()
        return reach.refusal(context, context.resource(self.cluster), IPv4Address(source))

    def bastion_refusal(self, bastion: str, source: str) -> str | None:
        """Say why an address doesn't reach the API by the bastion."""
        context = self.account.oracle.context()
        records = context.resource(bastion), context.resource(self.cluster)
        return reach.bastion_refusal(context, *records, IPv4Address(source))


def route(gateway: str, destination: str) -> dict[str, str]:
    return {"networkEntityId": gateway, "destination": destination, "destinationType": "CIDR_BLOCK"}


TO_THE_API = {
    "protocol": "6",
    "destination": "10.140.0.0/29",
    "destinationType": "CIDR_BLOCK",
    "tcpOptions": {"min": 6443, "max": 6443},
}


def test_a_private_api_is_not_reached_from_the_internet_whatever_the_rules_admit(account: Account) -> None:
    network = Network(account)
    network.admit("0.0.0.0/0")
    assert "no public address" in str(network.refusal(INTERNET))


def test_a_public_api_is_reached_by_those_whom_a_rule_admits(account: Account) -> None:
    network = Network(account, public=True)
    network.admit("203.0.113.0/28", port=12250)
    assert "no security rule" in str(network.refusal(INTERNET))
    network.admit("203.0.113.0/28")
    assert network.refusal(INTERNET) is None
    assert "no security rule" in str(network.refusal("203.0.113.16"))


def test_from_inside_the_network_a_rule_suffices(account: Account) -> None:
    network = Network(account)
    assert "no security rule" in str(network.refusal(INSIDE))
    network.admit("10.140.32.0/20")
    assert network.refusal(INSIDE) is None


def test_a_peer_needs_the_gateway_and_a_rule(account: Account) -> None:
    network = Network(account)
    network.admit("10.8.0.0/16")
    assert "joined to no dynamic routing gateway" in str(network.refusal(PEER))


def test_a_peer_behind_the_gateway_is_let_in_by_its_range_alone(account: Account) -> None:
    network = Network(account, drg=True)
    network.admit("10.0.0.0/8")
    assert network.refusal(PEER) is None
    assert "no route" in str(network.refusal("10.9.0.4"))


def test_a_route_to_a_gateway_that_the_network_isn_t_joined_to_is_refused(account: Account) -> None:
    vcn = account.vcn()
    with pytest.raises(OracleError, match="is not attached to the VCN"):
        account.make("oci:Core/routeTable:RouteTable", vcnId=vcn, routeRules=[route(DRG, "10.8.0.0/16")])


def test_a_bastion_leads_who_is_on_its_list_where_its_subnet_and_the_api_let_it(account: Account) -> None:
    network = Network(account)
    bastion = network.bastion("203.0.113.0/24", egress=(TO_THE_API,))
    assert "none of the bastion's allowed ranges 203.0.113.0/24" in str(
        network.bastion_refusal(bastion, "198.51.100.1")
    )
    assert "no security rule" in str(network.bastion_refusal(bastion, INTERNET))
    network.admit("10.140.0.16/29")
    assert network.bastion_refusal(bastion, INTERNET) is None
    assert network.refusal(INTERNET) is not None


def test_a_bastion_whose_subnet_lets_nothing_out_leads_nowhere(account: Account) -> None:
    network = Network(account)
    network.admit("10.140.0.16/29")
    bastion = network.bastion("203.0.113.0/24", egress=())
    assert "no egress rule of the bastion's subnet" in str(network.bastion_refusal(bastion, INTERNET))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bastionType": "INTERNAL"}, "bastionType"),
        ({"maxSessionTtlInSeconds": 60}, "maxSessionTtlInSeconds: 60"),
        ({"name": "my bastion"}, "name: 'my bastion'"),
        ({"clientCidrBlockAllowLists": ["203.0.113.7/24"]}, "CIDR IP 203.0.113.7"),
    ],
)
def test_bastions_are_refused_as_by_the_service(account: Account, changes: dict[str, Any], said: str) -> None:
    inputs = {"name": "b", "bastionType": "STANDARD", "targetSubnetId": account.subnet(account.vcn()), **changes}
    with pytest.raises(OracleError, match=said):
        account.make("oci:Bastion/bastion:Bastion", **inputs)
