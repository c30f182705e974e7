"""The real Pulumi engine and the official SDK on the installed stand-in: a whole life of a stack."""

from __future__ import annotations

import base64
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi import automation

from rehearsal.control_plane import ControlPlane
from rehearsal.providers import plugins
from rehearsal.providers.kubernetes.cluster import Cluster
from tests.rehearsal.providers.kubernetes.stacks import living, previewed

pytestmark = pytest.mark.control_plane

PASSWORD = "correct-horse-battery"  # noqa: S105  # of nothing; it must not appear in the state


@dataclass
class Program:
    """What the stack declares; a test changes it between runs."""

    kubeconfig: str
    namespace: str = field(default_factory=lambda: f"engine-{uuid.uuid4().hex[:8]}")
    pods: str = "5"
    selector: str = "a"
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def __call__(self) -> None:
        """Declare it."""
        provider = k8s.Provider("cluster", kubeconfig=self.kubeconfig)
        options = pulumi.ResourceOptions(provider=provider)
        namespace = k8s.core.v1.Namespace("namespace", metadata={"name": self.namespace}, opts=options)
        within = namespace.metadata["name"]
        k8s.core.v1.ResourceQuota(
            "quota",
            metadata={
                "name": "quota",
                "namespace": within,
                "labels": {"app.kubernetes.io/name": "x", **self.labels},
                "annotations": self.annotations,
            },
            spec={"hard": {"pods": self.pods, "memory": "0.5Gi"}},
            opts=options,
        )
        k8s.core.v1.Secret(
            "secret", metadata={"name": "secret", "namespace": within}, string_data={"password": PASSWORD}, opts=options
        )
        k8s.core.v1.ServiceAccount("account", metadata={"namespace": within}, opts=options)
        k8s.rbac.v1.RoleBinding(
            "binding",
            metadata={"name": "binding", "namespace": within},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": self.selector},
            opts=options,
        )
        # A provider whose kubeconfig isn't known before the namespace exists
        late = k8s.Provider("late", kubeconfig=namespace.metadata["uid"].apply(lambda _: self.kubeconfig))
        k8s.core.v1.ConfigMap(
            "late",
            metadata={"name": "late", "namespace": within},
            data={"uid": namespace.metadata["uid"]},
            opts=pulumi.ResourceOptions(provider=late),
        )
        pulumi.export("uid", namespace.metadata["uid"])


@pytest.fixture
def program(control_plane: ControlPlane) -> Program:
    """The stack's program."""
    return Program(kubeconfig=str(control_plane.kubeconfig("admin")))


@pytest.fixture
def stack(
    control_plane: ControlPlane, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[automation.Stack]:
    """A stack on the installed stand-in; whatever is left of it is destroyed."""
    plugins.install(tmp_path / "home", state=tmp_path, python=Path(sys.executable))
    with living(program, directory=tmp_path, toolbox=control_plane.toolbox, monkeypatch=monkeypatch) as made:
        yield made


def changed_live(cluster: Cluster, namespace: str) -> None:
    """Change the quota and delete the secret, as someone else."""
    kind = cluster.kind("v1", "ResourceQuota")
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": namespace},
        "spec": {"hard": {"memory": "1Gi", "secrets": "9"}},
    }
    cluster.apply(kind, body, manager="someone-else", force=True, dry_run=False)
    cluster.delete(cluster.kind("v1", "Secret"), namespace=namespace, name="secret", propagation="Background")


def state_on_disk(tmp_path: Path) -> str:
    """All that the backend keeps."""
    return "".join(path.read_text(encoding="utf-8") for path in tmp_path.joinpath("backend").rglob("*.json"))


def test_a_stack_lives_with_exactly_the_changes_that_were_made(
    stack: automation.Stack, program: Program, cluster: Cluster, tmp_path: Path
) -> None:
    """Create, change, replace, refresh with drift, repair, destroy."""
    first = previewed(stack)
    names = {"namespace", "quota", "secret", "account", "binding"}
    # A resource whose provider isn't known yet is shown all the same.
    assert {name for name, step in first.steps.items() if step == "create"} >= names | {"cluster", "late"}

    made = stack.up()
    live = cluster.get(cluster.kind("v1", "Namespace"), namespace=None, name=program.namespace)
    assert live is not None
    assert made.outputs["uid"].value == live["metadata"]["uid"]
    assert previewed(stack).steps == {}
    for text in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode()):
        assert text not in state_on_disk(tmp_path)

    program.pods = "7"
    program.labels = {"example.com/team": "a"}
    program.selector = "b"
    expected = {
        "spec.hard.pods": "update",
        'metadata.labels["example.com/team"]': "add",
    }
    changes = previewed(stack)
    assert changes.details["quota"] == expected
    assert changes.details["binding"] == {"roleRef.name": "update-replace"}
    assert set(changes.steps) == {"quota", "binding"}
    summary = stack.up().summary.resource_changes
    assert summary is not None
    assert {step: count for step, count in summary.items() if step != "same"} == {"update": 1, "replace": 1}

    changed_live(cluster, program.namespace)
    refreshed = stack.refresh().summary.resource_changes
    assert refreshed is not None
    assert {step: count for step, count in refreshed.items() if step != "same"} == {"update": 1, "delete": 1}
    program.annotations = {"pulumi.com/patchForce": "true"}
    repair = previewed(stack)
    assert repair.steps == {"quota": "update", "secret": "create"}
    assert repair.details["quota"] == {
        'metadata.annotations["pulumi.com/patchForce"]': "add",
        "spec.hard.memory": "update",
    }
    stack.up()
    assert previewed(stack).steps == {}

    stack.destroy()
    assert cluster.get(cluster.kind("v1", "Namespace"), namespace=None, name=program.namespace) is None
