"""Jinja2 templates of YAML, rendered to parsed objects in which no value can break out of its field.

A value never becomes part of the YAML text. Each `{{ expression }}` leaves a numbered placeholder (a scalar with a tag
of our own) in the text, and the YAML loader puts the value itself in the placeholder's place. So quotes, newlines,
tags or braces inside a value mean nothing, and numbers stay numbers. The price: an expression must be a whole scalar.
Text is joined inside the expression, `{{ "rdma-" ~ name }}`; an expression inside quotes or comments is an error.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

PLACEHOLDER_TAG = "!rackwright-value"
"""The YAML tag of placeholders; no template writes it by hand."""

PACKAGED_TEMPLATES = Path(__file__).parent / "manifests"
"""Where the wheel has its copy of the checkout's `manifests/`."""

CHECKOUT_TEMPLATES = Path(__file__).parents[2] / "manifests"


class RenderError(Exception):
    """A template that doesn't give objects; the message names the template and the remedy."""


def render(template: str, **values: object) -> list[dict[str, Any]]:
    """Render `template` (a path below `manifests/`) with `values`, one object for each YAML document.

    Raise `RenderError` for an unknown template or value, a value that isn't plain data, and YAML that doesn't parse or
    has a key twice.
    """
    return render_from(templates_directory(), template, **values)


def render_from(directory: Path, template: str, **values: object) -> list[dict[str, Any]]:
    """Render as `render` does, with the templates of another directory."""
    kept: list[object] = []

    def keep(value: object) -> str:
        if isinstance(value, Undefined):
            str(value)  # a strict undefined raises here, with the name that is missing
        kept.append(plain(value))
        return f"{PLACEHOLDER_TAG} {len(kept) - 1}"

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(directory),
        undefined=StrictUndefined,
        finalize=keep,
        # No template's text goes to a browser, and escaping would change the values that placeholders stand for.
        autoescape=False,
        optimized=False,  # constants are to be kept at each rendering, not once at compilation
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=0,  # compiled templates hold this call's `keep`
    )
    try:
        text = environment.get_template(template).render(values)
    except (TemplateError, TypeError, ValueError) as error:
        raise RenderError(f"{template}: {error}") from error
    return parse(text, kept, source=template)


def parse(text: str, kept: Sequence[object], *, source: str) -> list[dict[str, Any]]:
    """Parse rendered YAML and put the kept values in their placeholders' places; each must have exactly one."""
    loader = ObjectLoader(text, kept)
    try:
        documents = loader.documents()
    except yaml.YAMLError as error:
        raise RenderError(f"{source}: rendered to YAML that can't be taken: {error}") from error
    finally:
        loader.dispose()
    if sorted(loader.placed) != list(range(len(kept))):
        raise RenderError(
            f"{source}: {len(kept)} expressions, but {len(set(loader.placed))} stand as whole scalars; take them out "
            'of quotes and comments, and join text inside them: {{ "prefix-" ~ name }}'
        )
    objects: list[dict[str, Any]] = []
    for document in documents:
        if isinstance(document, dict):
            objects.append(document)
        elif document is not None:
            raise RenderError(f"{source}: every document must be a mapping")
    return objects


class ObjectLoader(yaml.SafeLoader):
    """PyYAML's safe loader, with placeholders, and without duplicate keys."""

    def __init__(self, text: str, kept: Sequence[object]) -> None:
        super().__init__(text)
        self.kept = kept
        self.placed: list[int] = []

    def documents(self) -> list[object]:
        """Every document of the text."""
        found: list[object] = []
        while self.check_data():  # type: ignore[no-untyped-call]  # the stubs leave it bare
            found.append(self.get_data())
        return found

    def construct_placeholder(self, node: yaml.Node) -> object:
        """The value that the placeholder stands for."""
        index = int(str(node.value))
        self.placed.append(index)
        return self.kept[index]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the signature of PyYAML
        """A mapping whose keys differ."""
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(
                "while reading a mapping", node.start_mark, "found a key twice; remove one of the two", node.start_mark
            )
        return mapping


ObjectLoader.add_constructor(PLACEHOLDER_TAG, ObjectLoader.construct_placeholder)


def plain(value: object) -> object:
    """A copy of `value` as JSON has it: strings, numbers, booleans, null, lists, mappings with string keys.

    Raise `TypeError` for anything else, and `ValueError` for numbers that JSON lacks.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number that JSON knows")
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"a mapping's keys must be strings, got {list(value)!r}")
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"a template takes plain data, not {type(value).__name__}; convert it before (model_dump)")


@cache
def templates_directory() -> Path:
    """The wheel's templates, or the checkout's; raise `RenderError` where there are none."""
    for directory in (PACKAGED_TEMPLATES, CHECKOUT_TEMPLATES):
        if directory.is_dir():
            return directory
    raise RenderError("the templates are missing from this installation; install rackwright again")
