"""Names, field managers, immutable fields and outputs of objects."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.values import UNKNOWN

pytestmark = pytest.mark.pure

KUBECONFIG = """
clusters: [{name: c, cluster: {}}]
contexts: [{name: c, context: {cluster: c}}]
current-context: c
"""

LIVE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "a", "uid": "1", "resourceVersion": "2", "managedFields": [{}]},
    "spec": {"clusterIP": "10.0.0.1", "type": "ClusterIP"},
    "status": {"loadBalancer": {}},
}


def test_automatic_names_follow_the_seed() -> None:
    """Another seed is another name; the resource's own name comes first."""
    first, again, other = (objects.automatic_name("web", seed=seed) for seed in (b"1", b"1", b"2"))
    assert first == again != other
    assert first.startswith("web-")


def test_the_field_manager_is_asked_for_remembered_or_from_the_urn() -> None:
    """In this order; it must stay the same, or fields would be orphaned."""
    annotated = {"metadata": {"annotations": {objects.PATCH_FIELD_MANAGER: "mine"}}}
    remembered = {objects.FIELD_MANAGER: "pulumi-kubernetes-old"}
    assert objects.field_manager(annotated, remembered, urn="u") == "mine"
    assert objects.field_manager({}, remembered, urn="u") == "pulumi-kubernetes-old"
    assert objects.field_manager({}, {}, urn="u") == objects.field_manager({}, {}, urn="u")
    assert objects.field_manager({}, {}, urn="u") != objects.field_manager({}, {}, urn="v")


@pytest.mark.parametrize(
    ("kind", "options", "immutable"),
    [
        ("ConfigMap", {}, True),
        ("ConfigMap", {"enableConfigMapMutable": True}, False),
        ("Secret", {}, True),
        ("Secret", {"enableSecretMutable": "true"}, False),
        ("Service", {}, False),
    ],
)
def test_data_is_immutable_unless_the_provider_is_told_otherwise(
    kind: str,
    options: dict[str, Any],
    immutable: bool,  # a parameter of the test
) -> None:
    """As in the real provider, so that a preview here shows what a preview there shows."""
    settings = Settings.parse({"kubeconfig": KUBECONFIG, **options})
    assert (("data",) in objects.immutable({"apiVersion": "v1", "kind": kind}, settings)) == immutable


def test_a_secrets_string_data_is_compared_as_the_data_that_it_becomes() -> None:
    """As the official plugin shows it; what isn't known yet stays so, and no other kind has such data."""
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}}
    given = {**secret, "stringData": {"b": "new", "c": UNKNOWN}}
    assert objects.comparable(given) == {**secret, "data": {"a": "eA==", "b": "bmV3", "c": UNKNOWN}}
    assert objects.comparable({**secret, "stringData": UNKNOWN}) == {**secret, "stringData": UNKNOWN}
    other = {"apiVersion": "example.com/v1", "kind": "Secret", "stringData": {"b": "new"}}
    assert objects.comparable(other) == other


def test_outputs_have_the_live_object_without_managed_fields() -> None:
    """And the field manager, which the next update needs."""
    outputs = objects.outputs_of(LIVE, inputs={}, manager="m")
    assert outputs["metadata"] == {"name": "a", "uid": "1", "resourceVersion": "2"}
    assert outputs[objects.FIELD_MANAGER] == "m"
    assert outputs["status"] == {"loadBalancer": {}}


def test_a_preview_of_a_creation_foresees_nothing_that_the_server_makes_up() -> None:
    """A dry run's uid and address belong to no object."""
    outputs = objects.foreseen(LIVE, inputs={"spec": {}}, manager="m", exists=False)
    assert outputs["metadata"] == dict.fromkeys(
        ("uid", "resourceVersion", "generation", "creationTimestamp"), UNKNOWN
    ) | {"name": "a"}
    assert outputs["spec"] == {"clusterIP": UNKNOWN, "clusterIPs": UNKNOWN, "type": "ClusterIP"}
    assert "status" not in outputs


def test_a_preview_of_an_update_keeps_what_stays() -> None:
    """The same object has the same uid and address."""
    outputs = objects.foreseen(LIVE, inputs={"spec": {}}, manager="m", exists=True)
    assert outputs["metadata"]["uid"] == "1"
    assert outputs["metadata"]["resourceVersion"] is UNKNOWN
    assert outputs["spec"] == LIVE["spec"]
