"""Releases by the real Helm on the real API server, of a chart of the test's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.control_plane import ControlPlane
from rehearsal.providers.differences import Change
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.helm import find_chart
from rehearsal.providers.kubernetes.releases import RELEASE
from rehearsal.providers.model import InitializationError, Instance, ProviderError, Resource, State
from rehearsal.providers.values import UNKNOWN, Properties

Configure = Callable[..., Instance]

pytestmark = pytest.mark.control_plane

TINY = Resource(urn=f"urn:pulumi:dev::project::{RELEASE}::tiny", type=RELEASE, name="tiny")

TEMPLATE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-size}
data: {size: {{ required "size is needed" .Values.size | quote }}}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-extra}
{{- end }}
{{- if .Values.workload }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: tiny}}
  template:
    metadata: {labels: {app: tiny}}
    spec: {containers: [{name: c, image: x}], nodeSelector: {nowhere: "true"}}
{{- end }}
"""

SHORT_S = 2
"""Seconds that Helm gets in a test where it can't succeed."""


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """A chart's folder."""
    folder = tmp_path / "tiny"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text(TEMPLATE, encoding="utf-8")
    return str(folder)


def checked(instance: Instance, inputs: Properties) -> Properties:
    """The inputs after their check, which must find nothing wrong."""
    result = instance.check(TINY, old_inputs={}, new_inputs=inputs, seed=b"seed")
    assert not result.failures
    return result.inputs


def installed(instance: Instance, inputs: Properties) -> tuple[Properties, State]:
    """The checked inputs and the state of the release."""
    inputs = checked(instance, inputs)
    return inputs, instance.create(TINY, inputs=inputs, preview=False, timeout_s=0)


def upgraded(instance: Instance, inputs: Properties, state: State, *, preview: bool = False) -> Properties:
    """The outputs after an upgrade."""
    return instance.update(
        TINY,
        resource_id=state.id,
        old_inputs={},
        old_outputs=state.outputs,
        new_inputs=checked(instance, inputs),
        preview=preview,
        timeout_s=0,
    )


def sizes(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The releases' ConfigMaps, and what is in them."""
    found = cluster.list(cluster.kind("v1", "ConfigMap"), namespace=namespace)
    return {
        each["metadata"]["name"]: (each.get("data") or {}).get("size", "")
        for each in found
        if each["metadata"]["name"].startswith("tiny")
    }


def helm(control_plane: ControlPlane, *arguments: str) -> str:
    """What Helm prints to someone who uses it directly."""
    program = str(control_plane.toolbox.program("helm"))
    command = [program, f"--kubeconfig={control_plane.kubeconfig('admin')}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_values_reach_the_objects_and_what_a_revision_drops_is_deleted(
    configured: Configure, cluster: Cluster, namespace: str, chart: str
) -> None:
    """Install, preview, upgrade, uninstall."""
    instance = configured()
    release: Properties = {"chart": chart, "name": "tiny", "values": {"size": 1, "extra": True}}
    inputs, state = installed(instance, release)
    assert sizes(cluster, namespace) == {"tiny-size": "1", "tiny-extra": ""}
    assert state.id == f"{namespace}/tiny"
    assert state.outputs["status"]["status"] == "deployed"
    assert state.outputs["resourceNames"] == {"ConfigMap/v1": [f"{namespace}/tiny-extra", f"{namespace}/tiny-size"]}
    smaller = {**release, "values": {"size": 2}}
    difference = instance.diff(
        TINY,
        resource_id=state.id,
        old_inputs=inputs,
        old_outputs=state.outputs,
        new_inputs=checked(instance, smaller),
    )
    assert difference.changes == {("values", "size"): Change.UPDATE, ("values", "extra"): Change.DELETE}
    foreseen = upgraded(instance, smaller, state, preview=True)
    assert foreseen["resourceNames"] == {"ConfigMap/v1": [f"{namespace}/tiny-size"]}
    assert foreseen["status"] is UNKNOWN
    assert sizes(cluster, namespace) == {"tiny-size": "1", "tiny-extra": ""}
    assert upgraded(instance, smaller, state)["status"]["revision"] == 2
    assert sizes(cluster, namespace) == {"tiny-size": "2"}
    instance.delete(TINY, resource_id=state.id, inputs=inputs, outputs=state.outputs, timeout_s=0)
    assert sizes(cluster, namespace) == {}
    assert instance.read(TINY, resource_id=state.id, inputs=inputs, outputs=state.outputs) is None
    instance.delete(TINY, resource_id=state.id, inputs=inputs, outputs=state.outputs, timeout_s=0)


def test_a_preview_shows_a_templates_errors(configured: Configure, chart: str) -> None:
    """As Helm says them."""
    instance = configured()
    inputs = checked(instance, {"chart": chart, "values": {}})
    with pytest.raises(ProviderError, match="size is needed"):
        instance.create(TINY, inputs=inputs, preview=True, timeout_s=0)


def test_unknown_values_are_not_rendered(configured: Configure, chart: str) -> None:
    """What the chart makes of them is unknown."""
    instance = configured()
    inputs = checked(instance, {"chart": chart, "values": {"size": UNKNOWN}})
    outputs = instance.create(TINY, inputs=inputs, preview=True, timeout_s=0).outputs
    assert outputs["values"] == {"size": UNKNOWN}
    assert outputs["resourceNames"] is UNKNOWN


def test_a_release_that_is_not_ready_stays_and_recovers(
    configured: Configure, cluster: Cluster, namespace: str, chart: str
) -> None:
    """With Helm's reason; the next update goes on from there."""
    instance = configured()
    release: Properties = {"chart": chart, "name": "tiny"}
    with pytest.raises(InitializationError, match=f"Deployment/{namespace}/tiny not ready") as caught:
        installed(instance, {**release, "timeout": SHORT_S, "values": {"size": 1, "workload": True}})
    state = State(id=caught.value.resource_id, outputs=caught.value.outputs)
    assert state.outputs["status"]["status"] == "failed"
    upgraded(instance, {**release, "values": {"size": 1, "workload": True}, "skipAwait": True}, state)
    assert upgraded(instance, {**release, "values": {"size": 2}}, state)["status"]["status"] == "deployed"
    assert sizes(cluster, namespace) == {"tiny-size": "2"}


def test_a_refresh_reports_values_that_were_set_with_helm(
    configured: Configure, control_plane: ControlPlane, namespace: str, chart: str
) -> None:
    """The release is Helm's own, so it can be changed with Helm."""
    instance = configured()
    inputs, state = installed(instance, {"chart": chart, "name": "tiny", "values": {"size": 1}})
    unchanged = instance.read(TINY, resource_id=state.id, inputs=inputs, outputs=state.outputs)
    assert unchanged is not None
    assert unchanged.inputs == inputs
    listed: list[dict[str, Any]] = json.loads(helm(control_plane, "list", "-n", namespace, "-o", "json"))
    assert [(each["name"], each["status"]) for each in listed] == [("tiny", "deployed")]
    helm(control_plane, "upgrade", "tiny", chart, "-n", namespace, "--set", "size=7")
    found = instance.read(TINY, resource_id=state.id, inputs=inputs, outputs=state.outputs)
    assert found is not None
    assert found.inputs == {**inputs, "values": {"size": 7}}


def test_a_release_of_someone_else_is_not_taken_over(
    configured: Configure, control_plane: ControlPlane, namespace: str, chart: str
) -> None:
    """Its name is taken."""
    helm(control_plane, "install", "tiny", chart, "-n", namespace, "--set", "size=1")
    with pytest.raises(ProviderError, match=f"a Helm release {namespace}/tiny already exists"):
        installed(configured(), {"chart": chart, "name": "tiny", "values": {"size": 1}})


@pytest.mark.parametrize("name", ["kueue", "jobset"])
def test_published_charts_are_the_pinned_copies_and_render(configured: Configure, name: str) -> None:
    """By their address; a preview renders all of their objects."""
    instance = configured()
    published = f"oci://registry.example/charts/{name}"
    version = find_chart(published, version=None).version
    inputs = checked(instance, {"chart": published, "name": name, "version": version})
    names = instance.create(TINY, inputs=inputs, preview=True, timeout_s=0).outputs["resourceNames"]
    assert any(f"{name}-controller" in each for each in names["Deployment/apps/v1"])
    assert names["CustomResourceDefinition/apiextensions.k8s.io/v1"]
