from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rackwright.rendering import operator_objects
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.job_cluster import JobCluster

pytestmark = pytest.mark.pure

CLUSTER = Path(__file__).parents[2] / "cluster.yaml"


@pytest.fixture(scope="module")
def spec() -> ClusterSpec:
    return load_document(CLUSTER, ClusterSpec)


@pytest.fixture(scope="module")
def objects(spec: ClusterSpec) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in operator_objects(spec)}


def test_the_parts_come_in_the_order_of_creation(spec: ClusterSpec) -> None:
    kinds = [each["kind"] for each in operator_objects(spec)]
    assert kinds == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment"]


def test_the_operator_reads_back_what_the_spec_says_of_jobs(
    spec: ClusterSpec, objects: dict[str, dict[str, Any]]
) -> None:
    read = JobCluster.model_validate(json.loads(objects["ConfigMap"]["data"]["cluster.json"]))
    assert read == spec.for_jobs()


def test_the_rights_name_each_resource_and_verb_and_hold_no_secrets(objects: dict[str, dict[str, Any]]) -> None:
    rules = objects["ClusterRole"]["rules"]
    for rule in rules:
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
        assert "secrets" not in rule["resources"]
    held = {resource for rule in rules for resource in rule["resources"]}
    assert {"trainingjobs", "trainingjobs/status", "jobsets", "workloads", "pods", "nodes"} <= held


def test_the_deployment_runs_one_operator_on_the_system_pool_with_the_cluster_mounted(
    objects: dict[str, dict[str, Any]],
) -> None:
    deployment = objects["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    container = pod["containers"][0]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert pod["nodeSelector"] == {"rackwright.dev/pool": "system"}
    assert container["image"] == "ghcr.io/rackwright/operator:0.1.0"
    assert "--resync-seconds=60" in container["args"]
    assert pod["volumes"][0]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]


def test_a_changed_cluster_starts_the_operator_anew(spec: ClusterSpec, objects: dict[str, dict[str, Any]]) -> None:
    changed = spec.model_copy(update={"fabric": spec.fabric.model_copy(update={"rails": 4})})
    rendered = {each["kind"]: each for each in operator_objects(changed)}
    assert rendered["Deployment"]["spec"]["template"] != objects["Deployment"]["spec"]["template"]
    # Not the object of before with other data, which a kubelet may remember.
    assert rendered["ConfigMap"]["metadata"]["name"] != objects["ConfigMap"]["metadata"]["name"]
    assert rendered["ConfigMap"]["immutable"]


def test_a_pool_of_another_size_leaves_the_operator_alone(spec: ClusterSpec) -> None:
    system, gpu = (pool.model_copy(update={"hosts": pool.hosts + 8}) for pool in (spec.system_pool, spec.gpu_pool))
    resized = spec.model_copy(update={"system_pool": system, "gpu_pools": (gpu,)})
    assert operator_objects(resized) == operator_objects(spec)
