"""The values that are set, against the pinned charts themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from rackwright.rendering.platform import jobset_values, kueue_values
from rackwright.specs.platform import JobSet, Kueue
from rehearsal.tools import Toolbox

pytestmark = pytest.mark.control_plane


def paths(values: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The path of each value that isn't a mapping."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from ((key, *rest) for rest in paths(value))
        else:
            yield (key,)


def known(chart: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a chart has the value; below an empty mapping it takes any."""
    inside: Any = chart
    for key in path:
        if inside == {}:
            return True
        if not isinstance(inside, dict) or key not in inside:
            return False
        inside = inside[key]
    return True


@pytest.mark.parametrize(
    ("chart", "values"),
    [("kueue", kueue_values(Kueue(), node_labels={})), ("jobset", jobset_values(JobSet(), node_labels={}))],
)
def test_every_value_is_one_that_the_chart_has(toolbox: Toolbox, chart: str, values: dict[str, Any]) -> None:
    """Helm takes unknown values without a word, so that a misspelt one would do nothing."""
    [file] = toolbox.asset(f"{chart}-chart").rglob("values.yaml")
    defaults = yaml.safe_load(file.read_text(encoding="utf-8"))
    unknown = [path for path in paths(values) if not known(defaults, path)]
    assert unknown == []
