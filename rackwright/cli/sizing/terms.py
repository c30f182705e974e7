"""Options for what a request holds below its top level: `--set money.term_months=12`, and short forms of some."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError

Nested = dict[str, object]


def nested(paths: Mapping[str, object]) -> Nested:
    """Values by dotted path as a tree; those that are None are left out."""
    tree: Nested = {}
    for path, value in paths.items():
        if value is None:
            continue
        *parts, last = path.split(".")
        branch = tree
        for part in parts:
            below = branch.setdefault(part, {})
            if not isinstance(below, dict):
                raise CommandError(f"{path}: {part} has a value already; give one or the other.", code=ExitCode.USAGE)
            branch = below
        branch[last] = value
    return tree


def settings(given: list[str]) -> dict[str, object]:
    """The values of `--set PATH=VALUE`, each read as YAML."""
    values = {}
    for each in given:
        path, equals, value = each.partition("=")
        if not (path and equals):
            raise CommandError(
                f"--set {each}: expected PATH=VALUE, such as --set money.depreciation_years=5.", code=ExitCode.USAGE
            )
        try:
            values[path] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise CommandError(f"--set {each}: the value isn't valid YAML; quote it.", code=ExitCode.USAGE) from error
    return values


def merged(under: Nested, over: Nested) -> Nested:
    """Two trees as one, the second before the first."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
