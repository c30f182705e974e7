from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from rackwright.specs import ClusterSpec, SpecError
from rackwright.specs.stacks import parts
from tests.stacks.conftest import Change, Declare, Edit
from tests.stacks.recording import KUBECONFIG, Run

pytestmark = pytest.mark.mocked

COMPONENTS = {
    "rackwright:network:Network": "example",
    "rackwright:cluster:Cluster": "example",
    "rackwright:system_pool:SystemPool": "system",
    "rackwright:gpu_pool:GpuPool": "h100",
}
"""Type tokens and names are part of every URN: changing one replaces all that stands below it."""

INSIDE = {
    "rackwright:platform:Platform": "example",
    "rackwright:operator:Operator": "example",
    "rackwright:scheduling:Scheduling": "example",
}
"""The same of the part that runs on the cluster."""


def resize(hosts: int) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        data["gpu_pools"][0]["hosts"] = hosts

    return edit


def components(run: Run) -> dict[str, str]:
    return {each.type: each.name for each in run.of("") if each.type.startswith("rackwright:")}


def test_components_keep_their_types_and_names(declared: Declare, spec: ClusterSpec) -> None:
    assert components(declared(spec)) == COMPONENTS
    assert components(declared(spec, "inside")) == INSIDE


def test_nothing_at_oracle_is_declared_inside_and_nothing_on_the_cluster_outside(
    declared: Declare, spec: ClusterSpec
) -> None:
    assert not [each.urn for each in declared(spec).resources if "kubernetes" in each.type]
    assert not [each.urn for each in declared(spec, "inside").resources if each.type.startswith("oci:")]


def test_the_addresses_of_rdma_interfaces_have_a_component_of_their_own(declared: Declare, changed: Change) -> None:
    run = declared(
        changed(lambda data: data.update(rdma={"pool": "172.16.0.0/19", "per_host": 32, "declare": True})), "inside"
    )
    assert components(run) == {**INSIDE, "rackwright:rdma:Rdma": "example"}
    assert "rackwright:rdma:Rdma$" in run.one("nv-ipam.nvidia.com/v1alpha1:IPPool").urn


def test_everything_but_the_components_and_providers_has_a_component_as_parent(
    declared: Declare, spec: ClusterSpec
) -> None:
    for each in (*declared(spec).resources, *declared(spec, "inside").resources):
        if each.custom and not each.type.startswith("pulumi:"):
            assert "rackwright:" in each.parent, each.urn


def test_names_are_the_same_from_run_to_run(declared: Declare, spec: ClusterSpec) -> None:
    first, second = declared(spec), declared(spec)
    assert sorted(each.urn for each in first.resources) == sorted(each.urn for each in second.resources)


def test_the_gpu_hosts_are_one_cluster_network_and_no_instance_pool_beside(
    declared: Declare, spec: ClusterSpec
) -> None:
    run = declared(spec)
    [pool] = run.one("clusterNetwork:ClusterNetwork").inputs["instancePools"]
    assert pool["size"] == 132
    assert pool["instanceConfigurationId"] == "oci:Core/instanceConfiguration:InstanceConfiguration::h100"
    assert not run.of("InstancePool")


def test_resizing_the_gpu_pool_changes_nothing_at_oracle_but_the_cluster_network(
    declared: Declare, changed: Change
) -> None:
    def at_oracle(hosts: int) -> dict[str, Any]:
        return {each.urn: each.inputs for each in declared(changed(resize(hosts))).resources if "oci:" in each.type}

    before, after = at_oracle(132), at_oracle(140)
    different = {urn for urn in before | after if before.get(urn) != after.get(urn)}
    [urn] = different
    assert urn.endswith("ClusterNetwork::h100")
    before_pool, after_pool = ({**each[urn]["instancePools"][0]} for each in (before, after))
    assert (before_pool.pop("size"), after_pool.pop("size")) == (132, 140)
    assert before_pool == after_pool


def test_the_number_of_resources_does_not_grow_with_the_hosts(declared: Declare, changed: Change) -> None:
    assert len(declared(changed(resize(132))).resources) == len(declared(changed(resize(500))).resources)


def test_hosts_learn_where_the_cluster_is_and_what_they_are(declared: Declare, spec: ClusterSpec) -> None:
    launch = declared(spec).one("InstanceConfiguration").inputs["instanceDetails"]["launchDetails"]
    assert launch["metadata"]["apiserver_host"] == "10.140.0.2"
    document = yaml.safe_load(base64.b64decode(launch["metadata"]["user_data"]))
    files = {each["path"]: each["content"] for each in document["write_files"]}
    assert files["/etc/oke/oke-apiserver"] == "10.140.0.2"
    assert json.loads(files["/etc/rackwright/node.json"])["labels"] == {"rackwright.dev/pool": "h100"}


def test_bare_metal_gets_hours_to_come_up(declared: Declare, spec: ClusterSpec) -> None:
    assert declared(spec).one("clusterNetwork:ClusterNetwork").create_timeout == "4h"


def test_hosts_may_join_before_they_boot_and_no_other_cluster(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec)
    policy = run.one("policy:Policy")
    [statement] = policy.inputs["statements"]
    assert statement == (
        "Allow dynamic-group example-hosts to {CLUSTER_JOIN} in compartment id "
        "ocid1.compartment.oc1..aaaaaaaaexamplecompartment where target.cluster.id = "
        "'oci:ContainerEngine/cluster:Cluster::example'"
    )
    assert policy.urn in run.one("clusterNetwork:ClusterNetwork").depends_on


def test_identities_are_made_in_the_home_region(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec)
    for type_ in ("dynamicGroup:DynamicGroup", "policy:Policy"):
        assert "::oracle-home::" in run.one(type_).provider
    assert "::oracle::" in run.one("vcn:Vcn").provider
    regions = {each.name: each.inputs["region"] for each in run.of("pulumi:providers:oci")}
    assert regions == {"oracle": "us-chicago-1", "oracle-home": "us-ashburn-1"}


def test_one_provider_serves_where_the_cluster_stands_in_the_home_region(declared: Declare, spec: ClusterSpec) -> None:
    home = {"regionSubscriptions": [{"regionName": "us-chicago-1", "isHomeRegion": True}]}
    run = declared(spec, look_ups={"oci:Identity/getRegionSubscriptions:getRegionSubscriptions": home})
    assert [each.name for each in run.of("pulumi:providers:oci")] == ["oracle"]


def test_the_cluster_is_enhanced_with_pods_in_the_network(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec)
    [cluster] = [each.inputs for each in run.of("oci:ContainerEngine/cluster:Cluster")]
    assert cluster["type"] == "ENHANCED_CLUSTER"
    assert cluster["clusterPodNetworkOptions"] == [{"cniType": "OCI_VCN_IP_NATIVE"}]
    assert cluster["kubernetesVersion"] == "v1.36.3"


CLUSTER_OPTION = "oci:ContainerEngine/getClusterOption:getClusterOption"
CLUSTERS = "oci:ContainerEngine/getClusters:getClusters"
NEWER = {CLUSTER_OPTION: {"kubernetesVersions": ["v1.99.0"]}}


def test_a_cluster_keeps_a_version_that_the_region_offers_no_longer(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec, look_ups={**NEWER, CLUSTERS: {"clusters": [{"kubernetesVersion": spec.kubernetes_version}]}})
    assert run.one("ContainerEngine/cluster:Cluster").inputs["kubernetesVersion"] == spec.kubernetes_version
    asked = run.calls[CLUSTERS]
    assert (asked["name"], asked["states"]) == (spec.name, ["ACTIVE", "UPDATING"])


@pytest.mark.parametrize("running", [[], [{"kubernetesVersion": "v1.98.0"}]])
def test_no_other_cluster_gets_it(declared: Declare, spec: ClusterSpec, running: list[dict[str, str]]) -> None:
    with pytest.raises(SpecError, match=r"kubernetes_version: got .* expected one of v1\.99\.0"):
        declared(spec, look_ups={**NEWER, CLUSTERS: {"clusters": running}})


def test_the_api_is_public_for_named_clients_only(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec)
    [cluster] = run.of("oci:ContainerEngine/cluster:Cluster")
    assert cluster.inputs["endpointConfig"]["isPublicIpEnabled"] is True
    assert run.calls["oci:ContainerEngine/getClusterKubeConfig:getClusterKubeConfig"]["endpoint"] == "PUBLIC_ENDPOINT"
    assert run.outputs["api_endpoint"] == "198.51.100.7:6443"
    outside = [
        each.inputs
        for each in run.of("NetworkSecurityGroupSecurityRule")
        if each.inputs["direction"] == "INGRESS" and each.inputs["sourceType"] == "CIDR_BLOCK"
    ]
    assert {each["source"] for each in outside if each["protocol"] != "1"} == {"203.0.113.0/24"}
    public = {each.name for each in run.of("subnet:Subnet") if not each.inputs["prohibitPublicIpOnVnic"]}
    assert public == {"example-api"}


def access(**access: object) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        data["place"]["network"] |= {"api_access": access}
        if access["way_in"] == "bastion":
            data["place"]["network"]["bastion"] = "10.140.0.16/29"

    return edit


def admitted(run: Run) -> set[str]:
    """The ranges that the API's group lets in to its port."""
    return {
        each.inputs["source"]
        for each in run.of("NetworkSecurityGroupSecurityRule")
        if each.inputs["direction"] == "INGRESS"
        and each.inputs["sourceType"] == "CIDR_BLOCK"
        and each.inputs["protocol"] == "6"
    }


def test_by_a_bastion_the_api_is_private_and_admits_the_bastion_s_own_subnet(
    declared: Declare, changed: Change
) -> None:
    run = declared(changed(access(way_in="bastion", public_from=["203.0.113.0/24"])))
    [cluster] = run.of("oci:ContainerEngine/cluster:Cluster")
    assert cluster.inputs["endpointConfig"]["isPublicIpEnabled"] is False
    assert run.calls["oci:ContainerEngine/getClusterKubeConfig:getClusterKubeConfig"]["endpoint"] == "PRIVATE_ENDPOINT"
    assert run.outputs["api_endpoint"] == "10.140.0.2:6443"
    assert not run.of("InternetGateway")
    assert all(each.inputs["prohibitPublicIpOnVnic"] for each in run.of("subnet:Subnet"))
    bastion = run.one("oci:Bastion/bastion:Bastion").inputs
    assert bastion["clientCidrBlockAllowLists"] == ["203.0.113.0/24"]
    assert bastion["targetSubnetId"] == "oci:Core/subnet:Subnet::example-bastion"
    assert bastion["bastionType"] == "STANDARD"
    assert admitted(run) == {"10.140.0.16/29"}
    [rule] = run.one("oci:Core/securityList:SecurityList").inputs["egressSecurityRules"]
    assert (rule["destination"], rule["protocol"], rule["tcpOptions"]) == (
        "10.140.0.0/29",
        "6",
        {"min": 6443, "max": 6443},
    )


def test_the_kubeconfig_through_a_bastion_is_for_the_tunnel_and_the_commands_open_it(
    declared: Declare, changed: Change
) -> None:
    run = declared(changed(access(way_in="bastion", public_from=["203.0.113.0/24"])))
    [entry] = yaml.safe_load(run.outputs["kubeconfig"])["clusters"]
    assert entry["cluster"]["server"] == "https://127.0.0.1:6443"
    assert entry["cluster"]["tls-server-name"] == "10.140.0.2"
    assert "--bastion-id oci:Bastion/bastion:Bastion::example --target-private-ip 10.140.0.2" in run.outputs["tunnel"]
    assert "-L 127.0.0.1:6443:10.140.0.2:6443" in run.outputs["tunnel"]


def test_peers_are_joined_by_their_gateway_with_a_way_back(declared: Declare, changed: Change) -> None:
    drg = "ocid1.drg.oc1.ord.aaaa"
    run = declared(changed(access(way_in="peered", private_from=["10.8.0.0/16"], drg_id=drg)))
    attachment = run.one("oci:Core/drgAttachment:DrgAttachment").inputs
    assert attachment["drgId"] == drg
    assert attachment["networkDetails"] == {"id": "oci:Core/vcn:Vcn::example", "type": "VCN"}
    [back] = [
        rule
        for rule in run.one("oci:Core/routeTable:RouteTable").inputs["routeRules"]
        if rule["destination"] == "10.8.0.0/16"
    ]
    assert back["networkEntityId"] == drg
    assert admitted(run) == {"10.8.0.0/16"}
    assert not run.of("Bastion")


def test_from_inside_the_network_nothing_is_opened_but_the_ranges_named(declared: Declare, changed: Change) -> None:
    run = declared(changed(access(way_in="inside", private_from=["10.140.32.0/28"])))
    assert admitted(run) == {"10.140.32.0/28"}
    assert not run.of("InternetGateway")
    assert not run.of("DrgAttachment")


def test_the_kubeconfig_s_tokens_are_got_as_the_profile_that_made_the_cluster(
    declared: Declare, spec: ClusterSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[DEFAULT]\n[CLUSTERS]\n", encoding="utf-8")
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("OCI_CLI_PROFILE", "CLUSTERS")
    run = declared(spec.model_copy(update={"name": "by-profile"}))
    [entry] = yaml.safe_load(run.outputs["kubeconfig"])["users"]
    assert entry["user"]["exec"]["args"][-4:] == [
        "--profile",
        "CLUSTERS",
        "--config-file",
        str(tmp_path / "config"),
    ]
    monkeypatch.setenv("OCI_CLI_PROFILE", "OTHERS")
    with pytest.raises(pulumi.RunError, match="has no profile OTHERS: there are DEFAULT, CLUSTERS"):
        declared(spec.model_copy(update={"name": "by-no-profile"}))


def test_every_block_of_pods_has_its_subnet(declared: Declare, changed: Change) -> None:
    def two_blocks(data: dict[str, Any]) -> None:
        data["place"]["network"]["pods"] = ["10.140.128.0/18", "10.140.192.0/18"]

    run = declared(changed(two_blocks))
    assert {each.inputs["cidrBlock"] for each in run.of("subnet:Subnet") if "pods" in each.name} == {
        "10.140.128.0/18",
        "10.140.192.0/18",
    }
    metadata = run.one("InstanceConfiguration").inputs["instanceDetails"]["launchDetails"]["metadata"]
    assert metadata["pod-subnets"] == "oci:Core/subnet:Subnet::example-pods-0,oci:Core/subnet:Subnet::example-pods-1"


def test_the_system_pool_takes_the_newest_image_and_says_its_name(declared: Declare, spec: ClusterSpec) -> None:
    pool = declared(spec).one("NodePool").inputs
    assert pool["nodeSourceDetails"]["imageId"] == "image-9"
    assert pool["initialNodeLabels"] == [{"key": "rackwright.dev/pool", "value": "system"}]
    assert pool["nodeConfigDetails"]["size"] == 3


def test_everything_at_oracle_that_takes_tags_names_its_cluster(declared: Declare, spec: ClusterSpec) -> None:
    for each in declared(spec).resources:
        if each.type.startswith("oci:") and not each.type.endswith("NetworkSecurityGroupSecurityRule"):
            assert each.inputs["freeformTags"] == {"rackwright-cluster": "example"}, each.urn


def test_the_kubeconfig_is_secret_and_other_outputs_are_not(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec)
    assert run.secret_outputs == {"kubeconfig"}
    inside = declared(spec, "inside")
    assert inside.secret_outputs == set()
    assert inside.outputs["pools"] == {"system": 3, "h100": 132}
    assert inside.outputs["queues"]["research"] == {"namespace": "research", "queue": "train", "gpus": 256}


def test_teams_end_before_the_operator_and_kueue_and_all_of_it_before_the_hosts(
    declared: Declare, spec: ClusterSpec
) -> None:
    """Deletion goes against the dependencies: what a namespace depends on outlives it. Hosts are the part before."""
    assert parts(spec.place) == ("cloud", "inside")
    run = declared(spec, "inside")
    for name in ("Namespace/research", "Topology/fabric"):
        [resource] = [each for each in run.resources if each.name == name]
        outlived = "\n".join(dependencies(run, resource.urn))
        for kept in ("Deployment::Deployment/rackwright-system", "helm.sh/v3:Release::kueue"):
            assert kept in outlived, (name, kept)


def dependencies(run: Run, urn: str) -> set[str]:
    """All that a resource depends on, directly and through others, its parent among them."""
    direct = {each.urn: {*each.depends_on, each.parent} for each in run.resources}
    found: set[str] = set()
    ahead = [urn]
    while ahead:
        for each in direct.get(ahead.pop(), ()):
            if each not in found:
                found.add(each)
                ahead.append(each)
    return found


def test_the_part_inside_takes_the_cluster_from_the_part_before(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec, "inside")
    assert run.references == ["organization/rackwright/test-cloud"]
    provider = run.one("pulumi:providers:kubernetes").inputs
    assert (provider["kubeconfig"]["value"], provider["clusterIdentifier"]) == (KUBECONFIG, "the-cluster")


def test_a_first_preview_declares_everything_with_what_is_unknown_left_open(
    declared: Declare, spec: ClusterSpec
) -> None:
    previewed, made = declared(spec, preview=True), declared(spec)
    assert {each.urn for each in previewed.resources} == {each.urn for each in made.resources}
    metadata = previewed.one("InstanceConfiguration").inputs["instanceDetails"]["launchDetails"]["metadata"]
    assert "user_data" not in metadata or not isinstance(metadata["user_data"], str)


def test_a_version_that_the_region_lacks_is_refused_with_those_it_has(declared: Declare, changed: Change) -> None:
    old = changed(lambda data: data.update(kubernetes_version="v1.20.0"))
    with pytest.raises(SpecError, match=r"kubernetes_version: got 'v1\.20\.0'; expected one of v1\.35\.2, v1\.36\.3"):
        declared(old)


def test_a_fabric_that_oracle_cannot_label_is_refused_before_anything_is_declared(
    declared: Declare, changed: Change
) -> None:
    def own_label(data: dict[str, Any]) -> None:
        data["fabric"]["levels"][2]["node_label"] = "example.com/rack"

    with pytest.raises(SpecError, match=r"fabric\.levels\.2\.node_label: got 'example\.com/rack'"):
        declared(changed(own_label))
