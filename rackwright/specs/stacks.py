"""The names of a cluster's stacks: the programs and the command that runs them go by the same."""

from __future__ import annotations

from typing import Literal

from rackwright.specs.places import OraclePlace, Place

Part = Literal["cloud", "inside"]
"""A cluster's two parts: what is made in a cloud, and what runs on the Kubernetes that is then there."""

CLOUD, INSIDE = "-cloud", "-inside"
"""What the names of the two stacks end with; before it they are the same."""


def parts(place: Place) -> tuple[Part, ...]:
    """A cluster's parts in the order in which they are made; they are taken down in the other."""
    return ("cloud", "inside") if isinstance(place, OraclePlace) else ("inside",)


def stack_name(name: str, part: Part) -> str:
    """The name of a part's stack, by the name that the cluster's stacks share."""
    return name + {"cloud": CLOUD, "inside": INSIDE}[part]
