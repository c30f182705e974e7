"""What a refresh reports: those inputs that the cluster no longer has as the program set them. Pure.

The API server rewrites what it's given (`cpu: 1` becomes `"1"`, defaults appear, webhooks add), so an object is not
compared with the inputs, but with what the server would make of the inputs now, from a dry run. Where the two are equal
the inputs stay as they are; where they differ, the live value takes the input's place. Fields that the program didn't
set are nobody's drift.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes.objects import SERVER_SET
from rehearsal.providers.values import Properties

_ABSENT = object()

MERGE_KEYS = ("name", "key", "type", "port", "containerPort", "mountPath", "ip")
"""Keys by which lists of objects are matched; those of the Kubernetes API's `listType: map` lists."""


def live_inputs(inputs: Properties, *, expected: Object, live: Object) -> Properties:
    """The inputs as they would have to be to describe the live object."""
    found: Properties = {}
    for key, value in inputs.items():
        if key == "stringData":
            found[key] = _string_data(value, expected.get("data") or {}, live.get("data") or {})
        else:
            merged = _merged(value, expected.get(key, _ABSENT), live.get(key, _ABSENT))
            if merged is not _ABSENT:
                found[key] = merged
    return found


def imported_inputs(live: Object) -> Properties:
    """The inputs of an object that the program hasn't described yet: all that isn't the server's own."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in SERVER_SET}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _merged(value: Any, expected: Any, live: Any) -> Any:  # noqa: ANN401  # JSON values
    if expected == live:
        return value  # also where neither has it: the server drops the field
    if live is _ABSENT:
        return _ABSENT
    if isinstance(value, dict) and isinstance(live, dict):
        wanted = expected if isinstance(expected, dict) else {}
        merged = {key: _merged(item, wanted.get(key, _ABSENT), live.get(key, _ABSENT)) for key, item in value.items()}
        return {key: item for key, item in merged.items() if item is not _ABSENT}
    if isinstance(value, list) and isinstance(live, list) and isinstance(expected, list):
        return _merged_list(value, expected, live)
    return live


def _merged_list(value: list[Any], expected: list[Any], live: list[Any]) -> list[Any]:
    key = next((key for key in MERGE_KEYS if all(_has_unique(key, items) for items in (value, expected, live))), None)
    if key is not None:
        wanted, there = ({item[key]: item for item in items} for items in (expected, live))
        merged = [_merged(item, wanted.get(item[key], _ABSENT), there.get(item[key], _ABSENT)) for item in value]
        return [item for item in merged if item is not _ABSENT]
    if len(value) == len(expected) == len(live):
        return [_merged(*items) for items in zip(value, expected, live, strict=True)]
    return live


def _has_unique(key: str, items: list[Any]) -> bool:
    keys = [item.get(key) for item in items if isinstance(item, dict)]
    return len(keys) == len(items) and None not in keys and len(set(map(str, keys))) == len(keys)


def _string_data(inputs: Any, expected: Object, live: Object) -> Any:  # noqa: ANN401  # JSON values
    """A Secret's `stringData`, which the server turns into base64 in `data` and never gives back."""
    if not isinstance(inputs, dict):
        return inputs
    return {
        key: value if expected.get(key) == live.get(key) else _decoded(live[key])
        for key, value in inputs.items()
        if key in live or key not in expected
    }


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text
