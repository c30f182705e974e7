from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rackwright.rendering.scheduling import (
    cpu_quantity,
    memory_quantity,
    quantities,
    scheduling_objects,
    team_resources,
)
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.pools import Allocatable, GpuPool
from rackwright.specs.queues import Team

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"
GOLDEN = Path(__file__).parent / "golden" / "scheduling.yaml"

SUFFIXES: dict[str, int | Decimal] = {"": 1, "m": Decimal("0.001"), "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}


def amount(quantity: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    digits = quantity.rstrip("mMGTPi")
    return Decimal(digits) * SUFFIXES[quantity[len(digits) :]]


@pytest.fixture(scope="module")
def spec() -> ClusterSpec:
    return load_document(EXAMPLE, ClusterSpec)


def test_the_example_renders_to_the_golden_objects(spec: ClusterSpec) -> None:
    assert scheduling_objects(spec) == list(yaml.safe_load_all(GOLDEN.read_text(encoding="utf-8")))


def test_topology_levels_are_the_fabrics_in_its_order(spec: ClusterSpec) -> None:
    [topology] = [each for each in scheduling_objects(spec) if each["kind"] == "Topology"]
    assert [level["nodeLabel"] for level in topology["spec"]["levels"]] == [
        level.node_label for level in spec.fabric.levels
    ]


def test_kinds_that_others_name_come_first(spec: ClusterSpec) -> None:
    """The order of the objects is the order of their creation."""
    kinds = [each["kind"] for each in scheduling_objects(spec)]
    assert sorted(kinds, key=kinds.index) == kinds, "objects of a kind stand together"
    for before, after in (
        ("Topology", "ResourceFlavor"),
        ("ResourceFlavor", "ClusterQueue"),
        ("Cohort", "ClusterQueue"),
        ("Namespace", "LocalQueue"),
        ("ClusterQueue", "LocalQueue"),
    ):
        assert kinds.index(before) < kinds.index(after)


def test_a_team_uses_its_own_namespace_only(spec: ClusterSpec) -> None:
    for queue in (each for each in scheduling_objects(spec) if each["kind"] == "ClusterQueue"):
        selector = queue["spec"]["namespaceSelector"]
        assert selector == {"matchLabels": {"kubernetes.io/metadata.name": queue["metadata"]["name"]}}


def test_limits_that_a_team_does_not_have_are_left_out(spec: ClusterSpec) -> None:
    queues = {each["metadata"]["name"]: each for each in scheduling_objects(spec) if each["kind"] == "ClusterQueue"}
    [group] = queues["pretraining"]["spec"]["resourceGroups"]
    assert {key for resource in group["flavors"][0]["resources"] for key in resource} == {"name", "nominalQuota"}


def gpu_pool(*, cpu: int, memory_gib: int, rdma: int, gpus_per_host: int) -> GpuPool:
    return GpuPool(
        name="gpus",
        shape="shape",
        gpu="gpu",
        hosts=1,
        gpus_per_host=gpus_per_host,
        allocatable=Allocatable(cpu=cpu, memory_gib=memory_gib, rdma_interfaces=rdma),
    )


POOLS = st.builds(
    gpu_pool,
    cpu=st.integers(1, 512),
    memory_gib=st.integers(1, 8192),
    rdma=st.integers(0, 64),
    gpus_per_host=st.integers(1, 64),
)


@given(pool=POOLS, hosts=st.integers(0, 12_500))
def test_whole_hosts_bring_all_that_they_have(pool: GpuPool, hosts: int) -> None:
    shares = quantities(hosts * pool.gpus_per_host, pool)
    assert amount(shares["cpu"]) == hosts * pool.allocatable.cpu
    assert amount(shares["memory"]) == hosts * pool.allocatable.memory_gib * 2**30
    assert shares["nvidia.com/gpu"] == str(hosts * pool.gpus_per_host)
    assert shares.get("nvidia.com/rdma-vf", "0") == str(hosts * pool.allocatable.rdma_interfaces)


@given(pool=POOLS, gpus=st.integers(0, 100_000))
def test_parts_of_hosts_never_promise_more_processors_or_memory_than_there_are(pool: GpuPool, gpus: int) -> None:
    shares = quantities(gpus, pool)
    assert amount(shares["cpu"]) * pool.gpus_per_host <= gpus * pool.allocatable.cpu
    assert amount(shares["memory"]) * pool.gpus_per_host <= gpus * pool.allocatable.memory_gib * 2**30


def test_a_part_of_a_host_still_gets_an_interface() -> None:
    pool = gpu_pool(cpu=8, memory_gib=64, rdma=1, gpus_per_host=8)
    assert quantities(4, pool)["nvidia.com/rdma-vf"] == "1"


@given(st.integers(0, 10**9))
def test_quantities_are_in_the_canonical_form_and_lose_nothing(number: int) -> None:
    assert amount(cpu_quantity(number)) == Decimal(number) / 1000
    assert amount(memory_quantity(number)) == number * 2**20


@pytest.mark.parametrize(
    ("mib", "text"), [(0, "0"), (1, "1Mi"), (1024, "1Gi"), (1536, "1536Mi"), (1024 * 1024, "1Ti"), (1025, "1025Mi")]
)
def test_memory_is_written_in_the_largest_whole_unit(mib: int, text: str) -> None:
    assert memory_quantity(mib) == text


def test_limits_are_in_proportion_as_well() -> None:
    pool = gpu_pool(cpu=100, memory_gib=800, rdma=16, gpus_per_host=8)
    cpu = team_resources(Team(name="a", gpus=16, borrowing_gpus=0, lending_gpus=8), pool)[0]
    assert cpu == {"name": "cpu", "nominalQuota": "200", "borrowingLimit": "0", "lendingLimit": "100"}
