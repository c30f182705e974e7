"""The stand-in beside the official plugin, where the user has it: one program on both, and the same comes of it."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from rehearsal.control_plane import ControlPlane
from rehearsal.providers import official, plugins
from rehearsal.providers.kubernetes.cluster import Cluster
from tests.kubectl import Host, Kubectl
from tests.rehearsal.providers.kubernetes.stacks import living, previewed

pytestmark = pytest.mark.control_plane

HOST = "parity-host"

CHART = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-size}
data: {size: {{ .Values.size | quote }}}
"""

SERVERS_OWN = {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace", "selfLink"}
"""Fields of metadata in which two objects of two namespaces differ whoever made them."""

ADDRESSES = {"clusterIP", "clusterIPs"}

COUNTED = {"deployment.kubernetes.io/revision"}
"""Annotations in which controllers count."""


@dataclass
class Program:
    """What both plugins are asked for, in a namespace of each; a test changes it between runs."""

    kubeconfig: str
    namespace: str
    group: str
    """Of the custom kind: two definitions can't share one."""
    chart: str
    size: str = "small"
    replicas: int = 1

    def __call__(self) -> None:
        """Declare it."""
        provider = k8s.Provider("cluster", kubeconfig=self.kubeconfig)
        options = pulumi.ResourceOptions(provider=provider)
        namespace = k8s.core.v1.Namespace("namespace", metadata={"name": self.namespace}, opts=options)
        within = namespace.metadata["name"]
        k8s.core.v1.ConfigMap(
            "settings", metadata={"name": "settings", "namespace": within}, data={"size": self.size}, opts=options
        )
        k8s.core.v1.Secret(
            "secret", metadata={"name": "secret", "namespace": within}, string_data={"size": self.size}, opts=options
        )
        k8s.core.v1.ResourceQuota(
            "quota",
            metadata={"name": "quota", "namespace": within},
            spec={"hard": {"pods": str(10 * self.replicas), "memory": "0.5Gi"}},
            opts=options,
        )
        k8s.rbac.v1.RoleBinding(
            "binding",
            metadata={"name": "binding", "namespace": within},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            opts=options,
        )
        k8s.core.v1.Service(
            "service",
            metadata={"name": "service", "namespace": within, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={"selector": {"app": "web"}, "ports": [{"port": 80}]},
            opts=options,
        )
        k8s.apps.v1.Deployment("web", **_deployment(within, self.size, self.replicas), opts=options)
        definition = k8s.apiextensions.v1.CustomResourceDefinition(
            "definition", **_definition(self.group), opts=options
        )
        k8s.apiextensions.CustomResource(
            "widget",
            api_version=f"{self.group}/v1",
            kind="Widget",
            metadata={"name": "widget", "namespace": within},
            spec={"size": self.size},
            opts=pulumi.ResourceOptions(provider=provider, depends_on=[definition]),
        )
        k8s.helm.v3.Release(
            "release", name="tiny", chart=self.chart, namespace=within, values={"size": self.size}, opts=options
        )


def _deployment(namespace: pulumi.Output[str], size: str, replicas: int) -> dict[str, Any]:
    pod = {
        # A request of its own lets the quota, which counts memory, admit the pod.
        "containers": [{"name": "web", "image": "example.com/web:1", "resources": {"limits": {"memory": "1Mi"}}}],
        "node_selector": {"kubernetes.io/hostname": HOST},
    }
    return {
        "metadata": {"name": "web", "namespace": namespace, "labels": {"size": size}},
        "spec": {
            "replicas": replicas,
            "selector": {"match_labels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
    }


def _definition(group: str) -> dict[str, Any]:
    size = {"type": "object", "properties": {"size": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": size}}
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": schema}}],
        },
    }


@dataclass(frozen=True)
class Life:
    """What came of the program on one of the plugins."""

    planned: dict[str, str]
    """What the first preview would do to each resource."""
    made: dict[str, Any]
    """The objects, less what differs by namespace."""
    steps: dict[str, str]
    """What a preview would do to each resource after the program changed."""
    changes: dict[str, dict[str, str]]
    """The same by the paths of what changed."""
    changed: dict[str, Any]
    """The objects after the change."""
    again: dict[str, str]
    """What a preview would do then."""
    left: dict[str, Any]
    """What is there after it was destroyed."""


@pytest.fixture
def official_plugin() -> Path:
    """The user's official plugin, or no test."""
    found = official.find(os.environ)
    if found is None:
        pytest.skip(official.missing(os.environ))
    return found


@pytest.fixture
def host(control_plane: ControlPlane) -> Iterator[None]:
    """A host for the Deployment's pods, which KWOK plays."""
    kubectl = Kubectl(control_plane)
    kubectl.add_hosts(Host(name=HOST, labels={}, offered={"cpu": "8", "memory": "8Gi", "pods": "20"}))
    yield
    kubectl("delete", "node", HOST, "--ignore-not-found")


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """A chart's folder."""
    folder = tmp_path / "tiny"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text(CHART, encoding="utf-8")
    return str(folder)


def objects(cluster: Cluster, program: Program) -> dict[str, Any]:
    """The program's objects as the API server has them, without what differs by namespace or time."""
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"widgets.{program.group}")
    wanted = [
        ("v1", "Namespace", program.namespace),
        ("v1", "ConfigMap", "settings"),
        ("v1", "ConfigMap", "tiny-size"),
        ("v1", "Secret", "secret"),
        ("v1", "ResourceQuota", "quota"),
        ("v1", "Service", "service"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "binding"),
        ("apps/v1", "Deployment", "web"),
        definition,
    ]
    found = {}
    for api_version, kind, name in wanted:
        live = cluster.get(cluster.kind(api_version, kind), namespace=program.namespace, name=name)
        if live is not None:
            found[f"{kind} {name}"] = neutral(live)
    if f"CustomResourceDefinition {definition[-1]}" in found:
        widget = cluster.get(cluster.kind(f"{program.group}/v1", "Widget"), namespace=program.namespace, name="widget")
        found |= {} if widget is None else {"Widget widget": neutral(widget)}
    shared: dict[str, Any] = _renamed(found, program)
    return shared


def neutral(live: dict[str, Any]) -> dict[str, Any]:
    """An object without its status and what the server or a controller gives each one anew."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in SERVERS_OWN}
    annotations = metadata.pop("annotations", {})
    metadata["annotations"] = {key: value for key, value in annotations.items() if key not in COUNTED}
    spec = {key: value for key, value in (live.get("spec") or {}).items() if key not in ADDRESSES}
    kept = {key: value for key, value in live.items() if key not in {"status", "spec"}}
    return {**kept, "spec": spec, "metadata": metadata}


def _renamed(value: Any, program: Program) -> Any:  # noqa: ANN401  # JSON values
    """A value without the two names that the plugins' programs don't share."""
    if isinstance(value, dict):
        return {_renamed(key, program): _renamed(item, program) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, program) for item in value]
    if isinstance(value, str):
        return value.replace(program.namespace, "NAMESPACE").replace(program.group, "GROUP")
    return value


def lived(program: Program, plugin: Path | None, cluster: Cluster, plane: ControlPlane, directory: Path) -> Life:
    """The program's life on the official plugin, or without one on the stand-in."""
    directory.mkdir()
    chosen = {} if plugin is None else {"kubernetes": plugin}
    plugins.install(directory / "home", state=directory, python=Path(sys.executable), official=chosen)
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        living(program, directory=directory, toolbox=plane.toolbox, monkeypatch=monkeypatch) as stack,
    ):
        planned = previewed(stack).steps
        stack.up()
        made = objects(cluster, program)
        program.size, program.replicas = "large", 2
        change = previewed(stack)
        stack.up()
        changed = objects(cluster, program)
        again = previewed(stack).steps
        stack.destroy()
        return Life(
            planned=planned,
            made=made,
            steps=change.steps,
            changes=change.details,
            changed=changed,
            again=again,
            left=objects(cluster, program),
        )


@pytest.mark.usefixtures("host")
def test_one_program_comes_to_the_same_on_the_stand_in_and_on_the_official_plugin(
    official_plugin: Path, control_plane: ControlPlane, cluster: Cluster, chart: str, tmp_path: Path
) -> None:
    """The same objects, previews and remains."""
    lives = {}
    for name, plugin in (("stand-in", None), ("official", official_plugin)):
        mark = uuid.uuid4().hex[:8]
        program = Program(
            kubeconfig=str(control_plane.kubeconfig("admin")),
            namespace=f"parity-{mark}",
            group=f"g{mark}.example.com",
            chart=chart,
        )
        lives[name] = lived(program, plugin, cluster, control_plane, tmp_path / name)
    assert lives["stand-in"].made.keys() == lives["stand-in"].changed.keys() != set()
    assert lives["stand-in"].left == {}
    assert lives["stand-in"] == lives["official"]
