from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from rackwright.rendering.nodes import MAX_USER_DATA_BYTES, node_document, topology_sources, user_data
from rackwright.rendering.templates import templates_directory
from rackwright.specs import ClusterSpec, SpecError, load_document
from rackwright.specs.fabric import Fabric, FabricLevel

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"

SOURCES = {
    "customerHPCIslandId": "oci.oraclecloud.com/rdma.hpc_island_id",
    "customerNetworkBlock": "oci.oraclecloud.com/rdma.network_block_id",
    "customerLocalBlock": "oci.oraclecloud.com/rdma.local_block_id",
    "customerHostId": "oci.oraclecloud.com/rdma.host_id",
}

METADATA = {
    "customerHPCIslandId": "ocid1.hpcisland.oc1.iad.anuwcljrg5pyaf7ubvouuyq",
    "customerNetworkBlock": "ocid1.computenetworkblock.oc1.iad.anuwc7xmzl4p4wba",
    "customerLocalBlock": "ocid1.computelocalblock.oc1.iad.anuwclj4tjxbt4s6ua",
    "customerHostId": "ocid1.computebaremetalhost.oc1.iad.anuwclab3zs7y7v7q",
}


@pytest.fixture(scope="module")
def spec() -> ClusterSpec:
    return load_document(EXAMPLE, ClusterSpec)


@pytest.fixture(scope="module")
def join() -> ModuleType:
    """The script that hosts run."""
    found = importlib.util.spec_from_file_location("join", templates_directory() / "nodes" / "join.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def document(spec: ClusterSpec) -> dict[str, Any]:
    return node_document(spec.gpu_pool, spec.fabric)


def first_boot(spec: ClusterSpec, *, api_host: str, ca_base64: str) -> str:
    return user_data(document(spec), kubernetes_version=spec.kubernetes_version, api_host=api_host, ca_base64=ca_base64)


def decoded(spec: ClusterSpec) -> dict[str, Any]:
    text = base64.b64decode(first_boot(spec, api_host="10.140.0.2", ca_base64="Q0E="))
    assert text.startswith(b"#cloud-config\n")
    config: dict[str, Any] = yaml.safe_load(text)
    return config


def test_the_node_document_says_what_a_host_is_and_where_it_learns_its_place(spec: ClusterSpec) -> None:
    assert document(spec) == {
        "labels": {"rackwright.dev/pool": "h100"},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
        "unplaced_taints": ["rackwright.dev/topology=missing:NoSchedule"],
        "topology": SOURCES,
    }


def test_a_level_that_oracle_knows_nothing_of_is_refused(spec: ClusterSpec) -> None:
    levels = (FabricLevel(name="rack", node_label="example.com/rack", hosts=4), spec.fabric.levels[-1])
    fabric = Fabric(levels=levels, rails=8, ports_per_host=16, port_bandwidth_gbit_s=200)
    with pytest.raises(SpecError, match=r"fabric\.levels\.0\.node_label: got 'example\.com/rack'; expected one of oci"):
        topology_sources(fabric)


def test_first_boot_writes_the_files_that_joining_reads(spec: ClusterSpec) -> None:
    files = {each["path"]: each for each in decoded(spec)["write_files"]}
    assert files["/etc/oke/oke-apiserver"]["content"] == "10.140.0.2"
    assert (files["/etc/kubernetes/ca.crt"]["content"], files["/etc/kubernetes/ca.crt"]["encoding"]) == ("Q0E=", "b64")
    assert json.loads(files["/etc/rackwright/node.json"]["content"]) == document(spec)
    compile(files["/etc/rackwright/join.py"]["content"], "join.py", "exec")


def test_first_boot_ends_with_joining_the_specs_version(spec: ClusterSpec) -> None:
    assert decoded(spec)["runcmd"][-1] == [
        "python3",
        "/etc/rackwright/join.py",
        "--kubernetes-version",
        spec.kubernetes_version,
    ]


def test_metadata_has_room_for_it_beside_a_certificate(spec: ClusterSpec) -> None:
    certificate = base64.b64encode(bytes(2000)).decode()
    whole = first_boot(spec, api_host="255.255.255.255", ca_base64=certificate)
    assert len(whole) + len(certificate) + 2000 < MAX_USER_DATA_BYTES


def test_resizing_a_pool_leaves_the_hosts_configuration_alone(spec: ClusterSpec) -> None:
    gpu = spec.gpu_pool.model_copy(update={"hosts": spec.gpu_pool.hosts + 4})
    assert decoded(spec.model_copy(update={"gpu_pools": (gpu,)})) == decoded(spec)


def test_labels_are_the_ends_of_oracles_identifiers(join: ModuleType) -> None:
    labels = join.topology_labels(SOURCES, METADATA)
    assert labels == {
        "oci.oraclecloud.com/rdma.hpc_island_id": "af7ubvouuyq",
        "oci.oraclecloud.com/rdma.network_block_id": "7xmzl4p4wba",
        "oci.oraclecloud.com/rdma.local_block_id": "4tjxbt4s6ua",
        "oci.oraclecloud.com/rdma.host_id": "ab3zs7y7v7q",
    }


@pytest.mark.parametrize("missing", SOURCES)
@pytest.mark.parametrize("value", [None, "", 7])
def test_a_host_that_lacks_one_part_of_its_place_has_none(join: ModuleType, missing: str, value: object) -> None:
    assert join.topology_labels(SOURCES, {**METADATA, missing: value}) is None


def test_a_placed_host_joins_with_its_labels_and_the_pools_taint(join: ModuleType, spec: ClusterSpec) -> None:
    arguments = join.kubelet_arguments(document(spec), {"example.com/leaf": "a"})
    assert arguments == (
        "--node-labels=example.com/leaf=a,rackwright.dev/pool=h100"
        " --register-with-taints=nvidia.com/gpu=present:NoSchedule"
    )


def test_an_unplaced_host_joins_with_a_taint_that_no_job_tolerates(join: ModuleType, spec: ClusterSpec) -> None:
    arguments = join.kubelet_arguments(document(spec), None)
    assert arguments.endswith("NoSchedule,rackwright.dev/topology=missing:NoSchedule")
    assert "rdma" not in arguments
