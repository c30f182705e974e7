"""Look-ups."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from rehearsal.cloud.errors import NotModelledError, OracleError
from rehearsal.cloud.lookups import look_up
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


def test_the_kubeconfig_names_key_and_certificate_by_file_and_holds_the_authority(account: Account) -> None:
    directory = account.oracle.directory
    (directory / "ca.pem").write_text("authority")
    (directory / "kubeconfigs").mkdir()
    entry = {"server": "https://127.0.0.1:1", "certificate-authority": str(directory / "ca.pem")}
    user = {"client-certificate": "/somewhere/admin.pem", "client-key": "/somewhere/admin.key"}
    document = {"clusters": [{"name": "c", "cluster": entry}], "users": [{"name": "u", "user": user}]}
    (directory / "kubeconfigs" / "admin.yaml").write_text(yaml.safe_dump(document))
    content = ask(account, "ContainerEngine.getClusterKubeConfig", clusterId=account.cluster(account.vcn()))["content"]
    found = yaml.safe_load(content)
    assert base64.b64decode(found["clusters"][0]["cluster"]["certificate-authority-data"]) == b"authority"
    assert found["users"][0]["user"] == user


def test_there_is_no_kubeconfig_without_a_cluster(account: Account) -> None:
    with pytest.raises(OracleError, match="404-NotAuthorizedOrNotFound"):
        ask(account, "ContainerEngine.getClusterKubeConfig", clusterId="ocid1.cluster.oc1.x.gone")
