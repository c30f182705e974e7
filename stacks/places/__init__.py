"""One program for each kind of place. Another place is one more module here, with its entry in `declare`."""

from __future__ import annotations

from typing import Any, assert_never

from rackwright.specs import ClusterSpec
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.places import ExistingPlace, OraclePlace
from rackwright.specs.stacks import Part, parts
from stacks.places.existing import declare_existing
from stacks.places.oracle import declare_cloud, declare_inside_oracle


def declare(spec: ClusterSpec, part: Part) -> dict[str, Any]:
    """Declare a part of the cluster at its place and return the stack's outputs by name.

    Raises `SpecError` for a part that the place doesn't have.
    """
    match spec.place:
        case OraclePlace() as place:
            return declare_cloud(spec, place) if part == "cloud" else declare_inside_oracle(spec, place)
        case ExistingPlace() as place:
            if part not in parts(place):
                problem = Problem(
                    field="rackwright:part",
                    value=repr(part),
                    expected="'inside', as nothing is rented for a Kubernetes that stands already",
                    remedy="set it so: pulumi config set rackwright:part inside",
                )
                raise SpecError("the stack's configuration", [problem])
            return declare_existing(spec, place)
        case _ as unreachable:
            assert_never(unreachable)
