"""Resource types as data: what each takes, what Oracle computes, and which change makes a new resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rehearsal.cloud.errors import NotModelledError
from rehearsal.cloud.sdk import TYPES

Path = tuple[str | int, ...]
"""Where a value is: property names and list indices, from the outside in."""

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, str),
    "number": (int, float, str),
    "boolean": (bool, str),
    "list": (list,),
    "map": (dict,),
    "object": (dict,),
}
"""What a property of each type may hold. Numbers and booleans may be strings, which Pulumi's bridge converts."""


class Property(BaseModel):
    """One input of a resource type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "integer", "number", "boolean", "list", "map", "object"]
    required: bool = False
    updatable: bool = False
    """Whether a change is made in place; any other needs a new resource."""
    items: Property | None = None
    """Of a list."""
    properties: dict[str, Property] | None = None
    """Of an object."""


@dataclass(frozen=True)
class Failure:
    """What is wrong with one input."""

    path: Path
    reason: str


@dataclass(frozen=True)
class ResourceType:
    """A resource type by its token, such as `oci:Core/vcn:Vcn`."""

    token: str
    inputs: dict[str, Property]
    computed: frozenset[str]

    def failures(self, inputs: dict[str, Any]) -> list[Failure]:
        """What is missing, unknown to the type or of the wrong type; values that aren't JSON are not judged."""
        return list(_object_failures(self.inputs, inputs, ()))

    def needs_new(self, path: Path, *, old: Any, new: Any) -> bool:  # noqa: ANN401  # any JSON value
        """Whether a change at a path, from one value to another (None when absent), makes a new resource."""
        described = Property(type="object", properties=self.inputs, updatable=True)
        for key in path:
            inner = described.items if described.type == "list" else (described.properties or {}).get(str(key))
            if inner is None:  # inside a map: the map decides
                return not described.updatable
            # A list's items have no mark of their own: the list's counts.
            described = inner if isinstance(key, str) else inner.model_copy(update={"updatable": described.updatable})
        return any(_immutable_leaves(described, value) for value in (old, new))


def resource_type(token: str) -> ResourceType:
    """The type of that token; raise `NotModelledError` naming it if the simulation doesn't have it."""
    try:
        return _all()[token]
    except KeyError as error:
        raise NotModelledError(
            f"the resource type {token} is not modelled by the simulated Oracle; it has {', '.join(sorted(_all()))}"
        ) from error


@cache
def _all() -> dict[str, ResourceType]:
    types = {}
    for file in sorted(TYPES.glob("*.json")):
        for token, described in json.loads(file.read_text(encoding="utf-8"))["types"].items():
            inputs = {name: Property.model_validate(value) for name, value in described["inputs"].items()}
            types[token] = ResourceType(token, inputs, frozenset(described["computed"]))
    return types


def _object_failures(properties: dict[str, Property], value: dict[str, Any], path: Path) -> Iterator[Failure]:
    for name, described in properties.items():
        if described.required and value.get(name) is None:
            yield Failure((*path, name), "Missing required argument: a value is required, but none was given")
    for name, item in value.items():
        if name not in properties:
            yield Failure((*path, name), f"Unsupported argument: an argument named {name!r} is not expected here")
        elif item is not None:
            yield from _value_failures(properties[name], item, (*path, name))


def _value_failures(described: Property, value: Any, path: Path) -> Iterator[Failure]:  # noqa: ANN401  # JSON or not
    if not isinstance(value, str | int | float | bool | list | dict):
        return
    if not isinstance(value, PYTHON_TYPES[described.type]) or (isinstance(value, bool) and described.type != "boolean"):
        yield Failure(path, f"Incorrect attribute value type: {described.type} required, not {value!r}")
    elif described.items is not None and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value_failures(described.items, item, (*path, index))
    elif described.properties is not None and isinstance(value, dict):
        yield from _object_failures(described.properties, value, path)


def _immutable_leaves(described: Property, value: Any) -> bool:  # noqa: ANN401  # any JSON value
    """Whether a value sets anything that can't be updated."""
    if value is None:
        return False
    if described.properties is not None and isinstance(value, dict):
        return any(
            _immutable_leaves(described.properties[name], item)
            for name, item in value.items()
            if name in described.properties
        )
    if described.items is not None and described.items.properties is not None and isinstance(value, list):
        return any(_immutable_leaves(described.items, item) for item in value)
    return not described.updatable
