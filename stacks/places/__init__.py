"""One program for each kind of place. Another place is one more module here, with its entry in `declare`."""

from __future__ import annotations

from typing import Any, assert_never

from rackwright.specs import ClusterSpec
from rackwright.specs.places import ExistingPlace, OraclePlace
from stacks.places.existing import declare_existing
from stacks.places.oracle import declare_oracle


def declare(spec: ClusterSpec) -> dict[str, Any]:
    """Declare the cluster at its place and return the stack's outputs by name."""
    match spec.place:
        case OraclePlace() as place:
            return declare_oracle(spec, place)
        case ExistingPlace() as place:
            return declare_existing(spec, place)
        case _ as unreachable:
            assert_never(unreachable)
