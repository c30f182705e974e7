from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rackwright.rendering.jobset import jobset, resources, template_sha256
from rackwright.specs import ClusterSpec, TrainingJob, load_document
from rackwright.specs.job_cluster import JobCluster

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def cluster() -> JobCluster:
    return load_document(Path(__file__).parents[2] / "cluster.yaml", ClusterSpec).for_jobs()


def make_job(**spec: object) -> TrainingJob:
    return TrainingJob.model_validate(
        {
            "apiVersion": "rackwright.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": "llm", "namespace": "team-a"},
            "spec": {"image": "trainer", "gpus": 32, **spec},
        }
    )


def pod_of(rendered: dict[str, Any]) -> dict[str, Any]:
    (group,) = rendered["spec"]["replicatedJobs"]
    template: dict[str, Any] = group["template"]["spec"]["template"]
    return template


def environment_of(rendered: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod_of(rendered)["spec"]["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def test_the_gang_is_one_indexed_job_whose_lost_hosts_dont_count_as_failures(cluster: JobCluster) -> None:
    rendered = jobset(make_job(failurePolicy={"maxRestarts": 7}), cluster, uid="u")
    (group,) = rendered["spec"]["replicatedJobs"]
    job = group["template"]["spec"]
    assert (job["completionMode"], job["parallelism"], job["completions"], job["backoffLimit"]) == ("Indexed", 4, 4, 0)
    assert job["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget"}]}
    ]
    policy = rendered["spec"]["failurePolicy"]
    assert policy["maxRestarts"] == 7
    assert policy["rules"][0]["action"] == "RestartJobSetAndIgnoreMaxRestarts"


def test_wishes_become_the_node_labels_of_the_clusters_own_levels(cluster: JobCluster) -> None:
    wish = {"preferred": "block", "slice": {"level": "block", "hosts": 2}}
    annotations = pod_of(jobset(make_job(topology=wish), cluster, uid="u"))["metadata"]["annotations"]
    assert annotations["kueue.x-k8s.io/podset-preferred-topology"] == "example.com/block"
    assert annotations["kueue.x-k8s.io/podset-slice-required-topology"] == "example.com/block"
    assert annotations["kueue.x-k8s.io/podset-slice-size"] == "2"
    assert annotations["k8s.v1.cni.cncf.io/networks"].count("default/rdma-vf") == 16


def test_a_gang_without_a_wish_prefers_to_stand_within_the_closest_level_above_the_host(cluster: JobCluster) -> None:
    annotations = pod_of(jobset(make_job(), cluster, uid="u"))["metadata"]["annotations"]
    assert annotations["kueue.x-k8s.io/podset-preferred-topology"] == "example.com/block"
    strict = pod_of(jobset(make_job(topology={"required": "block"}), cluster, uid="u"))["metadata"]["annotations"]
    assert "kueue.x-k8s.io/podset-preferred-topology" not in strict


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        (32, {"cpu": 220, "memory": "1900Gi", "nvidia.com/gpu": 8, "nvidia.com/rdma-vf": 16}),
        (2, {"cpu": 55, "memory": "475Gi", "nvidia.com/gpu": 2, "nvidia.com/rdma-vf": 4}),
    ],
)
def test_pods_take_a_whole_host_or_the_part_that_goes_with_their_gpus(
    cluster: JobCluster, gpus: int, expected: dict[str, Any]
) -> None:
    assert resources(make_job(gpus=gpus).spec, cluster) == expected


def test_the_container_learns_its_rank_the_meeting_point_and_the_checkpoint(cluster: JobCluster) -> None:
    job = make_job(checkpoint={"bucket": "oci://bucket/llm", "intervalSeconds": 600})
    environment = environment_of(jobset(job, cluster, uid="u"))
    assert environment["MASTER_ADDR"] == "llm-workers-0-0.llm"
    assert (environment["NNODES"], environment["NPROC_PER_NODE"], environment["WORLD_SIZE"]) == ("4", "8", "32")
    assert "job-completion-index" in environment["NODE_RANK"]["fieldRef"]["fieldPath"]
    assert environment["RACKWRIGHT_CHECKPOINT"] == "oci://bucket/llm"
    assert environment["NCCL_IB_HCA"] == "mlx5"


def test_the_jobs_own_environment_comes_last_and_no_name_stands_twice(cluster: JobCluster) -> None:
    job = make_job(env=[{"name": "NCCL_DEBUG", "value": "INFO"}, {"name": "NODE_RANK", "value": "{{ 0 }}"}])
    rendered = jobset(job, cluster, uid="u")
    (container,) = pod_of(rendered)["spec"]["containers"]
    names = [entry["name"] for entry in container["env"]]
    assert len(names) == len(set(names))
    assert environment_of(rendered)["NCCL_DEBUG"] == "INFO"
    assert environment_of(rendered)["NODE_RANK"] == "{{ 0 }}"


def on_shape(cluster: JobCluster, shape: str, *, rdma_interfaces: int = 8) -> JobCluster:
    """The cluster with GPU hosts of another shape."""
    allocatable = cluster.gpu_pool.allocatable.model_copy(update={"rdma_interfaces": rdma_interfaces})
    pool = cluster.gpu_pool.model_copy(update={"shape": shape, "allocatable": allocatable})
    return cluster.model_copy(update={"gpu_pool": pool})


def nccl_of(cluster: JobCluster) -> dict[str, str]:
    environment = environment_of(jobset(make_job(), cluster, uid="u"))
    return {name: value for name, value in environment.items() if name.startswith("NCCL_")}


@pytest.mark.parametrize("shape", ["BM.GPU.H100.8", "BM.GPU.H200.8", "BM.GPU.B200.8"])
def test_nccl_is_told_what_oracle_publishes_for_the_host(cluster: JobCluster, shape: str) -> None:
    """oracle-quickstart/oci-hpc-oke, manifests/nccl-tests/virtual-functions/kueue: the same for the three shapes."""
    assert nccl_of(on_shape(cluster, shape)) == {
        "NCCL_DEBUG": "WARN",
        "NCCL_CUMEM_ENABLE": "0",
        "NCCL_IB_SPLIT_DATA_ON_QPS": "0",
        "NCCL_IB_GID_INDEX": "3",
        "NCCL_IB_HCA": "mlx5",
        "NCCL_IB_TC": "41",
        "NCCL_IB_SL": "0",
        "NCCL_IB_TIMEOUT": "22",
        "NCCL_SOCKET_IFNAME": "eth0",
        "NCCL_IGNORE_CPU_AFFINITY": "1",
    }


def test_nccl_has_four_queue_pairs_a_connection_on_a100_hosts(cluster: JobCluster) -> None:
    settings = nccl_of(on_shape(cluster, "BM.GPU.A100-v2.8"))
    assert settings["NCCL_IB_QPS_PER_CONNECTION"] == "4"
    assert "NCCL_CUMEM_ENABLE" not in settings


@pytest.mark.parametrize("shape", ["BM.GPU.GB200.4", "DGX-H100", "a-shape-that-no-catalogue-has"])
def test_nccl_finds_out_by_itself_where_nobody_publishes_settings(cluster: JobCluster, shape: str) -> None:
    assert nccl_of(on_shape(cluster, shape)) == {}


def test_nccl_finds_out_by_itself_where_pods_have_no_interfaces_of_their_own(cluster: JobCluster) -> None:
    assert nccl_of(on_shape(cluster, "BM.GPU.H100.8", rdma_interfaces=0)) == {}


def test_a_claim_is_mounted_and_a_bucket_is_not(cluster: JobCluster) -> None:
    def volumes(checkpoint: dict[str, Any]) -> list[str]:
        pod = pod_of(jobset(make_job(checkpoint={"intervalSeconds": 1, **checkpoint}), cluster, uid="u"))
        return [volume["name"] for volume in pod["spec"]["volumes"]]

    assert volumes({"claim": "data"}) == ["shared-memory", "checkpoints"]
    assert volumes({"bucket": "s3://b"}) == ["shared-memory"]


def test_the_digest_tells_what_pods_are_made_of_and_nothing_else() -> None:
    before = template_sha256(make_job().spec)
    assert template_sha256(make_job(priority="high", suspend=True, activeDeadlineSeconds=5).spec) == before
    assert template_sha256(make_job(image="other").spec) != before
