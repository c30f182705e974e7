"""A refresh reports what others changed of what the program set, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.providers.kubernetes import drift

pytestmark = pytest.mark.pure

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_an_object_that_is_as_expected_has_no_drift(inputs: dict[str, Any], live: dict[str, Any]) -> None:
    """However the server wrote the inputs, and whatever it added."""
    assert drift.live_inputs(inputs, expected=live, live=live) == inputs


@given(OBJECTS, OBJECTS, OBJECTS)
def test_drift_never_adds_a_field_that_the_program_did_not_set(
    inputs: dict[str, Any], expected: dict[str, Any], live: dict[str, Any]
) -> None:
    """At the top, where the rule is plain; below, lists that can't be matched are taken whole."""
    assert set(drift.live_inputs(inputs, expected=expected, live=live)) <= set(inputs)


def test_what_others_changed_takes_the_inputs_place() -> None:
    """And what they added beside it doesn't."""
    found = drift.live_inputs(
        {"spec": {"replicas": 2, "cpu": 1}},
        expected={"spec": {"replicas": 2, "cpu": "1", "strategy": "default"}},
        live={"spec": {"replicas": 5, "cpu": "1", "strategy": "other"}, "status": {}},
    )
    assert found == {"spec": {"replicas": 5, "cpu": 1}}


def test_what_others_removed_is_missing() -> None:
    """So that the next update sets it again."""
    found = drift.live_inputs(
        {"data": {"a": "1", "b": "2"}}, expected={"data": {"a": "1", "b": "2"}}, live={"data": {"a": "1"}}
    )
    assert found == {"data": {"a": "1"}}


def test_what_the_server_drops_is_no_drift() -> None:
    """A pruned field comes back in no reading."""
    assert drift.live_inputs(
        {"spec": {"pruned": 1, "kept": 2}}, expected={"spec": {"kept": 2}}, live={"spec": {"kept": 3}}
    ) == {"spec": {"pruned": 1, "kept": 3}}


def test_lists_of_objects_are_matched_by_name() -> None:
    """A sidecar that a webhook adds moves the others."""
    inputs = {"containers": [{"name": "main", "image": "a"}, {"name": "gone", "image": "b"}]}
    live = {"containers": [{"name": "sidecar", "image": "s"}, {"name": "main", "image": "changed", "extra": 1}]}
    assert drift.live_inputs(inputs, expected=inputs, live=live) == {
        "containers": [{"name": "main", "image": "changed"}]
    }


def test_write_only_string_data_is_compared_through_data() -> None:
    """The server turns it into base64 and never gives it back."""
    inputs = {"stringData": {"same": "x", "changed": "old", "removed": "y"}}
    found = drift.live_inputs(
        inputs,
        expected={"data": {"same": "eA==", "changed": "b2xk", "removed": "eQ=="}},
        live={"data": {"same": "eA==", "changed": "bmV3"}},
    )
    assert found == {"stringData": {"same": "x", "changed": "new"}}


def test_an_import_takes_all_but_the_servers_own() -> None:
    """A program can be written from it."""
    live = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "1", "managedFields": [], "labels": {"a": "b"}},
        "data": {"x": "y"},
        "status": {},
    }
    assert drift.imported_inputs(live) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "labels": {"a": "b"}},
        "data": {"x": "y"},
    }
