"""What changes between two sets of properties, and which changes can't be made in place."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.providers.values import Path, contains_unknown


class Change(enum.Enum):
    """What happens to one property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What an update would change."""

    changes: Mapping[Path, Change] = field(default_factory=dict)
    """By the path of the innermost property that changes."""
    replaces: frozenset[Path] = frozenset()
    """Those of the changed paths that need a new resource."""
    delete_before_replace: bool = False
    """Whether the old resource must be gone before the new one can be made, as when both have the same name."""

    def __bool__(self) -> bool:
        return bool(self.changes)


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    immutable: Collection[Path] = (),
    delete_before_replace: bool = False,
) -> Difference:
    """The difference between two sets of properties, both without secrets' wrappers.

    A change at, below or above a path in `immutable` replaces; there, `"*"` stands for any one key or index. An unknown
    differs from everything, itself included: it may turn out to be anything.
    """
    changes: dict[Path, Change] = {}
    _compare(dict(old), dict(new), (), changes)
    replaces = frozenset(path for path in changes if any(_touches(path, pattern) for pattern in immutable))
    return Difference(
        changes=changes, replaces=replaces, delete_before_replace=delete_before_replace and bool(replaces)
    )


def _compare(old: Any, new: Any, path: Path, changes: dict[Path, Change]) -> None:  # noqa: ANN401  # property values
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if key not in new:
                changes[*path, key] = Change.DELETE
            elif key not in old:
                changes[*path, key] = Change.ADD
            else:
                _compare(old[key], new[key], (*path, key), changes)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(new):
                changes[*path, index] = Change.DELETE
            elif index >= len(old):
                changes[*path, index] = Change.ADD
            else:
                _compare(old[index], new[index], (*path, index), changes)
    elif not same(old, new):
        changes[path] = Change.UPDATE


def same(old: Any, new: Any) -> bool:  # noqa: ANN401  # property values
    """Whether two values are the same for certain; unlike in Python, `1` and `True` aren't."""
    if isinstance(old, float | int) and isinstance(new, float | int):
        return isinstance(old, bool) == isinstance(new, bool) and old == new
    return type(old) is type(new) and bool(old == new) and not contains_unknown(new)


def _touches(path: Path, pattern: Path) -> bool:
    return all(expected in ("*", key) for key, expected in zip(path, pattern, strict=False))
