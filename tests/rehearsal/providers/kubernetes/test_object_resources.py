"""Objects on the real API server, through a configured provider."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.providers.differences import Change, Difference
from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.model import InitializationError, Instance, ProviderError, Resource, State
from rehearsal.providers.values import UNKNOWN, Path, Properties

Configure = Callable[..., Instance]

pytestmark = pytest.mark.control_plane

SHORT_S = 2.0
"""Seconds that a wait gets in a test where it can't succeed."""


def resource(inputs: Properties, name: str = "thing") -> Resource:
    """The program's resource for these inputs."""
    version = inputs["apiVersion"]
    kind = f"kubernetes:{version if '/' in version else f'core/{version}'}:{inputs['kind']}"
    return Resource(urn=f"urn:pulumi:dev::project::{kind}::{name}", type=kind, name=name)


def checked(instance: Instance, inputs: Properties, *, old_inputs: Properties | None = None) -> Properties:
    """The inputs after their check, which must find nothing wrong."""
    result = instance.check(resource(inputs), old_inputs=old_inputs or {}, new_inputs=inputs, seed=b"seed")
    assert not result.failures
    return result.inputs


def created(instance: Instance, inputs: Properties, *, timeout_s: float = 0) -> tuple[Properties, State]:
    """The checked inputs and the state of what was made from them."""
    inputs = checked(instance, inputs)
    return inputs, instance.create(resource(inputs), inputs=inputs, preview=False, timeout_s=timeout_s)


def foreseen(instance: Instance, inputs: Properties) -> Properties:
    """The outputs that a preview of a creation knows."""
    return instance.create(resource(inputs), inputs=inputs, preview=True, timeout_s=0).outputs


def diff(instance: Instance, old: Properties, state: State, new: Properties) -> Difference:
    """What an update would change."""
    return instance.diff(resource(new), resource_id=state.id, old_inputs=old, old_outputs=state.outputs, new_inputs=new)


def updated(instance: Instance, old: Properties, state: State, new: Properties, *, preview: bool = False) -> Properties:
    """The outputs after an update."""
    return instance.update(
        resource(new),
        resource_id=state.id,
        old_inputs=old,
        old_outputs=state.outputs,
        new_inputs=new,
        preview=preview,
        timeout_s=0,
    )


def read(instance: Instance, inputs: Properties, state: State) -> State | None:
    """The resource as a refresh finds it."""
    return instance.read(resource(inputs), resource_id=state.id, inputs=inputs, outputs=state.outputs)


def deleted(instance: Instance, inputs: Properties, state: State, *, timeout_s: float = 0) -> None:
    """Delete and wait."""
    instance.delete(resource(inputs), resource_id=state.id, inputs=inputs, outputs=state.outputs, timeout_s=timeout_s)


def config_map(name: str | None = "a", **data: str) -> Properties:
    """A ConfigMap, which needs no controller to be ready."""
    metadata = {"name": name} if name else {}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def quota(**hard: str | int) -> Properties:
    """A ResourceQuota, whose quantities the server rewrites."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}


def definition(*, plural: str) -> Properties:
    """A CustomResourceDefinition with an immutable field."""
    immutable = [{"rule": "self == oldSelf", "message": "fixed is immutable"}]
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "size": {"type": "integer"},
                    "fixed": {"type": "string", "x-kubernetes-validations": immutable},
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": plural, "kind": plural.capitalize()},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def live(cluster: Cluster, namespace: str, *, api_version: str, kind: str, name: str) -> dict[str, Any] | None:
    """The object as the API server has it."""
    return cluster.get(cluster.kind(api_version, kind), namespace=namespace, name=name)


def patch_as_other(cluster: Cluster, namespace: str, body: Properties) -> None:
    """Change an object as someone else, by force."""
    kind = cluster.kind(body["apiVersion"], body["kind"])
    metadata = {**body["metadata"], "namespace": namespace}
    cluster.apply(kind, {**body, "metadata": metadata}, manager="someone-else", force=True, dry_run=False)


def test_an_object_is_made_where_the_provider_says_with_outputs_of_the_server(
    configured: Configure, cluster: Cluster, namespace: str
) -> None:
    """The id is namespace/name; the outputs are the live object and the field manager."""
    _, state = created(configured(), config_map(x="1"))
    found = live(cluster, namespace, api_version="v1", kind="ConfigMap", name="a")
    assert found is not None
    assert state.id == f"{namespace}/a"
    assert state.outputs["metadata"]["uid"] == found["metadata"]["uid"]
    managers = [entry["manager"] for entry in found["metadata"]["managedFields"]]
    assert managers == [state.outputs[objects.FIELD_MANAGER]]


def test_a_name_is_made_and_kept(configured: Configure) -> None:
    """The next check of the same resource keeps it, and a replacement isn't blocked by it."""
    instance = configured()
    inputs, state = created(instance, config_map(None, x="1"))
    name = inputs["metadata"]["name"]
    assert name.startswith("thing-")
    new = checked(instance, config_map(None, x="2"), old_inputs=inputs)
    assert new["metadata"]["name"] == name
    assert not diff(instance, inputs, state, new).delete_before_replace


def test_a_preview_makes_nothing_and_leaves_the_servers_part_unknown(
    configured: Configure, cluster: Cluster, namespace: str
) -> None:
    """By a dry run on the server, whose defaults show."""
    instance = configured()
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}},
    }
    outputs = foreseen(instance, checked(instance, service))
    assert outputs["spec"]["sessionAffinity"] == "None"
    assert outputs["spec"]["clusterIP"] is UNKNOWN
    assert outputs["metadata"]["uid"] is UNKNOWN
    assert live(cluster, namespace, api_version="v1", kind="Service", name="s") is None


def test_a_preview_shows_what_the_server_refuses(configured: Configure) -> None:
    """Before anything is made."""
    instance = configured()
    bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 70000}]}}
    with pytest.raises(ProviderError, match=r"spec\.ports\[0\]\.port"):
        foreseen(instance, checked(instance, bad))
    unknown_field = {**config_map(), "spec": {}}
    with pytest.raises(ProviderError, match="field not declared in schema"):
        foreseen(instance, checked(instance, unknown_field))


@pytest.mark.parametrize(
    "inputs",
    [
        {**config_map(x="1"), "data": {"x": UNKNOWN}},
        {**config_map(x="1"), "metadata": {"name": "a", "namespace": "still-to-come"}},
        {"apiVersion": "still.to.come/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 1}},
    ],
    ids=["unknown value", "namespace to come", "definition to come"],
)
def test_a_preview_passes_on_what_the_server_cannot_judge_yet(configured: Configure, inputs: Properties) -> None:
    """Unknown stays unknown, known stays known."""
    instance = configured()
    outputs = foreseen(instance, checked(instance, inputs))
    body = "spec" if "spec" in inputs else "data"
    assert outputs[body] == inputs[body]
    assert outputs["metadata"]["uid"] is UNKNOWN


def test_a_preview_refuses_kinds_that_nothing_can_define(configured: Configure) -> None:
    """A misspelt kind of a built-in group isn't still to come."""
    instance = configured()
    misspelt = {"apiVersion": "apps/v1", "kind": "Deploymint", "metadata": {"name": "a"}}
    with pytest.raises(ProviderError, match="no kind Deploymint in apps/v1"):
        foreseen(instance, checked(instance, misspelt))


def test_what_others_made_is_not_taken_over_unless_told(
    configured: Configure, cluster: Cluster, namespace: str
) -> None:
    """As pulumi-kubernetes 4.34 does; a preview says so already."""
    patch_as_other(cluster, namespace, config_map(theirs="1"))
    instance = configured()
    inputs = checked(instance, config_map(ours="1"))
    with pytest.raises(ProviderError, match=f"ConfigMap {namespace}/a already exists"):
        foreseen(instance, inputs)
    with pytest.raises(ProviderError, match="already exists"):
        created(instance, inputs)
    _, state = created(configured(upsertExistingObjects=True), inputs)
    assert state.outputs["data"] == {"theirs": "1", "ours": "1"}


def test_the_preview_of_a_replacement_is_not_stopped_by_what_it_replaces(configured: Configure) -> None:
    """In a preview the old object is still there."""
    instance = configured()
    created(instance, config_map(x="1"))
    assert foreseen(instance, checked(instance, config_map(x="2")))["data"] == {"x": "2"}


def test_an_update_changes_and_removes_what_the_program_does(configured: Configure) -> None:
    """What the program no longer says is gone; the preview foresees it and changes nothing."""
    instance = configured()
    old, state = created(instance, quota(pods="1", cpu="2"))
    new = checked(instance, quota(pods="5"))
    assert diff(instance, old, state, new).changes == {
        ("spec", "hard", "pods"): Change.UPDATE,
        ("spec", "hard", "cpu"): Change.DELETE,
    }
    before = updated(instance, old, state, new, preview=True)
    assert before["spec"] == {"hard": {"pods": "5"}}
    unchanged = read(instance, old, state)
    assert unchanged is not None
    assert unchanged.inputs == old
    after = updated(instance, old, state, new)
    assert after["spec"] == {"hard": {"pods": "5"}}
    assert after["metadata"]["uid"] == before["metadata"]["uid"] == state.outputs["metadata"]["uid"]


def test_no_change_is_no_difference(configured: Configure) -> None:
    """Whatever the server made of the quantities."""
    instance = configured()
    old, state = created(instance, quota(cpu=1, memory="0.5Gi"))
    assert state.outputs["spec"]["hard"] == {"cpu": "1", "memory": "512Mi"}
    assert not diff(instance, old, state, checked(instance, quota(cpu=1, memory="0.5Gi"), old_inputs=old))
    found = read(instance, old, state)
    assert found is not None
    assert found.inputs == old


def test_a_refresh_reports_what_others_changed_of_ours_alone(
    configured: Configure, cluster: Cluster, namespace: str
) -> None:
    """Their own fields are no drift."""
    instance = configured()
    old, state = created(instance, quota(cpu=1, pods="1"))
    patch_as_other(cluster, namespace, quota(cpu="7", secrets="3"))
    found = read(instance, old, state)
    assert found is not None
    assert found.inputs["spec"] == {"hard": {"cpu": "7", "pods": "1"}}
    assert found.outputs["spec"] == {"hard": {"cpu": "7", "pods": "1", "secrets": "3"}}


def test_fields_of_others_are_taken_over_only_by_force(configured: Configure, cluster: Cluster, namespace: str) -> None:
    """The conflict names the field, the other manager and the remedy."""
    instance = configured()
    old, state = created(instance, quota(cpu=1))
    patch_as_other(cluster, namespace, quota(cpu="7"))
    new = checked(instance, quota(cpu=2))
    with pytest.raises(ProviderError, match=r'spec\.hard\.cpu .*"someone-else".*pulumi\.com/patchForce'):
        updated(instance, old, state, new)
    new["metadata"]["annotations"] = {objects.PATCH_FORCE: "true"}
    assert updated(instance, old, state, new)["spec"]["hard"]["cpu"] == "2"


def test_what_others_deleted_reads_as_gone(configured: Configure, cluster: Cluster, namespace: str) -> None:
    """And deleting it is no error."""
    instance = configured()
    inputs, state = created(instance, config_map(x="1"))
    cluster.delete(cluster.kind("v1", "ConfigMap"), namespace=namespace, name="a", propagation="Background")
    assert read(instance, inputs, state) is None
    deleted(instance, inputs, state)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"metadata": {"name": "b"}}, ("metadata", "name")),
        ({"data": {"x": "2"}}, ("data", "x")),
    ],
)
def test_changes_of_identity_and_data_replace(configured: Configure, change: Properties, path: Path) -> None:
    """With the same name the old object must go first."""
    instance = configured()
    old, state = created(instance, config_map(x="1"))
    difference = diff(instance, old, state, checked(instance, {**config_map(x="1"), **change}))
    assert difference.replaces == {path}
    assert difference.delete_before_replace == (path[0] == "data")


def test_the_server_is_asked_which_changes_replace(configured: Configure) -> None:
    """Of fields that no table knows: here one that a rule in a custom definition makes immutable."""
    instance = configured()
    plural = f"w{uuid.uuid4().hex[:8]}"
    crd, crd_state = created(instance, definition(plural=plural))
    widget = {"apiVersion": "example.com/v1", "kind": plural.capitalize(), "metadata": {"name": "w"}}
    old, state = created(instance, {**widget, "spec": {"size": 1, "fixed": "a"}})
    size = diff(instance, old, state, checked(instance, {**widget, "spec": {"size": 2, "fixed": "a"}}))
    fixed = diff(instance, old, state, checked(instance, {**widget, "spec": {"size": 2, "fixed": "b"}}))
    assert not size.replaces
    assert fixed.replaces == {("spec", "fixed")}
    assert fixed.delete_before_replace
    deleted(instance, crd, crd_state)
    assert read(instance, old, state) is None
    deleted(instance, old, state)


def test_objects_without_a_namespace_are_not_replaced_once_their_kind_is_known(configured: Configure) -> None:
    """Checking couldn't tell that they have one, before their definition was there."""
    instance = configured()
    plural = f"w{uuid.uuid4().hex[:8]}"
    widget = {"apiVersion": "example.com/v1", "kind": plural.capitalize(), "metadata": {"name": "w"}, "spec": {}}
    early = checked(instance, widget)
    assert "namespace" not in early["metadata"]
    crd, crd_state = created(instance, definition(plural=plural))
    state = instance.create(resource(early), inputs=early, preview=False, timeout_s=0)
    late = checked(instance, widget, old_inputs=early)
    assert late["metadata"]["namespace"]
    assert not diff(instance, early, state, late)
    deleted(instance, crd, crd_state)


def test_a_program_may_wait_for_a_condition(configured: Configure, cluster: Cluster, namespace: str) -> None:
    """Creating returns when someone sets it."""
    instance = configured()
    plural = f"w{uuid.uuid4().hex[:8]}"
    crd, crd_state = created(instance, definition(plural=plural))
    widget: Properties = {
        "apiVersion": "example.com/v1",
        "kind": plural.capitalize(),
        "metadata": {"name": "w", "annotations": {objects.WAIT_FOR: "condition=Ready"}},
        "spec": {"size": 1},
    }
    with pytest.raises(InitializationError, match="condition Ready is not there, expected True") as caught:
        created(instance, widget, timeout_s=SHORT_S)
    assert caught.value.resource_id == f"{namespace}/w"
    assert caught.value.outputs["spec"] == {"size": 1}
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    without = {key: widget[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": "w"}}
    patch_as_other(cluster, namespace, without | ready)
    inputs = checked(instance, widget)
    state = State(id=f"{namespace}/w", outputs=caught.value.outputs)
    assert updated(instance, inputs, state, inputs)["status"] == ready["status"]
    deleted(instance, crd, crd_state)


def test_a_workload_that_does_not_get_ready_stays_with_its_reasons(configured: Configure, namespace: str) -> None:
    """The reasons come from its status and from what was said about its pods."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {
                "metadata": {"labels": {"app": "d"}},
                "spec": {"containers": [{"name": "c", "image": "x"}], "nodeSelector": {"nowhere": "true"}},
            },
        },
    }
    with pytest.raises(InitializationError) as caught:
        created(configured(), deployment, timeout_s=SHORT_S)
    assert caught.value.resource_id == f"{namespace}/d"
    assert f"Deployment {namespace}/d isn't ready (waited 2 s)" in caught.value.reasons[0]
    assert "0 of 1 replicas available" in caught.value.reasons[0]


def test_cancelling_ends_a_wait(configured: Configure) -> None:
    """At once, not at the deadline."""
    instance = configured()
    instance.cancel()
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j"},
        "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x"}], "restartPolicy": "Never"}}},
    }
    with pytest.raises(InitializationError, match="cancelled"):
        created(instance, job)


def test_deleting_waits_for_finalizers_and_names_them(configured: Configure, cluster: Cluster, namespace: str) -> None:
    """Whoever set the finalizer has to take it off."""
    instance = configured()
    held = config_map(x="1")
    held["metadata"] = {"name": "a", "finalizers": ["example.com/hold"]}
    inputs, state = created(instance, held)
    with pytest.raises(ProviderError, match=r"held by its finalizers example\.com/hold"):
        deleted(instance, inputs, state, timeout_s=SHORT_S)
    kind = cluster.kind("v1", "ConfigMap")
    body = {"metadata": {"finalizers": None}}
    path = kind.path(namespace=namespace, name="a")
    cluster.request("PATCH", path, body=body, content_type="application/merge-patch+json")
    deleted(instance, inputs, state)
    assert live(cluster, namespace, api_version="v1", kind="ConfigMap", name="a") is None


def test_string_data_is_write_only_and_watched_all_the_same(
    configured: Configure, cluster: Cluster, namespace: str
) -> None:
    """No false drift, and true drift is found."""
    instance = configured()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "x"}}
    inputs, state = created(instance, secret)
    assert state.outputs["stringData"] == {"password": "x"}
    assert state.outputs["data"] == {"password": base64.b64encode(b"x").decode()}
    found = read(instance, inputs, state)
    assert found is not None
    assert found.inputs == inputs
    changed = {**secret, "stringData": {"password": "y"}}
    patch_as_other(cluster, namespace, changed)
    found = read(instance, inputs, state)
    assert found is not None
    assert found.inputs["stringData"] == {"password": "y"}


def test_an_object_can_be_imported_by_its_type_and_id(configured: Configure, cluster: Cluster, namespace: str) -> None:
    """Reading without a state, as `pulumi import` does."""
    patch_as_other(cluster, namespace, config_map(x="1"))
    kind = Resource(
        urn="urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::a", type="kubernetes:core/v1:ConfigMap", name="a"
    )
    found = configured().read(kind, resource_id=f"{namespace}/a", inputs={}, outputs={})
    assert found is not None
    assert found.inputs == {**config_map(x="1"), "metadata": {"name": "a", "namespace": namespace}}
