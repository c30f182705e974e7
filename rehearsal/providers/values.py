"""Property values between the wire and Python: unknowns, secrets and assets included.

On the wire a value is a protobuf struct in which unknowns are sentinel strings and secrets are objects with a signature
(Pulumi's provider protocol, developer-docs "Property Value Specification"). In Python:

- an unknown is `UNKNOWN`, the only member of its class, equal to nothing else;
- a secret is a `Secret` around its value; `reveal` takes all of them off, `secret_paths` says where they were and
  `conceal` puts them back, so that what works with values need not think of them;
- an asset, an archive or a resource reference stays as it came, an `Opaque`;
- numbers without a fraction are `int`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import json_format, struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object with a special meaning; pulumi sdk/go/common/resource/sig."""

SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a marker of the protocol, no secret
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""pulumi sdk/go/common/resource/plugin/rpc.go: one for each type."""


class Unknown(enum.Enum):
    """The class of `UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that will be known only after something else was made."""


@dataclass(frozen=True)
class Secret:
    """A value that must be encrypted wherever it is kept, and shown nowhere."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class Opaque:
    """An asset, an archive or a resource reference: passed on, never looked into."""

    content: Mapping[str, Any]


Properties = dict[str, Any]
"""Property values by name: None, bool, int, float, str, list, dict, UNKNOWN, Opaque, and Secret where it says so."""

Path = tuple[str | int, ...]
"""Where a value is: keys of objects and indices of lists, from the outside in."""


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """What a struct from the wire says."""
    return {key: _decoded(value) for key, value in json_format.MessageToDict(struct).items()}


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The struct for the wire; the inverse of `from_struct`."""
    struct = struct_pb2.Struct()
    struct.update({key: _encoded(value) for key, value in properties.items()})
    return struct


def _decoded(value: Any) -> Any:  # noqa: ANN401  # JSON in, property value out
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_SENTINELS else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if isinstance(value, dict):
        return _decoded_object(value)
    return value


def _decoded_object(value: dict[str, Any]) -> Any:  # noqa: ANN401  # a property value
    match value.get(SIGNATURE_KEY):
        case None:
            return {key: _decoded(item) for key, item in value.items()}
        case signature if signature == SECRET_SIGNATURE:
            return Secret(_decoded(value.get("value")))
        case signature if signature == OUTPUT_SIGNATURE:
            content = _decoded(value["value"]) if "value" in value else UNKNOWN
            return Secret(content) if value.get("secret") else content
        case _:
            return Opaque(value)


def _encoded(value: Any) -> Any:  # noqa: ANN401  # property value in, JSON out
    if value is UNKNOWN:
        return UNKNOWN_STRING
    if isinstance(value, Secret):
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": _encoded(value.value)}
    if isinstance(value, Opaque):
        return dict(value.content)
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return value


def reveal(value: Any) -> Any:  # noqa: ANN401  # any property value
    """The value without its secrets' wrappers."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def secret_paths(value: Any) -> set[Path]:  # noqa: ANN401  # any property value
    """Where the outermost secrets in a value are."""
    return {path for path, item in _walk(value, ()) if isinstance(item, Secret)}


def conceal(value: Any, paths: Iterable[Path]) -> Any:  # noqa: ANN401  # any property value
    """The value with a secret at each of these paths that it has; a value that is one already stays as it is."""
    for path in paths:
        value = _concealed(value, path)
    return value


def _concealed(value: Any, path: Path) -> Any:  # noqa: ANN401  # any property value
    if isinstance(value, Secret):
        return value
    if not path:
        return Secret(value)
    key, rest = path[0], path[1:]
    if isinstance(value, dict) and key in value:
        return {**value, key: _concealed(value[key], rest)}
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return [_concealed(item, rest) if index == key else item for index, item in enumerate(value)]
    return value


def contains_unknown(value: Any) -> bool:  # noqa: ANN401  # any property value
    """Whether any part of a value is unknown."""
    return any(item is UNKNOWN for _, item in _walk(reveal(value), ()))


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401  # any property value
    """Each part of a value with its path, down to secrets."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index))


def formatted(path: Path) -> str:
    """A path as the engine writes it: `spec.ports[0]`, `labels["app.kubernetes.io/name"]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif not key or any(character in key for character in '."[]'):
            quoted = key.replace('"', '\\"')
            text += f'["{quoted}"]'
        else:
            text += f".{key}" if text else key
    return text
