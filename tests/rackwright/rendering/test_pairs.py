"""Objects are what the golden pairs show."""

from __future__ import annotations

import pytest

from tests.rackwright.rendering.pairs import KINDS, cases, golden, merged, rendered

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("case", cases())
def test_what_is_rendered_is_the_golden_output(case: str) -> None:
    assert rendered(case) == golden(case)


def test_each_kind_has_a_pair() -> None:
    assert {case.partition("/")[0] for case in cases()} == set(KINDS)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_clusters_are_patched_as_the_standard_says(target: object, patch: object, result: object) -> None:
    """Cases of RFC 7396, appendix A."""
    assert merged(target, patch) == result
