"""A container's variables are what Kubernetes would give it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.kubelet.environment import environment, expand, referred
from rehearsal.kubelet.errors import ContainerError
from tests.rehearsal.kubelet.samples import config_map, container, pod, secret

pytestmark = pytest.mark.pure


def variables(references: Any = None, **fields: Any) -> dict[str, str]:  # noqa: ANN401  # parts of JSON objects
    """The variables of a container with these fields."""
    return environment(
        container(**fields), pod=pod(), references=references or {}, node_ip="10.0.0.7", pod_ip="198.18.0.1"
    )


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)-$(A)", "1-1"),
        ("$(B)", "$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $", "$A $"),
        ("$(A", "$(A"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expanded: str) -> None:
    assert expanded == expand(text, {"A": "1"})


@given(st.text(alphabet="abc ()"))
def test_a_text_without_dollar_stays(text: str) -> None:
    assert text == expand(text, {"a": "x"})


def test_literals_see_the_ones_before_them() -> None:
    found = variables(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C"}])
    assert found == {"A": "1", "B": "1$(C)", "C": ""}


def test_fields_of_the_pod() -> None:
    paths = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "status.podIP", "status.hostIP"]
    paths.append("metadata.labels['app']")
    env = [{"name": path, "valueFrom": {"fieldRef": {"fieldPath": path}}} for path in paths]
    assert list(variables(env=env).values()) == [
        "web-0",
        "prod",
        "1234",
        "node-1",
        "198.18.0.1",
        "10.0.0.7",
        'a "b"',
    ]


def test_keys_of_config_maps_and_secrets() -> None:
    found = variables(
        {("ConfigMap", "settings"): config_map(level="3"), ("Secret", "keys"): secret(phrase="x y")},
        envFrom=[{"prefix": "S_", "configMapRef": {"name": "settings"}}],
        env=[{"name": "P", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "phrase"}}}],
    )
    assert found == {"S_level": "3", "P": "x y"}


def test_what_is_missing_is_named_unless_it_is_optional() -> None:
    key = {"name": "keys", "key": "phrase"}
    with pytest.raises(ContainerError, match="Secret 'keys' has no key 'phrase'"):
        variables(env=[{"name": "P", "valueFrom": {"secretKeyRef": key}}])
    with pytest.raises(ContainerError, match="ConfigMap 'settings' is not there"):
        variables(envFrom=[{"configMapRef": {"name": "settings"}}])
    assert (
        variables(
            env=[{"name": "P", "valueFrom": {"secretKeyRef": {**key, "optional": True}}}],
            envFrom=[{"configMapRef": {"name": "settings", "optional": True}}],
        )
        == {}
    )


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ContainerError, match=r"'spec\.colour' is no field of a pod"):
        variables(env=[{"name": "P", "valueFrom": {"fieldRef": {"fieldPath": "spec.colour"}}}])


def test_all_references_are_found() -> None:
    declared = container(
        envFrom=[{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
        env=[
            {"name": "X", "value": "1"},
            {"name": "Y", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        ],
    )
    assert list(referred(declared)) == [("ConfigMap", "a"), ("Secret", "b"), ("ConfigMap", "c")]
