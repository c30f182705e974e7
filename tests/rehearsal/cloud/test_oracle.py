"""Resources as a whole: identifiers, references, and that nothing stays behind."""

from __future__ import annotations

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.cloud.errors import NotModelledError, OracleError
from rehearsal.cloud.identifiers import kind_of
from rehearsal.cloud.oracle import Oracle
from rehearsal.cloud.regions import Region
from tests.rehearsal.cloud.account import COMPARTMENT, IMAGE, TENANCY, VERSION, Account, account_in

pytestmark = pytest.mark.pure

FORM = re.compile(r"ocid1\.[a-z]+\.oc1\.([a-z0-9-]*)\.[a-z2-7]{60}")


def everything(account: Account) -> list[str]:
    """One resource of most types, each after what it needs."""
    vcn = account.vcn()
    subnet = account.subnet(vcn)
    group = account.make("oci:Core/networkSecurityGroup:NetworkSecurityGroup", vcnId=vcn)
    nat = account.make("oci:Core/natGateway:NatGateway", vcnId=vcn)
    routes = [{"networkEntityId": nat, "destination": "0.0.0.0/0"}]
    table = account.make("oci:Core/routeTable:RouteTable", vcnId=vcn, routeRules=routes)
    cluster = account.cluster(vcn, type="ENHANCED_CLUSTER", endpointConfig={"subnetId": subnet, "nsgIds": [group]})
    configuration = account.configuration()
    network = account.cluster_network(configuration, subnet, hosts=3)
    statements = ["Allow dynamic-group g to {CLUSTER_JOIN} in tenancy"]
    policy = account.make("oci:Identity/policy:Policy", name="p", description="d", statements=statements)
    return [vcn, subnet, group, nat, table, cluster, configuration, network, policy]


def test_identifiers_have_oracles_form_and_the_regions_key(account: Account) -> None:
    for identifier in everything(account):
        match = FORM.fullmatch(identifier)
        assert match, identifier
        assert match[1] == ("" if kind_of(identifier) == "policy" else "us-chicago-1")


def test_an_old_region_has_its_short_key_in_identifiers(tmp_path: Path) -> None:
    identifier, _ = Oracle(directory=tmp_path, region=Region("us-ashburn-1")).create(
        "oci:Core/vcn:Vcn", {"compartmentId": COMPARTMENT, "cidrBlocks": ["10.0.0.0/16"]}
    )
    assert identifier.startswith("ocid1.vcn.oc1.iad.")


def test_deleting_all_that_was_made_leaves_nothing(account: Account) -> None:
    for identifier in reversed(everything(account)):
        account.oracle.delete(identifier)
    assert account.left() == 0


def test_what_is_in_use_is_not_deleted(account: Account) -> None:
    vcn, subnet, group, nat, _, _, configuration, network, _ = everything(account)
    for used in (subnet, group, nat, configuration):
        with pytest.raises(OracleError, match=r"409-Conflict.*You must remove the reference"):
            account.oracle.delete(used)
    with pytest.raises(OracleError, match=r"409-IncorrectState.*is associated with"):
        account.oracle.delete(vcn)
    account.oracle.delete(network)
    account.oracle.delete(configuration)


def test_deleting_twice_is_fine(account: Account) -> None:
    vcn = account.vcn()
    account.oracle.delete(vcn)
    account.oracle.delete(vcn)


def test_a_reference_to_nothing_or_to_another_kind_is_not_found(account: Account) -> None:
    vcn = account.vcn()
    with pytest.raises(OracleError, match=r"404-NotAuthorizedOrNotFound.*ocid1\.vcn\.oc1\.x\.gone"):
        account.subnet("ocid1.vcn.oc1.x.gone")
    with pytest.raises(OracleError, match="vcnId must be the OCID of a vcn"):
        account.subnet(account.subnet(vcn))


def test_a_failed_creation_leaves_nothing(account: Account) -> None:
    before = account.left()
    with pytest.raises(OracleError):
        account.subnet("ocid1.vcn.oc1.x.gone")
    assert account.left() == before


def test_an_unmodelled_type_is_named(account: Account) -> None:
    with pytest.raises(NotModelledError, match="oci:Core/drg:Drg"):
        account.oracle.create("oci:Core/drg:Drg", {})


def test_an_update_keeps_when_it_was_made(account: Account) -> None:
    vcn = account.vcn()
    made = account.outputs(vcn)["timeCreated"]
    inputs = {"compartmentId": COMPARTMENT, "cidrBlocks": ["10.140.0.0/16"], "displayName": "new"}
    outputs = account.oracle.update("oci:Core/vcn:Vcn", vcn, inputs)
    assert (outputs["timeCreated"], outputs["displayName"]) == (made, "new")
    assert outputs["defaultRouteTableId"] == account.outputs(vcn)["defaultRouteTableId"]


@settings(max_examples=5, deadline=None)
@given(workers=st.integers(min_value=2, max_value=8))
def test_many_at_once_lose_nothing(workers: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        account = account_in(Path(directory))
        with ThreadPoolExecutor(workers) as pool:
            made = list(pool.map(lambda index: account.vcn(f"10.{index}.0.0/16"), range(workers * 2)))
        assert all(account.oracle.read(identifier) for identifier in made)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"kubernetesVersion": "v1.20.0"}, r"Invalid kubernetesVersion: v1\.20\.0\. Supported values are v1\.36\.3"),
        ({"type": "HUGE"}, "Invalid cluster type"),
        ({"options": {"kubernetesNetworkConfig": {"servicesCidr": "10.140.0.0/20"}}}, "overlaps with the VCN"),
        ({"options": {"kubernetesNetworkConfig": {"servicesCidr": "10.97.0.0/16"}}}, "was started with 10.96.0.0/16"),
        ({"clusterPodNetworkOptions": [{"cniType": "CALICO"}]}, "valid values are OCI_VCN_IP_NATIVE"),
    ],
)
def test_bad_clusters_are_refused(account: Account, inputs: dict[str, object], message: str) -> None:
    with pytest.raises(OracleError, match=message):
        account.cluster(account.vcn(), **inputs)


def test_a_cluster_needs_a_control_plane(tmp_path: Path) -> None:
    account = Account(Oracle(directory=tmp_path, region=Region("us-chicago-1")))
    with pytest.raises(OracleError, match="no control plane runs in"):
        account.cluster(account.vcn())


def test_there_is_room_for_one_cluster(account: Account) -> None:
    vcn = account.vcn()
    account.cluster(vcn)
    with pytest.raises(OracleError, match=r"LimitExceeded.*one control plane"):
        account.cluster(vcn, name="d")


def test_self_managed_hosts_need_an_enhanced_cluster(account: Account) -> None:
    vcn = account.vcn()
    subnet = account.subnet(vcn)
    account.cluster(vcn)
    configuration = account.configuration(metadata={"apiserver_host": "10.140.0.2"})
    with pytest.raises(OracleError, match="self-managed nodes need one of type ENHANCED_CLUSTER"):
        account.cluster_network(configuration, subnet, hosts=1)


def test_metadata_has_oracles_limit(account: Account) -> None:
    with pytest.raises(OracleError, match="the limit is 32000"):
        account.configuration(metadata={"user_data": "A" * 32_000})


def test_a_node_pool_of_vcn_native_pods_needs_their_subnets(account: Account) -> None:
    vcn = account.vcn()
    subnet = account.subnet(vcn)
    cluster = account.cluster(vcn, clusterPodNetworkOptions=[{"cniType": "OCI_VCN_IP_NATIVE"}])
    placements = [{"availabilityDomain": account.domain(), "subnetId": subnet}]
    with pytest.raises(OracleError, match="podSubnetIds is required"):
        account.make(
            "oci:ContainerEngine/nodePool:NodePool",
            clusterId=cluster,
            name="system",
            nodeShape="BM.GPU.H100.8",
            kubernetesVersion=VERSION,
            nodeSourceDetails={"imageId": IMAGE, "sourceType": "IMAGE"},
            nodeConfigDetails={"size": 0, "placementConfigs": placements},
        )


def test_names_of_policies_are_taken_once(account: Account) -> None:
    given = {"compartmentId": TENANCY, "name": "g", "description": "d", "matchingRule": "ALL {instance.id = 'x'}"}
    account.make("oci:Identity/dynamicGroup:DynamicGroup", **given)
    with pytest.raises(OracleError, match="409-EntityAlreadyExists"):
        account.make("oci:Identity/dynamicGroup:DynamicGroup", **given)


def test_names_that_were_told_before_anything_was_made_stay_true(account: Account) -> None:
    told = account.domain()
    account.vcn()
    assert account.domain() == told
