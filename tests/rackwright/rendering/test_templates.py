from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rackwright.rendering.templates import RenderError, render_from

pytestmark = pytest.mark.pure

HOSTILE = [
    '"', "'", "\n", "a: b", "{{ 7 * 7 }}", "{% raw %}", "!!python/object:os.system", "!rackwright-value 0", "- x",
    "# comment", "&anchor", "*alias", "\u2028", "\u0085", "\x00", "\t", "---\nkind: Secret", "true", "null", "1e3",
    "0o17", "yes", "~", "\U0001f600", "\ud800", "}", "]", "|", ">", "%YAML 1.2", "a\r\nb", "",
]  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text())
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def write(directory: Path, text: str) -> str:
    (directory / "object.yaml.j2").write_text(text, encoding="utf-8")
    return "object.yaml.j2"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values, key=texts)
def test_a_value_arrives_as_it_is_and_nowhere_else(directory: Path, value: object, key: str) -> None:
    """Whatever stands in a value, the object has it in its field, and nothing beside it changes."""
    template = write(
        directory,
        'before: 1\nfield: {{ value }}\nlist: [x, {{ value }}]\n"keys":\n  {{ key }}: y\n'
        'joined: {{ "a-" ~ key }}\nafter: {nested: {{ key }}}\n---\nsecond: true\n',
    )
    first, second = render_from(directory, template, value=value, key=key)
    assert first == {
        "before": 1,
        "field": value,
        "list": ["x", value],
        "keys": {key: "y"},
        "joined": f"a-{key}",
        "after": {"nested": key},
    }
    assert second == {"second": True}


def test_the_result_shares_nothing_with_the_values(directory: Path) -> None:
    labels = {"a": "b"}
    template = write(directory, "one: {{ labels }}\nother: {{ labels }}\n")
    (rendered,) = render_from(directory, template, labels=labels)
    rendered["one"]["a"] = "changed"
    assert labels == {"a": "b"}
    assert json.dumps(rendered["other"]) == '{"a": "b"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {{ missing }}", "'missing' is undefined"),
        ("a: {{ value.missing }}", "has no attribute 'missing'"),
        ('a: "x {{ value }}"', "whole scalars"),
        ("a: b # {{ value }}", "whole scalars"),
        ("a: x-{{ value }}", "whole scalars"),
        ("a: 1\na: 2", "a key twice"),
        ("a: {b: 1, b: 2}", "a key twice"),
        ("{{ 'a' }}: 1\n{{ 'a' }}: 2", "a key twice"),
        ("a: !!python/name:os.system x", "could not determine a constructor"),
        ("a: {{ value.__class__ }}", "unsafe"),
        ("a: {{ [].append(1) }}", "unsafe"),
        ("a: [", "can't be taken"),
        ("- a", "must be a mapping"),
        ("a: {{ thing }}", "plain data, not object"),
        ("a: {{ infinity }}", "no number that JSON knows"),
        ("{% if %}", "Expected an expression"),
    ],
)
def test_what_is_refused(directory: Path, text: str, message: str) -> None:
    template = write(directory, text)
    with pytest.raises(RenderError, match=r"^object\.yaml\.j2: ") as caught:
        render_from(directory, template, value="v", thing=object(), infinity=float("inf"))
    assert message in str(caught.value)


def test_an_unknown_template_is_named(directory: Path) -> None:
    with pytest.raises(RenderError, match=r"missing\.yaml\.j2"):
        render_from(directory, "missing.yaml.j2")
