"""What the real API server makes of the CRD: the same table of bad jobs that the model refuses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from kubernetes import client, config

from rackwright.specs.kubernetes_names import GROUP, VERSION
from rackwright.specs.training_job import PLURAL, TrainingJob
from rehearsal.control_plane import ControlPlane
from tests.kubectl import Kubectl

pytestmark = pytest.mark.control_plane

CASES = yaml.safe_load((Path(__file__).parent / "bad_training_jobs.yaml").read_text(encoding="utf-8"))
EXAMPLE = Path(__file__).parents[3] / "examples" / "job.yaml"
NAMESPACE = CASES["good"]["metadata"]["namespace"]


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> Iterator[client.ApiClient]:
    kubeconfig = str(control_plane.kubeconfig())
    with config.new_client_from_config(config_file=kubeconfig) as api_client:  # type: ignore[no-untyped-call]  # the package leaves it bare
        yield api_client


@pytest.fixture
def jobs(training_jobs: Kubectl, api: client.ApiClient) -> Iterator[client.CustomObjectsApi]:  # noqa: ARG001  # their definition must be there
    """The jobs of the namespace that the cases name; they go with the test."""
    custom = client.CustomObjectsApi(api)
    yield custom
    custom.delete_collection_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL)


@pytest.fixture
def job() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(CASES["good"]))
    document["metadata"]["name"] = f"job-{uuid.uuid4().hex[:8]}"
    return document


def create(jobs: client.CustomObjectsApi, document: dict[str, Any]) -> dict[str, Any]:
    made = jobs.create_namespaced_custom_object(
        GROUP, VERSION, document["metadata"]["namespace"], PLURAL, document, field_validation="Strict"
    )
    return cast("dict[str, Any]", made)


def merge(jobs: client.CustomObjectsApi, document: dict[str, Any], change: dict[str, Any]) -> None:
    jobs.patch_namespaced_custom_object(
        GROUP, VERSION, document["metadata"]["namespace"], PLURAL, document["metadata"]["name"], change,
        _content_type="application/merge-patch+json",
    )  # fmt: skip


def refusals(error: client.ApiException) -> list[str]:
    """The API server's own list of causes, each `field: message` as the model writes it."""
    causes = json.loads(error.body or "")["details"]["causes"]
    return [f"{cause.get('field', '')}: {cause['message']}" for cause in causes]


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["name"])
def test_the_api_server_refuses_what_the_model_refuses_in_the_same_words(
    jobs: client.CustomObjectsApi, case: dict[str, Any]
) -> None:
    bad = json.loads(json.dumps(CASES["good"]))
    apply_merge(bad, case["change"])
    with pytest.raises(client.ApiException) as caught:
        create(jobs, bad)
    assert caught.value.status == 422
    field, _, sentence = case["message"].partition(": ")
    said = refusals(caught.value)
    assert any(sentence in each and field in each for each in said), said


def test_the_api_server_fills_in_the_models_defaults(jobs: client.CustomObjectsApi, job: dict[str, Any]) -> None:
    made = create(jobs, job)
    assert made["spec"] == TrainingJob.model_validate(made).spec.written()
    assert made["spec"]["failurePolicy"] == {"maxRestarts": 100}


def test_the_example_job_is_taken_as_it_is(jobs: client.CustomObjectsApi) -> None:
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    example["metadata"]["namespace"] = NAMESPACE
    assert create(jobs, example)["spec"] == TrainingJob.model_validate(example).spec.written()


def apply_merge(base: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if value is None:
            base.pop(key, None)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            apply_merge(base[key], value)
        else:
            base[key] = value


@pytest.mark.parametrize(("field", "value"), [*CASES["frozen"].items()])
def test_a_running_job_keeps_what_its_pods_are_made_of(
    jobs: client.CustomObjectsApi, job: dict[str, Any], field: str, value: object
) -> None:
    create(jobs, job)
    with pytest.raises(client.ApiException) as caught:
        merge(jobs, job, {"spec": {field: value}})
    said = refusals(caught.value)
    assert any(each.startswith(f"spec.{field}: ") and "suspend the job first" in each for each in said), said
    merge(jobs, job, {"spec": {"suspend": True}})
    needed = {"parallelism": None, "topology": {"slice": None}} if field == "gpus" else {}
    if field == "gpusPerHost":
        needed = {"topology": {"slice": None}}
    merge(jobs, job, {"spec": {**needed, field: value}})


@pytest.mark.parametrize(("field", "value"), [*CASES["free"].items()])
def test_the_rest_changes_at_any_time(
    jobs: client.CustomObjectsApi, job: dict[str, Any], field: str, value: object
) -> None:
    create(jobs, job)
    merge(jobs, job, {"spec": {field: value}})


def test_a_field_that_nobody_knows_is_refused(jobs: client.CustomObjectsApi, job: dict[str, Any]) -> None:
    job["spec"]["gpu"] = 8
    with pytest.raises(client.ApiException) as caught:
        create(jobs, job)
    assert 'unknown field "spec.gpu"' in json.loads(caught.value.body or "")["message"]
