"""Property values survive the wire, and secrets keep their places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.providers import values
from rehearsal.providers.values import UNKNOWN, UNKNOWN_SENTINELS, Opaque, Secret

pytestmark = pytest.mark.pure

KEYS = st.text(max_size=8).filter(lambda key: key != values.SIGNATURE_KEY)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
    | st.text(max_size=8)
    | st.just(UNKNOWN)
)
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
WITH_SECRETS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3) | inner.map(Secret),
)


@given(st.dictionaries(KEYS, WITH_SECRETS, max_size=4))
def test_properties_come_back_from_the_wire_as_they_went(properties: dict[str, Any]) -> None:
    """Encoding and decoding are inverse, for unknowns and secrets too."""
    assert values.from_struct(values.to_struct(properties)) == properties


@given(st.dictionaries(KEYS, WITH_SECRETS, max_size=4))
def test_concealing_the_revealed_restores_every_outermost_secret(properties: dict[str, Any]) -> None:
    """What is taken off can be put on again by the paths alone."""
    paths = values.secret_paths(properties)
    restored = values.conceal(values.reveal(properties), paths)
    assert values.secret_paths(restored) == paths
    assert values.reveal(restored) == values.reveal(properties)


@given(PLAIN)
def test_revealed_values_hold_no_secret(value: object) -> None:
    """Revealing leaves plain values as they are."""
    assert values.reveal(value) == value


@pytest.mark.parametrize("sentinel", sorted(UNKNOWN_SENTINELS))
def test_every_types_sentinel_is_unknown(sentinel: str) -> None:
    """The engine has a sentinel of its own for each type."""
    struct = values.to_struct({"a": [sentinel]})
    assert values.from_struct(struct) == {"a": [UNKNOWN]}
    assert values.contains_unknown(values.from_struct(struct))


def test_an_unknown_inside_a_secret_is_found() -> None:
    """A secret may be unknown as well."""
    assert values.contains_unknown({"a": Secret({"b": UNKNOWN})})


def test_output_values_become_secrets_unknowns_or_what_they_hold() -> None:
    """An output value carries its secretness and whether it's known beside the value."""
    key, signature = values.SIGNATURE_KEY, values.OUTPUT_SIGNATURE
    wire = {
        "known": {key: signature, "value": 1},
        "unknown": {key: signature},
        "secret": {key: signature, "value": "x", "secret": True},
    }
    assert values.from_struct(values.to_struct(wire)) == {"known": 1, "unknown": UNKNOWN, "secret": Secret("x")}


def test_assets_pass_through_untouched() -> None:
    """What this end doesn't understand goes back as it came."""
    asset = {values.SIGNATURE_KEY: "c44067f5952c0a294b673a41bacd8c17", "text": "hello"}
    decoded = values.from_struct(values.to_struct({"a": asset}))
    assert decoded == {"a": Opaque(asset)}
    assert values.from_struct(values.to_struct(decoded)) == decoded


def test_a_secret_never_shows_in_its_repr() -> None:
    """Logs print reprs."""
    assert "hunter2" not in repr({"a": Secret("hunter2")})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "ports", 0, "name"), "spec.ports[0].name"),
        (("metadata", "labels", "app.kubernetes.io/name"), 'metadata.labels["app.kubernetes.io/name"]'),
        (("data", 'a"b.c'), 'data["a\\"b.c"]'),
        (("data", ""), 'data[""]'),
    ],
)
def test_paths_are_written_as_the_engine_reads_them(path: values.Path, text: str) -> None:
    """Keys with dots are quoted, or the engine takes them for steps."""
    assert values.formatted(path) == text
