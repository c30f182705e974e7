"""The examples are documents of their kinds, and fit together."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from operators.acceptance import refusal
from rackwright import sizing
from rackwright.specs import ClusterSpec, TrainingJob, load_document
from rackwright.specs.request import Request
from rackwright.specs.versions import KUBERNETES

pytestmark = pytest.mark.pure

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.yaml"))
KINDS: dict[str, type[BaseModel]] = {"Cluster": ClusterSpec, "Request": Request, "TrainingJob": TrainingJob}


def example(name: str) -> Path:
    [path] = [each for each in EXAMPLES if each.name == name]
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_each_example_is_taken_as_its_kind(path: Path) -> None:
    load_document(path, KINDS[yaml.safe_load(path.read_text(encoding="utf-8"))["kind"]])


def test_there_is_an_example_of_each_kind() -> None:
    assert {yaml.safe_load(path.read_text(encoding="utf-8"))["kind"] for path in EXAMPLES} == set(KINDS)


def test_the_request_can_be_met() -> None:
    plan = sizing.plan(load_document(example("request.yaml"), Request))
    assert plan.run.days.expected <= 30
    assert plan.parallelism.tensor == 8


def test_the_job_is_taken_by_the_cluster_that_it_is_for() -> None:
    cluster = load_document(example("cluster-oracle-1024.yaml"), ClusterSpec)
    assert refusal(load_document(example("job.yaml"), TrainingJob), cluster.for_jobs()) is None


@pytest.mark.parametrize("name", ["cluster-oracle-1024.yaml", "cluster-existing.yaml"])
def test_clusters_are_of_the_version_that_all_parts_are_tested_with(name: str) -> None:
    assert load_document(example(name), ClusterSpec).kubernetes_version == KUBERNETES
