from __future__ import annotations

import pytest

from rackwright.rendering.platform import jobset_values, kueue_values
from rackwright.specs import ClusterSpec
from tests.stacks.conftest import Declare

pytestmark = pytest.mark.mocked

SYSTEM = {"rackwright.dev/pool": "system"}


def test_the_official_charts_get_the_specs_versions_and_values(declared: Declare, spec: ClusterSpec) -> None:
    releases = {each.name: each.inputs for each in declared(spec, "inside").of("helm.sh/v3:Release")}
    assert {name: (release["chart"], release["version"]) for name, release in releases.items()} == {
        "kueue": ("oci://registry.k8s.io/kueue/charts/kueue", "0.15.0"),
        "jobset": ("oci://registry.k8s.io/jobset/charts/jobset", "0.11.1"),
    }
    assert releases["kueue"]["values"] == kueue_values(spec.platform.kueue, node_labels=SYSTEM)
    assert releases["jobset"]["values"] == jobset_values(spec.platform.jobset, node_labels=SYSTEM)


def test_a_chart_and_its_namespace_go_together(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec, "inside")
    namespaces = {each.name: each.urn for each in run.resources if each.type == "kubernetes:core/v1:Namespace"}
    for release in run.of("helm.sh/v3:Release"):
        assert namespaces[f"Namespace/{release.name}-system"] in release.depends_on
        assert release.inputs["namespace"] == f"{release.name}-system"
