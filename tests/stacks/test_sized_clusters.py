"""What the sizing writes is taken as it is: by the documents' readers, the programs and the operator."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.acceptance import refusal
from rackwright import sizing
from rackwright.catalog import HOSTS, PLACES
from rackwright.sizing.network.fabric import fabric_plan
from rackwright.specs import ClusterSpec, TrainingJob, dump_document, load_document
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.documents import parse_document
from rackwright.specs.places import ExistingPlace, OracleAccount
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request
from tests.stacks.conftest import Declare

pytestmark = pytest.mark.mocked

PLACES_OF_CLUSTERS: dict[str, OracleAccount | ExistingPlace] = {
    "oracle": OracleAccount(
        kind="oracle",
        region="us-chicago-1",
        tenancy_id="ocid1.tenancy.oc1..aaaa",
        compartment_id="ocid1.compartment.oc1..aaaa",
        image_id="ocid1.image.oc1.us-chicago-1.aaaa",
    ),
    "existing": ExistingPlace(kind="existing", kubeconfig_context="our-machines"),
}

API_ACCESS = ApiAccess(way_in="bastion", public_from=(IPv4Network("203.0.113.0/24"),))
"""The way to the API of those at Oracle."""

LARGEST_POD_BLOCKS = 5
"""CIDR blocks of a VCN (Oracle's default limit)."""


@cache
def planned(hosts: int, place: str, gpu: str = "h100-sxm-80gb") -> Plan:
    """The plan on all GPUs of so many hosts; spares come out of them where there are enough."""
    each = HOSTS.entries[PLACES.entries[place].shapes[gpu]].gpus_per_host
    return sizing.plan(
        Request(
            name="run",
            model="llama-3-8b",
            tokens=1e13,
            batch_tokens=2**31,
            gpus=hosts * each,
            gpus_include_spares=hosts > 4,
            place=place,
            gpu=gpu,
        )
    )


def written(plan: Plan, directory: Path) -> tuple[ClusterSpec, TrainingJob]:
    """The plan's two files, written and read again."""
    place = PLACES_OF_CLUSTERS[plan.request.place]
    (directory / "cluster.yaml").write_text(
        dump_document(sizing.cluster_spec(plan, place=place, api_access=API_ACCESS))
    )
    (directory / "job.yaml").write_text(dump_document(sizing.training_job(plan)))
    return load_document(directory / "cluster.yaml", ClusterSpec), load_document(directory / "job.yaml", TrainingJob)


@pytest.mark.parametrize("place", PLACES_OF_CLUSTERS)
@pytest.mark.parametrize("hosts", [1, 9, 656, 12_500])
def test_files_of_every_size_are_declared_and_their_job_is_taken(
    declared: Declare, tmp_path: Path, hosts: int, place: str
) -> None:
    cluster, job = written(planned(hosts, place), tmp_path)
    run = declared(cluster, "inside")
    assert refusal(job, cluster.for_jobs()) is None
    topology = run.one("kueue.x-k8s.io/v1beta2:Topology").inputs["spec"]["levels"]
    assert [level["nodeLabel"] for level in topology] == [level.node_label for level in cluster.fabric.levels]
    quota = run.one("ClusterQueue").inputs["spec"]["resourceGroups"][0]["flavors"][0]["resources"]
    gpus = next(each["nominalQuota"] for each in quota if each["name"] == "nvidia.com/gpu")
    assert int(gpus) == cluster.gpu_pool.schedulable_gpus() >= job.spec.gpus
    if place == "oracle":
        assert (
            declared(cluster).one("oci:Core/clusterNetwork:ClusterNetwork").inputs["instancePools"][0]["size"] >= hosts
        )


@pytest.mark.parametrize("gpu", sorted(PLACES.entries["existing"].shapes))
def test_files_for_every_gpu_are_declared_and_their_job_is_taken(declared: Declare, tmp_path: Path, gpu: str) -> None:
    cluster, job = written(planned(72, "existing", gpu), tmp_path)
    declared(cluster, "inside")
    assert refusal(job, cluster.for_jobs()) is None


def test_the_rdma_pool_is_declared_where_the_network_operator_takes_it(declared: Declare, tmp_path: Path) -> None:
    cluster, _ = written(planned(9, "oracle"), tmp_path)
    assert cluster.rdma is not None
    assert declared(cluster, "inside").of("IPPool") == []
    asked = cluster.model_copy(update={"rdma": cluster.rdma.model_copy(update={"declare": True})})
    pool = declared(asked, "inside").one("nv-ipam.nvidia.com/v1alpha1:IPPool")
    assert pool.inputs["spec"]["perNodeBlockSize"] == cluster.rdma.per_host


def resized(plan: Plan, *, hosts: int, spares: int) -> Plan:
    """The plan with other numbers of hosts, and all that the files take from them."""
    request, host = plan.request, HOSTS.entries[plan.hosts.shape]
    update: dict[str, Any] = {"hosts": hosts, "spares": spares, "idle": 0}
    return plan.model_copy(
        update={
            "hosts": plan.hosts.model_copy(update=update),
            "fabric": fabric_plan(request, place=PLACES.entries[request.place], host=host, hosts=hosts),
        }
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hosts=st.integers(1, 12_500), part=st.floats(0, 0.05), place=st.sampled_from(list(PLACES_OF_CLUSTERS)))
def test_a_cluster_of_any_size_has_room_for_all_that_is_on_it(hosts: int, part: float, place: str) -> None:
    """The spec itself refuses too few addresses, quotas beyond the hosts, and levels that don't nest."""
    plan = resized(planned(1, place), hosts=hosts, spares=ceil(part * (hosts - 1)))
    cluster = sizing.cluster_spec(plan, place=PLACES_OF_CLUSTERS[place], api_access=API_ACCESS)
    assert parse_document(dump_document(cluster), ClusterSpec, source="cluster.yaml") == cluster
    pool = cluster.gpu_pool
    assert sum(team.gpus for team in cluster.queues.teams) == (pool.hosts - pool.spares) * pool.gpus_per_host
    assert cluster.rdma is not None
    assert cluster.rdma.blocks() >= hosts
    assert cluster.rdma.per_host >= pool.allocatable.rdma_interfaces
    if isinstance(cluster.place, ExistingPlace):
        assert cluster.fabric.levels[0].hosts >= hosts
    else:
        assert len(cluster.place.network.vcn) <= LARGEST_POD_BLOCKS
        assert pool.pods_per_host >= 16
    assert cluster.platform.kueue.client_qps >= min(2000, hosts // 10)
    assert cluster.platform.jobset.client_qps == cluster.platform.kueue.client_qps
