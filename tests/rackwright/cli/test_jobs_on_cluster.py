"""`submit`, `jobs`, `describe`, `logs`, `cancel`, `suspend`, `resume` against the real API server.

Kueue has the queues, whose quotas are only read; nobody acts on the jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode
from rackwright.jobs.connection import connect
from rackwright.jobs.training_jobs import FIELD_MANAGER, TrainingJobs
from rehearsal.control_plane import ControlPlane
from tests.kubectl import Kubectl

pytestmark = pytest.mark.control_plane

Run = Callable[..., Result]

TEAM = "cli-team"
OTHER_TEAM = "cli-others"

JOB = {
    "apiVersion": "rackwright.dev/v1alpha1",
    "kind": "TrainingJob",
    "metadata": {"name": "llama", "namespace": TEAM},
    "spec": {"image": "example.com/train:1", "gpus": 64, "queue": "train"},
}


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> client.ApiClient:
    """The platform engineer's client."""
    connected: client.ApiClient = config.new_client_from_config(str(control_plane.kubeconfig()))  # type: ignore[no-untyped-call]  # the package's config module has no types
    return connected


def _cluster_queue(name: str, gpus: int, borrowing: int) -> dict[str, Any]:
    quota = {"name": "nvidia.com/gpu", "nominalQuota": str(gpus), "borrowingLimit": str(borrowing)}
    group = {"coveredResources": ["nvidia.com/gpu"], "flavors": [{"name": "cli-h100", "resources": [quota]}]}
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "ClusterQueue",
        "metadata": {"name": name},
        "spec": {"cohortName": "cli", "namespaceSelector": {}, "resourceGroups": [group]},
    }


@pytest.fixture(scope="module")
def team(controllers: Kubectl, training_jobs: Kubectl, api: client.ApiClient) -> Iterator[None]:  # noqa: ARG001  # their types must be there
    """A team with 64 GPUs that may borrow 32 of another's 100."""
    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=TEAM)))
    for queue in (_cluster_queue(TEAM, 64, 32), _cluster_queue(OTHER_TEAM, 100, 0)):
        custom.create_cluster_custom_object("kueue.x-k8s.io", "v1beta2", "clusterqueues", queue)
    local = {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "LocalQueue",
        "metadata": {"name": "train"},
        "spec": {"clusterQueue": TEAM},
    }
    custom.create_namespaced_custom_object("kueue.x-k8s.io", "v1beta2", TEAM, "localqueues", local)
    yield
    custom.delete_namespaced_custom_object("kueue.x-k8s.io", "v1beta2", TEAM, "localqueues", "train")
    for name in (TEAM, OTHER_TEAM):
        custom.delete_cluster_custom_object("kueue.x-k8s.io", "v1beta2", "clusterqueues", name)
    core.delete_namespace(TEAM)


@pytest.fixture
def cli(run: Run, control_plane: ControlPlane, team: None) -> Run:  # noqa: ARG001  # the team must be there
    """The command line as the platform engineer."""

    def invoke(*arguments: str) -> Result:
        return run(*arguments, "--kubeconfig", str(control_plane.kubeconfig()))

    return invoke


@pytest.fixture
def jobs(control_plane: ControlPlane, team: None) -> Iterator[TrainingJobs]:  # noqa: ARG001  # the team must be there
    """The jobs as the library sees them; those that a test leaves are deleted."""
    found = TrainingJobs(connect(control_plane.kubeconfig(), None))
    yield found
    for job in found.all_in(TEAM):
        found.delete(TEAM, job.metadata.name)


def written(tmp_path: Path, **spec: object) -> str:
    """A job's file."""
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump({**JOB, "spec": {**JOB["spec"], **spec}}), encoding="utf-8")  # type: ignore[dict-item]  # a mapping
    return str(path)


def report(api: client.ApiClient, **status: object) -> None:
    """Say something of the job as the operator would."""
    client.CustomObjectsApi(api).patch_namespaced_custom_object_status(
        "rackwright.dev",
        "v1alpha1",
        TEAM,
        "trainingjobs",
        "llama",
        {"status": status},
        _content_type="application/merge-patch+json",
    )


def test_a_job_is_submitted_listed_described_and_cancelled(cli: Run, jobs: TrainingJobs, tmp_path: Path) -> None:
    submitted = cli("submit", written(tmp_path))
    assert submitted.stdout == f"submitted {TEAM}/llama: 64 GPUs, queue train\n", submitted.stderr
    managers = (jobs.get(TEAM, "llama").metadata.model_extra or {})["managedFields"]
    assert {(each["manager"], each["operation"]) for each in managers} == {(FIELD_MANAGER, "Apply")}
    assert "llama" in cli("jobs", "-n", TEAM).stdout
    assert [job["metadata"]["name"] for job in json.loads(cli("jobs", "-n", TEAM, "--json").stdout)] == ["llama"]
    assert "64 on 8 hosts" in cli("describe", "llama", "-n", TEAM).stdout
    assert json.loads(cli("describe", "llama", "-n", TEAM, "--json").stdout)["job"]["spec"]["gpus"] == 64
    assert cli("cancel", "llama", "-n", TEAM).stdout == f"cancelled {TEAM}/llama\n"
    assert jobs.all_in(TEAM) == []


def test_borrowing_counts_and_beyond_it_a_job_is_refused(cli: Run, jobs: TrainingJobs, tmp_path: Path) -> None:
    refused = cli("submit", written(tmp_path, gpus=104))
    assert refused.exit_code == ExitCode.REFUSED
    assert (
        f"spec.gpus: got 104; expected at most the 96 GPUs that queue {TEAM}/train can ever give: 64 of its own and "
        "32 to borrow. Ask for fewer GPUs, or have the team's quota raised in cluster.yaml (queues.teams)."
    ) in refused.stderr
    assert jobs.all_in(TEAM) == []
    assert cli("submit", written(tmp_path, gpus=96)).exit_code == 0


def test_an_unknown_queue_is_refused_with_those_that_there_are(cli: Run, tmp_path: Path) -> None:
    refused = cli("submit", written(tmp_path, queue="nowhere"))
    assert refused.exit_code == ExitCode.REFUSED
    assert f"spec.queue: got 'nowhere'; expected a queue of the namespace {TEAM}: train." in refused.stderr


def test_a_name_that_is_no_dns_label_is_refused_without_a_cluster(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump({**JOB, "metadata": {"name": "Llama_3"}}), encoding="utf-8")
    refused = run("submit", str(path), "--kubeconfig", "/nonexistent")
    assert refused.exit_code == ExitCode.REFUSED
    assert "metadata.name: got Llama_3; expected a" in refused.stderr


def test_a_change_that_needs_suspension_is_refused_in_the_cluster_s_words(
    cli: Run, jobs: TrainingJobs, tmp_path: Path
) -> None:
    assert cli("submit", written(tmp_path)).exit_code == 0
    refused = cli("submit", written(tmp_path, gpus=32))
    assert refused.exit_code == ExitCode.REFUSED
    assert "suspend" in refused.stderr
    assert jobs.get(TEAM, "llama").spec.gpus == 64
    assert cli("suspend", "llama", "-n", TEAM).exit_code == 0
    assert jobs.get(TEAM, "llama").spec.suspend
    assert cli("submit", written(tmp_path, gpus=32), "--suspend").exit_code == 0
    assert cli("resume", "llama", "-n", TEAM).exit_code == 0
    resumed = jobs.get(TEAM, "llama").spec
    assert (resumed.gpus, resumed.suspend) == (32, False)


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(("phase", "code"), [("Succeeded", ExitCode.OK), ("Failed", ExitCode.FAILURE)])
def test_waiting_ends_with_the_job(cli: Run, api: client.ApiClient, tmp_path: Path, phase: str, code: int) -> None:
    file = written(tmp_path)
    assert cli("submit", file).exit_code == 0
    report(api, phase=phase, message="so it went")
    waited = cli("submit", file, "--wait")
    assert waited.exit_code == code
    assert f"{TEAM}/llama: {phase}. so it went" in waited.stderr


@pytest.mark.parametrize("command", ["describe", "cancel", "suspend", "logs"])
def test_a_job_that_is_not_there_is_said_so(cli: Run, command: str) -> None:
    result = cli(command, "nobody", "-n", TEAM)
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "nobody" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("jobs")
def test_a_rank_that_a_job_does_not_have_is_wrong_usage(cli: Run, tmp_path: Path) -> None:
    assert cli("submit", written(tmp_path)).exit_code == 0
    result = cli("logs", "llama", "-n", TEAM, "--rank", "8")
    assert result.exit_code == ExitCode.USAGE
    assert f"job {TEAM}/llama has no rank 8: it has 8 hosts, so --rank is from 0 to 7." in result.stderr


def test_a_queue_whose_cluster_queue_is_missing_is_told_so(cli: Run, api: client.ApiClient, tmp_path: Path) -> None:
    custom = client.CustomObjectsApi(api)
    local = {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "LocalQueue",
        "metadata": {"name": "dangling"},
        "spec": {"clusterQueue": "cli-missing"},
    }
    custom.create_namespaced_custom_object("kueue.x-k8s.io", "v1beta2", TEAM, "localqueues", local)
    try:
        result = cli("submit", written(tmp_path, queue="dangling"))
    finally:
        custom.delete_namespaced_custom_object("kueue.x-k8s.io", "v1beta2", TEAM, "localqueues", "dangling")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert f"queue {TEAM}/dangling points to the cluster queue 'cli-missing', which doesn't exist." in result.stderr


def test_a_context_that_is_not_there_is_told_with_those_that_are(cli: Run) -> None:
    result = cli("jobs", "--context", "nowhere")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "context: got 'nowhere'; expected one that" in result.stderr


def test_who_may_not_read_quotas_submits_with_a_note(
    run: Run, jobs: TrainingJobs, control_plane: ControlPlane, api: client.ApiClient, tmp_path: Path
) -> None:
    """As the user of KWOK, who is given the rights on jobs alone."""
    rights = client.RbacAuthorizationV1Api(api)
    verbs = ["get", "create", "patch"]
    rule = client.V1PolicyRule(api_groups=["rackwright.dev"], resources=["trainingjobs"], verbs=verbs)
    rights.create_namespaced_role(TEAM, client.V1Role(metadata=client.V1ObjectMeta(name="jobs"), rules=[rule]))
    subject = client.RbacV1Subject(api_group="rbac.authorization.k8s.io", kind="User", name="rackwright:kwok")
    reference = client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name="jobs")
    binding = client.V1RoleBinding(metadata=client.V1ObjectMeta(name="jobs"), role_ref=reference, subjects=[subject])
    rights.create_namespaced_role_binding(TEAM, binding)
    submitted = run("submit", written(tmp_path), "--kubeconfig", str(control_plane.kubeconfig("kwok")))
    assert submitted.exit_code == 0, submitted.stderr
    assert "note: the queue's quota wasn't checked: can't read queue" in submitted.stderr
    assert jobs.get(TEAM, "llama").spec.gpus == 64


def test_a_user_without_rights_is_told_so(run: Run, control_plane: ControlPlane, team: None) -> None:  # noqa: ARG001  # the team must be there
    result = run("jobs", "-n", TEAM, "--kubeconfig", str(control_plane.kubeconfig("kwok")))
    assert result.exit_code == ExitCode.DENIED
    assert "can't list jobs: this user may not" in result.stderr
    assert "forbidden" in result.stderr


def test_a_cluster_that_is_not_there_is_told_so(run: Run, control_plane: ControlPlane, tmp_path: Path) -> None:
    document = yaml.safe_load(control_plane.kubeconfig().read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    result = run("jobs", "-n", TEAM, "--kubeconfig", str(path))
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "can't be reached" in result.stderr
