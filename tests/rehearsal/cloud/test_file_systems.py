"""What the simulated File Storage and Lustre take and refuse."""

from __future__ import annotations

import pytest

from rehearsal.cloud.errors import OracleError
from rehearsal.cloud.services.file_systems import EXPORT, LUSTRE, MOUNT_TARGET
from tests.rehearsal.cloud.account import TENANCY, Account

pytestmark = pytest.mark.pure

LUSTRE_MAY = "Allow service lustrefs to use virtual-network-family in tenancy"


def lustre_inputs(account: Account, **inputs: object) -> dict[str, object]:
    subnet = account.subnet(account.vcn(), "10.140.4.0/22")
    return {
        "availabilityDomain": account.domain(),
        "subnetId": subnet,
        "fileSystemName": "lustrefs",
        "capacityInGbs": 31_200,
        "performanceTier": "MBPS_PER_TB_125",
        "rootSquashConfiguration": {"identitySquash": "NONE"},
        **inputs,
    }


def allow_lustre(account: Account) -> None:
    account.make(
        "oci:Identity/policy:Policy", compartmentId=TENANCY, name="lustre", description="-", statements=[LUSTRE_MAY]
    )


def mount_target(account: Account, subnet: str, **inputs: object) -> str:
    return account.make(MOUNT_TARGET, availabilityDomain=account.domain(), subnetId=subnet, **inputs)


def test_lustre_has_no_subnet_before_a_policy_lets_its_service_use_the_network(account: Account) -> None:
    inputs = lustre_inputs(account)
    with pytest.raises(OracleError, match=r"404-NotAuthorizedOrNotFound.*service lustrefs"):
        account.make(LUSTRE, **inputs)
    allow_lustre(account)
    outputs = account.outputs(account.make(LUSTRE, **inputs))
    assert outputs["managementServiceAddress"].startswith("10.140.4.")


def test_lustre_asks_for_the_whole_tenancys_network(account: Account) -> None:
    inputs = lustre_inputs(account)
    statement = "Allow service lustrefs to use virtual-network-family in compartment training"
    account.make("oci:Identity/policy:Policy", name="lustre", description="-", statements=[statement])
    with pytest.raises(OracleError, match="service lustrefs"):
        account.make(LUSTRE, **inputs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"capacityInGbs": 20_000}, "31200 and more in steps of 10400"),
        ({"capacityInGbs": 31_201}, "31200 and more in steps of 10400"),
        ({"capacityInGbs": 135_200}, "in steps of 41600"),
        ({"performanceTier": "MBPS_PER_TB_750"}, "Supported values are MBPS_PER_TB_125"),
        ({"fileSystemName": "checkpoints"}, "is not 1 to 8 letters"),
        ({"capacityInGbs": 1_747_200}, "has 1024 addresses; the file system needs 1049"),
    ],
)
def test_lustre_is_made_in_oracles_sizes_only(account: Account, inputs: dict[str, object], message: str) -> None:
    allow_lustre(account)
    with pytest.raises(OracleError, match=message):
        account.make(LUSTRE, **lustre_inputs(account, **inputs))


def test_lustre_grows_and_never_shrinks(account: Account) -> None:
    allow_lustre(account)
    inputs = {"compartmentId": "ocid1.compartment.oc1..aaaaaaaabbbb", **lustre_inputs(account, capacityInGbs=41_600)}
    identifier, _ = account.oracle.create(LUSTRE, inputs)
    account.oracle.update(LUSTRE, identifier, {**inputs, "capacityInGbs": 52_000})
    with pytest.raises(OracleError, match="can't be made smaller"):
        account.oracle.update(LUSTRE, identifier, {**inputs, "capacityInGbs": 41_600})


def test_a_new_mount_target_has_one_gigabit_and_gets_more_by_an_update(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    with pytest.raises(OracleError, match="a new one has 1 Gbps"):
        mount_target(account, subnet, requestedThroughput="20")
    made = mount_target(account, subnet)
    found = account.oracle.read(made)
    assert found is not None
    outputs = account.oracle.update(MOUNT_TARGET, made, {**found[0], "requestedThroughput": "20"})
    assert outputs["observedThroughput"] == "20"


def test_a_domain_has_few_mount_targets(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    for _ in range(2):
        mount_target(account, subnet)
    with pytest.raises(OracleError, match=r"400-LimitExceeded.*limit is 2 mount targets"):
        mount_target(account, subnet)


def test_mount_targets_have_addresses_of_their_own_and_an_export_set_that_goes_with_them(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    one, other = (mount_target(account, subnet) for _ in range(2))
    assert account.outputs(one)["ipAddress"] != account.outputs(other)["ipAddress"]
    export_set = account.outputs(one)["exportSetId"]
    account.oracle.delete(one)
    assert account.oracle.read(export_set) is None


def test_an_address_is_given_once(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    address = account.outputs(mount_target(account, subnet))["ipAddress"]
    with pytest.raises(OracleError, match=f"{address} is no free address"):
        mount_target(account, subnet, ipAddress=address)


def test_a_host_does_not_get_a_file_systems_address(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    address = account.outputs(mount_target(account, subnet))["ipAddress"]
    network = account.cluster_network(account.configuration(), subnet, hosts=3)
    assert address not in [host.address for host in account.oracle.context().cloud.hosts_of(network)]


def test_a_mount_target_keeps_the_address_that_it_asked_for(account: Account) -> None:
    subnet = account.subnet(account.vcn())
    made = mount_target(account, subnet, ipAddress="10.140.0.9")
    found = account.oracle.read(made)
    assert found is not None
    assert account.oracle.update(MOUNT_TARGET, made, {**found[0], "displayName": "a"})["ipAddress"] == "10.140.0.9"


def test_a_path_is_exported_once(account: Account) -> None:
    target = mount_target(account, account.subnet(account.vcn()))
    file_system = account.make("oci:FileStorage/fileSystem:FileSystem", availabilityDomain=account.domain())
    inputs = {"exportSetId": account.outputs(target)["exportSetId"], "fileSystemId": file_system}
    account.oracle.create(EXPORT, {**inputs, "path": "/research"})
    with pytest.raises(OracleError, match="is exported by"):
        account.oracle.create(EXPORT, {**inputs, "path": "/research"})
    with pytest.raises(OracleError, match="doesn't begin with"):
        account.oracle.create(EXPORT, {**inputs, "path": "research"})
    with pytest.raises(OracleError, match="NotAuthorizedOrNotFound"):
        account.oracle.create(EXPORT, {**inputs, "fileSystemId": target, "path": "/other"})


def test_a_file_system_stays_while_it_is_exported(account: Account) -> None:
    target = mount_target(account, account.subnet(account.vcn()))
    file_system = account.make("oci:FileStorage/fileSystem:FileSystem", availabilityDomain=account.domain())
    account.oracle.create(
        EXPORT, {"exportSetId": account.outputs(target)["exportSetId"], "fileSystemId": file_system, "path": "/a"}
    )
    with pytest.raises(OracleError, match="409"):
        account.oracle.delete(file_system)
