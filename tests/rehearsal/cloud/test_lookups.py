"""Look-ups."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from rehearsal.cloud.errors import NotModelledError, OracleError
from rehearsal.cloud.lookups import look_up
from rehearsal.state import StateDirectory
from tests.rehearsal.cloud.account import COMPARTMENT, TENANCY, VERSION, Account

pytestmark = pytest.mark.pure


def ask(account: Account, name: str, **arguments: object) -> dict[str, Any]:
    service, function = name.split(".")
    return look_up(f"oci:{service}/{function}:{function}", account.oracle.context(), arguments)


def test_an_unmodelled_look_up_is_named(account: Account) -> None:
    with pytest.raises(NotModelledError, match="oci:Core/getDrgs:getDrgs"):
        ask(account, "Core.getDrgs")


def test_services_are_filtered_by_regular_expression(account: Account) -> None:
    names = [{"name": "name", "regex": True, "values": ["All .* Services In Oracle Services Network"]}]
    (service,) = ask(account, "Core.getServices", filters=names)["services"]
    assert service["name"] == "All US-CHICAGO-1 Services In Oracle Services Network"
    assert service["cidrBlock"] == "all-chicago-services-in-oracle-services-network"


def test_a_filter_by_an_unknown_property_is_refused(account: Account) -> None:
    with pytest.raises(OracleError, match="'colour' is no property"):
        ask(account, "Core.getServices", filters=[{"name": "colour", "values": ["red"]}])


def test_the_region_offers_the_control_planes_version_and_images_for_it(account: Account) -> None:
    assert ask(account, "ContainerEngine.getClusterOption", clusterOptionId="all")["kubernetesVersions"] == [VERSION]
    given = {"nodePoolOptionId": "all", "compartmentId": COMPARTMENT}
    sources = ask(account, "ContainerEngine.getNodePoolOption", **given, nodePoolK8sVersion=VERSION)["sources"]
    assert any("-OKE-1.36.3-" in source["sourceName"] for source in sources)
    assert sources == ask(account, "ContainerEngine.getNodePoolOption", **given)["sources"]
    assert ask(account, "ContainerEngine.getNodePoolOption", **given, nodePoolK8sVersion="v1.1.1")["sources"] == []


def test_availability_domains_are_those_that_resources_take(account: Account) -> None:
    (domain,) = ask(account, "Identity.getAvailabilityDomains", compartmentId=TENANCY)["availabilityDomains"]
    assert domain["name"] == account.domain()
    assert domain["name"].endswith(":US-CHICAGO-1-AD-1")


@pytest.fixture
def cluster(account: Account) -> str:
    """A cluster with a private endpoint."""
    (account.oracle.directory / "pki").mkdir()
    (account.oracle.directory / "pki" / "ca.crt").write_text("authority")
    vcn = account.vcn()
    return account.cluster(vcn, endpointConfig={"subnetId": account.subnet(vcn, "10.140.0.0/29")})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"name": "c"}, True),
        ({"name": "c", "states": ["ACTIVE", "UPDATING"]}, True),
        ({"states": ["DELETED"]}, False),
        ({"name": "another"}, False),
        ({"compartmentId": "ocid1.compartment.oc1..elsewhere"}, False),
    ],
)
def test_clusters_are_listed_with_their_version(
    account: Account, cluster: str, asked: dict[str, object], found: bool
) -> None:
    arguments = {"compartmentId": COMPARTMENT, **asked}
    answer = look_up("oci:ContainerEngine/getClusters:getClusters", account.oracle.context(), arguments)
    assert [(each["id"], each["kubernetesVersion"]) for each in answer["clusters"]] == (
        [(cluster, VERSION)] if found else []
    )


def kubeconfig(account: Account, cluster: str, endpoint: str) -> dict[str, Any]:
    answer = ask(account, "ContainerEngine.getClusterKubeConfig", clusterId=cluster, endpoint=endpoint)
    document: dict[str, Any] = yaml.safe_load(answer["content"])
    return document


def test_the_kubeconfig_holds_no_key_but_the_program_that_gets_tokens(account: Account, cluster: str) -> None:
    found = kubeconfig(account, cluster, "PRIVATE_ENDPOINT")
    assert base64.b64decode(found["clusters"][0]["cluster"]["certificate-authority-data"]) == b"authority"
    program = found["users"][0]["user"]["exec"]
    assert program["command"] == "oci"
    assert program["args"] == ["ce", "cluster", "generate-token", "--cluster-id", cluster, "--region", "us-chicago-1"]


def test_from_the_internet_a_private_endpoint_stays_an_address_that_nothing_leads_to(
    account: Account, cluster: str
) -> None:
    [entry] = kubeconfig(account, cluster, "PRIVATE_ENDPOINT")["clusters"]
    assert entry["cluster"]["server"] == "https://10.140.0.2:6443"


def test_from_a_private_network_this_machine_stands_for_the_private_endpoint(account: Account, cluster: str) -> None:
    StateDirectory(account.oracle.directory).describe(position="10.140.0.20")
    [entry] = kubeconfig(account, cluster, "PRIVATE_ENDPOINT")["clusters"]
    assert entry["cluster"]["server"] == "https://127.0.0.1:16443"


def test_a_private_cluster_has_no_public_endpoint(account: Account, cluster: str) -> None:
    with pytest.raises(OracleError, match="has no PUBLIC_ENDPOINT"):
        kubeconfig(account, cluster, "PUBLIC_ENDPOINT")


def test_there_is_no_kubeconfig_without_a_cluster(account: Account) -> None:
    with pytest.raises(OracleError, match="404-NotAuthorizedOrNotFound"):
        ask(account, "ContainerEngine.getClusterKubeConfig", clusterId="ocid1.cluster.oc1.x.gone")
