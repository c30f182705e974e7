"""What counts as a change, and which changes replace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.providers.differences import Change, compare
from rehearsal.providers.values import UNKNOWN

pytestmark = pytest.mark.pure

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(OBJECTS)
def test_equal_properties_differ_in_nothing(properties: dict[str, Any]) -> None:
    """No false change: it would be an update at each `pulumi up`."""
    assert not compare(properties, properties)


@given(OBJECTS, OBJECTS)
def test_the_way_back_changes_the_same_paths(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What is added one way is deleted the other way."""
    opposite = {Change.ADD: Change.DELETE, Change.DELETE: Change.ADD, Change.UPDATE: Change.UPDATE}
    there, back = compare(old, new).changes, compare(new, old).changes
    assert {path: opposite[change] for path, change in there.items()} == back


@given(OBJECTS, OBJECTS)
def test_a_change_is_found_exactly_when_json_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Compared as JSON, where true is not 1."""
    as_text = [json.dumps(properties, sort_keys=True) for properties in (old, new)]
    assert bool(compare(old, new)) == (as_text[0] != as_text[1])


def test_changes_are_told_at_the_innermost_property() -> None:
    """Lists are compared by index."""
    found = compare({"a": {"b": [1, 2], "c": 1}}, {"a": {"b": [1, 3, 4], "d": 1}})
    assert found.changes == {
        ("a", "b", 1): Change.UPDATE,
        ("a", "b", 2): Change.ADD,
        ("a", "c"): Change.DELETE,
        ("a", "d"): Change.ADD,
    }
    assert not found.replaces


def test_numbers_are_compared_as_json_has_them() -> None:
    """It knows one kind of number, and true is none."""
    assert not compare({"a": 1}, {"a": 1.0})
    assert compare({"a": 1}, {"a": True})
    assert compare({"a": 0}, {"a": False})
    assert compare({"a": 1}, {"a": "1"})


def test_an_unknown_differs_even_from_an_unknown() -> None:
    """It may turn out to be anything."""
    assert compare({"a": UNKNOWN}, {"a": UNKNOWN})
    assert compare({"a": 1}, {"a": UNKNOWN})


@pytest.mark.parametrize(
    ("new", "replaces"),
    [
        ({"shape": {"name": "b"}, "pools": [{"subnet": "x"}]}, {("shape", "name")}),
        ({"pools": [{"subnet": "x"}]}, {("shape",)}),
        ({"shape": {"name": "a"}, "pools": [{"subnet": "y"}]}, {("pools", 0, "subnet")}),
        ({"shape": {"name": "a"}, "pools": [{"subnet": "x", "size": 2}]}, set()),
    ],
)
def test_changes_at_below_and_above_immutable_paths_replace(new: dict[str, Any], replaces: set[Any]) -> None:
    """A star stands for any index."""
    old = {"shape": {"name": "a"}, "pools": [{"subnet": "x"}]}
    immutable = [("shape", "name"), ("pools", "*", "subnet")]
    assert compare(old, new, immutable=immutable).replaces == replaces
    assert compare(old, new, immutable=immutable, delete_before_replace=True).delete_before_replace == bool(replaces)
