from __future__ import annotations

import pytest

from rackwright.rendering import operator_objects
from rackwright.rendering.operator import definition_objects
from rackwright.rendering.scheduling import scheduling_objects
from rackwright.specs import ClusterSpec
from stacks.components.objects import resource_name, type_token
from tests.stacks.conftest import Declare

pytestmark = pytest.mark.mocked

SDK_TOKENS = {
    ("v1", "Namespace"): "kubernetes:core/v1:Namespace",
    ("v1", "ConfigMap"): "kubernetes:core/v1:ConfigMap",
    ("apps/v1", "Deployment"): "kubernetes:apps/v1:Deployment",
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
    ("kueue.x-k8s.io/v1beta2", "ClusterQueue"): "kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue",
}
"""What pulumi_kubernetes 4.34 registers for these kinds: an object may move to the SDK's class and stay itself."""


@pytest.mark.parametrize(("version", "kind"), SDK_TOKENS)
def test_types_are_those_of_the_sdk(version: str, kind: str) -> None:
    assert type_token({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}) == SDK_TOKENS[version, kind]


def test_names_tell_kind_namespace_and_name() -> None:
    queue = {"apiVersion": "v1", "kind": "LocalQueue", "metadata": {"name": "train", "namespace": "research"}}
    assert resource_name(queue) == "LocalQueue/research/train"


def test_every_object_is_declared_whole_and_once(declared: Declare, spec: ClusterSpec) -> None:
    """Also what stands outside of `spec`: a role's rules, a ConfigMap's data, a priority's value."""
    run = declared(spec, "inside")
    rendered = [*scheduling_objects(spec), *operator_objects(spec), *definition_objects()]
    by_name = {each.name: each.inputs for each in run.resources if each.type.startswith("kubernetes:")}
    for manifest in rendered:
        assert by_name[resource_name(manifest)] == manifest
    assert len({resource_name(manifest) for manifest in rendered}) == len(rendered)


def test_an_object_comes_after_all_kinds_before_it(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec, "inside")
    urns = {each.name: each.urn for each in run.resources}
    [queue] = [each for each in run.resources if each.name == "ClusterQueue/research"]
    assert urns["Namespace/pretraining"] in queue.depends_on
    [deployment] = run.of("apps/v1:Deployment")
    assert [urn for urn in deployment.depends_on if "ConfigMap" in urn]


def test_the_operators_kind_is_defined_before_the_operator_starts(declared: Declare, spec: ClusterSpec) -> None:
    run = declared(spec, "inside")
    definition = run.one("CustomResourceDefinition")
    assert definition.name == "CustomResourceDefinition/trainingjobs.rackwright.dev"
    [namespace] = [each for each in run.resources if each.name == "Namespace/rackwright-system"]
    assert definition.urn in namespace.depends_on
