"""Bad cluster specs, each with the message that it gets."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from rackwright.specs import ClusterSpec, SpecError
from rackwright.specs.documents import validate_document
from rackwright.specs.places import OraclePlace

pytestmark = pytest.mark.pure

Change = Callable[[dict[str, Any]], None]

GOOD: dict[str, Any] = {
    "name": "demo",
    "place": {
        "kind": "oracle",
        "region": "us-chicago-1",
        "tenancy_id": "ocid1.tenancy.oc1..aaaa",
        "compartment_id": "ocid1.compartment.oc1..aaaa",
        "image_id": "ocid1.image.oc1.us-chicago-1.aaaa",
        "system_shape": {"name": "VM.Standard.E5.Flex", "ocpus": 8, "memory_gb": 64},
        "network": {
            "vcn": ["10.140.0.0/16"],
            "api": "10.140.0.0/28",
            "load_balancers": "10.140.1.0/24",
            "nodes": "10.140.16.0/20",
            "pods": ["10.140.128.0/17"],
            "services": "10.96.0.0/16",
            "api_access": {"way_in": "public", "public_from": ["203.0.113.0/24"]},
        },
    },
    "kubernetes_version": "v1.36.3",
    "fabric": {
        "levels": [
            {"name": "leaf", "node_label": "example.com/leaf", "hosts": 32},
            {"name": "host", "node_label": "kubernetes.io/hostname", "hosts": 1},
        ],
        "rails": 8,
        "ports_per_host": 16,
        "port_bandwidth_gbit_s": 200,
    },
    "system_pool": {"name": "system", "hosts": 3},
    "gpu_pools": [
        {
            "name": "h100",
            "shape": "BM.GPU.H100.8",
            "hosts": 130,
            "spares": 2,
            "gpu": "h100-sxm-80gb",
            "gpus_per_host": 8,
            "allocatable": {"cpu": 200, "memory_gib": 1800, "rdma_interfaces": 16},
        },
    ],
    "queues": {
        "cohort": "demo",
        "teams": [{"name": "research", "gpus": 1024}],
        "priorities": [{"name": "normal", "value": 1000}],
    },
}


def put(path: str, value: object) -> Change:
    """A change of one field, named as in messages."""

    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = data
        for part in parents:
            place = place[int(part)] if part.isdigit() else place[part]
        place[int(last) if last.isdigit() else last] = value

    return change


def test_the_good_spec_is_taken() -> None:
    spec = validate_document(GOOD, ClusterSpec, source="cluster.yaml")
    assert spec.gpu_pool.schedulable_gpus() == 1024


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            put("gpu_pools.0.gpus_per_host", -8),
            "gpu_pools.0.gpus_per_host: got -8; expected at least 1. Raise it to 1 or more.",
        ),
        (put("gpu_pools.0.hosts", -1), "gpu_pools.0.hosts: got -1; expected at least 0."),
        (
            put("gpu_pools.0.spares", 131),
            "gpu_pools.0.spares: got 131; expected at most the pool's 130 hosts. Add hosts or",
        ),
        (put("gpu_pools.0.name", "system"), "gpu_pools: got ['system', 'system']; expected a name of its own for each"),
        (
            put("gpu_pools", [GOOD["gpu_pools"][0], {**GOOD["gpu_pools"][0], "name": "b200"}]),
            "gpu_pools: got ['h100', 'b200']; expected one pool, since jobs can't choose between several yet. Keep one",
        ),
        (put("gpu_pools", []), "gpu_pools: got []; expected at least 1 entries."),
        (put("place.image_id", "ubuntu"), "place.image_id: got 'ubuntu'; expected an image's OCID. Import the image"),
        (
            put("place.system_shape.name", "VM.Standard2.8"),
            "place.system_shape.name: got 'VM.Standard2.8'; expected a flexible shape's name. Choose one that ends",
        ),
        (put("place.kind", "moon"), "place: got "),
        (put("place.region", "chicago"), "place.region: got 'chicago'; expected a region's identifier. Write it as"),
        (put("place.tenancy_id", "me"), "place.tenancy_id: got 'me'; expected a tenancy's OCID. Copy it from"),
        (
            put("kubernetes_version", "1.36"),
            "kubernetes_version: got '1.36'; expected a Kubernetes version with its v. Write it as v1.36.3.",
        ),
        (put("name", "Demo"), "name: got 'Demo'; expected a DNS label. Use lower-case letters, digits and '-'"),
        (
            put("name", "d" * 41),
            f"name: got {'d' * 41!r}; expected at most 40 characters. Shorten it to 40 characters or fewer.",
        ),
        (put("place.network", None), "place.network: got None; expected "),
        (
            put("place.network.nodes", "10.140.128.0/20"),
            "place.network.pods.0: got '10.140.128.0/17'; expected no overlap with nodes (10.140.128.0/20). Move",
        ),
        (
            put("place.network.nodes", "10.141.0.0/20"),
            "place.network.nodes: got '10.141.0.0/20'; expected a subnet of the VCN's blocks 10.140.0.0/16. Move",
        ),
        (
            put("place.network.services", "10.140.64.0/20"),
            "place.network.services: got '10.140.64.0/20'; expected a range outside vcn.0 (10.140.0.0/16). Services",
        ),
        (
            put("place.network.vcn.0", "10.0.0.0/8"),
            "place.network.vcn.0: got '10.0.0.0/8'; expected a block of /16 or smaller.",
        ),
        (
            put("place.network.nodes", "10.140.16.0/26"),
            "place.network.nodes: got '61 addresses'; expected at least 133 for 133 hosts. Use a shorter prefix",
        ),
        (put("place.network.nodes", "10.140.16.1/20"), "place.network.nodes: got '10.140.16.1/20'; expected "),
        (
            put("rdma", {"pool": "192.168.0.0/22", "per_host": 8}),
            "rdma.per_host: got 8; expected at least 16, the RDMA interfaces of a host of pool 'h100'.",
        ),
        (
            put("rdma", {"pool": "192.168.0.0/21", "per_host": 16}),
            "rdma.pool: got '192.168.0.0/21, 127 blocks of 16'; expected a block for each of the 130 hosts of pool",
        ),
        (
            put("rdma", {"pool": "10.140.0.0/16", "per_host": 16}),
            "rdma.pool: got '10.140.0.0/16'; expected no overlap with place.network.vcn.0 (10.140.0.0/16). Use another",
        ),
        (
            put("rdma", {"pool": "192.168.0.0/28", "per_host": 16}),
            "rdma.per_host: got 16; expected at most the 14 addresses of 192.168.0.0/28. Use a shorter prefix",
        ),
        (
            put("fabric.levels.0.hosts", 0),
            "fabric.levels.0.hosts: got 0; expected at least 1.",
        ),
        (
            put("fabric.levels.1.hosts", 2),
            "fabric.levels.1: got 'kubernetes.io/hostname of 2 hosts'; expected the finest level to be the host itself",
        ),
        (
            put("queues.teams.0.gpus", 1032),
            "queues.teams: got '1032 GPUs in all'; expected at most the 1024 GPUs of the pool 'h100' without",
        ),
        (
            put("queues.teams.0.lending_gpus", 2000),
            "queues.teams.0.lending_gpus: got 2000; expected at most the team's own 1024 GPUs.",
        ),
        (put("queues.teams", []), "queues.teams: got []; expected at least 1 entries. Add what is missing."),
        (put("pool", 1), "pool: got 1; expected no such field. Remove it, or check its spelling and its indentation."),
    ],
)
def test_bad_specs_are_told_field_value_expectation_and_remedy(change: Change, message: str) -> None:
    data = deepcopy(GOOD)
    change(data)
    with pytest.raises(SpecError) as refused:
        validate_document(data, ClusterSpec, source="cluster.yaml")
    assert f"cluster.yaml: {message}" in str(refused.value)


def test_a_missing_field_is_named_with_the_document_that_needs_it() -> None:
    data = deepcopy(GOOD)
    del data["gpu_pools"][0]["hosts"]
    with pytest.raises(
        SpecError, match=r"gpu_pools\.0\.hosts: .* expected a value\. Add the field; ClusterSpec needs it\."
    ):
        validate_document(data, ClusterSpec, source="cluster.yaml")


def test_levels_that_do_not_nest_are_told_the_next_size_that_does() -> None:
    data = deepcopy(GOOD)
    data["fabric"]["levels"].insert(0, {"name": "block", "node_label": "example.com/block", "hosts": 100})
    with pytest.raises(SpecError, match=r"fabric\.levels\.0\.hosts: got 100; .*32 hosts of level 'leaf' .* Use 128\."):
        validate_document(data, ClusterSpec, source="cluster.yaml")


def test_every_problem_is_reported_not_only_the_first() -> None:
    data = deepcopy(GOOD)
    data["place"]["region"] = "x"
    data["gpu_pools"][0]["hosts"] = -1
    with pytest.raises(SpecError) as refused:
        validate_document(data, ClusterSpec, source="cluster.yaml")
    assert [problem.field for problem in refused.value.problems] == ["place.region", "gpu_pools.0.hosts"]


def test_address_ranges_go_by_the_names_of_their_fields() -> None:
    spec = validate_document(GOOD, ClusterSpec, source="cluster.yaml")
    assert isinstance(spec.place, OraclePlace)
    network = spec.place.network
    assert {name: str(block) for name, block in network.subnets().items()} == {
        "api": "10.140.0.0/28",
        "load_balancers": "10.140.1.0/24",
        "nodes": "10.140.16.0/20",
        "pods.0": "10.140.128.0/17",
    }
    assert {name: str(block) for name, block in network.taken().items()} == {
        "vcn.0": "10.140.0.0/16",
        "services": "10.96.0.0/16",
    }
    assert network.pod_addresses() == 2**15 - 3
