"""A cluster's file of before is refused with how to rewrite it, one sentence a field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from rackwright.specs import ClusterSpec, SpecError, load_document
from rackwright.specs.documents import validate_document

pytestmark = pytest.mark.pure

OUTDATED = Path(__file__).parent / "outdated-cluster.yaml"
TODAY = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"


@pytest.fixture
def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(OUTDATED.read_text(encoding="utf-8"))
    return read


def refused(document: dict[str, Any]) -> dict[str, str]:
    """What is said of each field."""
    with pytest.raises(SpecError) as caught:
        validate_document(document, ClusterSpec, source="cluster.yaml")
    assert len({problem.field for problem in caught.value.problems}) == len(caught.value.problems)
    return {problem.field: str(problem) for problem in caught.value.problems}


def test_each_field_that_moved_is_named_with_its_new_place(document: dict[str, Any]) -> None:
    said = refused(document)
    pools = ["pools.0", "pools.0.shape", "pools.1", "pools.1.image_id"]
    assert list(said) == ["network", "network.api_clients", *pools]
    assert "expected it as place.network" in said["network"]
    assert said["network"].endswith("Move network with all that is in it below place, two spaces further in.")
    assert "expected it as system_pool" in said["pools.0"]
    assert said["pools.0"].endswith("Move it there, without role, shape, ocpus, memory_gb, allocatable.")
    assert said["pools.0.shape"].endswith(
        "Write below place: system_shape: {name: VM.Standard.E5.Flex, ocpus: 8, memory_gb: 64}."
    )
    assert "expected it as an entry of gpu_pools" in said["pools.1"]
    assert said["pools.1"].endswith("Move it there, without role and image_id.")
    assert said["network.api_clients"].endswith(
        "Write in its place: api_access: {way_in: public, public_from: [203.0.113.0/24]}."
    )
    assert said["pools.1.image_id"].endswith(
        "Write below place: image_id: ocid1.image.oc1.us-chicago-1.aaaaaaaaexampleimage."
    )


def test_the_sentences_say_all_that_is_to_be_done(document: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    assert list(refused(document).values()) == snapshot
    existing = {**document, "place": {"kind": "existing", "kubeconfig_context": "machine-room"}}
    assert list(refused(existing).values()) == snapshot(name="existing")


def test_a_file_rewritten_as_it_says_is_the_example_of_today(document: dict[str, Any]) -> None:
    system, gpu = document.pop("pools")
    document["place"]["network"] = document.pop("network")
    del document["place"]["network"]["api_clients"]
    document["place"]["network"] |= yaml.safe_load("api_access: {way_in: public, public_from: [203.0.113.0/24]}")
    document["place"]["image_id"] = gpu.pop("image_id")
    document["place"]["system_shape"] = yaml.safe_load("{name: VM.Standard.E5.Flex, ocpus: 8, memory_gb: 64}")
    for name in ("role", "shape", "ocpus", "memory_gb", "allocatable"):
        del system[name]
    del gpu["role"]
    document |= {"system_pool": system, "gpu_pools": [gpu]}
    rewritten = validate_document(document, ClusterSpec, source="cluster.yaml")
    assert rewritten == load_document(TODAY, ClusterSpec)


def test_an_existing_place_is_told_to_drop_what_only_oracle_needs(document: dict[str, Any]) -> None:
    document["place"] = {"kind": "existing", "kubeconfig_context": "own"}
    said = refused(document)
    assert list(said) == ["network", "pools.0", "pools.1", "pools.1.image_id"]
    assert all(said[field].endswith("Remove it.") for field in ("network", "pools.1.image_id"))


def test_a_half_rewritten_file_is_told_what_is_left(document: dict[str, Any]) -> None:
    gpu = document.pop("pools")[1]
    del gpu["role"]
    document["gpu_pools"] = [gpu]
    assert list(refused(document)) == ["network", "network.api_clients", "gpu_pools.0.image_id"]


def test_a_network_whose_api_had_no_way_in_is_shown_the_bastion(document: dict[str, Any]) -> None:
    document["place"]["network"] = {**document.pop("network"), "api_clients": []}
    said = refused(document)["place.network.api_clients"]
    assert "expected place.network.api_access" in said
    assert "way_in: bastion, public_from: [203.0.113.0/24]" in said


@pytest.mark.parametrize("pools", [None, "h100", [], ["h100"], {"h100": {}}])
def test_pools_that_are_no_list_of_pools_are_told_of_both_fields(document: dict[str, Any], pools: object) -> None:
    document["pools"] = pools
    assert "expected one system_pool, and the pools with GPUs in gpu_pools" in refused(document)["pools"]


def test_a_pool_of_an_unknown_role_is_told_of_both_fields(document: dict[str, Any]) -> None:
    document["pools"][1]["role"] = "tpu"
    assert "expected one system_pool, and the pools with GPUs in gpu_pools" in refused(document)["pools.1.role"]
