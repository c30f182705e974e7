"""What resource types take, and which changes make a new resource."""

from __future__ import annotations

import pytest

from rehearsal.cloud import sdk
from rehearsal.cloud.errors import NotModelledError
from rehearsal.cloud.oracle import BEHAVIOURS
from rehearsal.cloud.resource_types import resource_type

pytestmark = pytest.mark.pure

SUBNET = "oci:Core/subnet:Subnet"
NODE_POOL = "oci:ContainerEngine/nodePool:NodePool"
ROUTES = "oci:Core/routeTable:RouteTable"


@pytest.mark.parametrize("module", sorted(sdk.MODELLED))
def test_the_files_say_what_the_installed_sdk_says(module: str) -> None:
    assert (sdk.TYPES / f"{module}.json").read_text(encoding="utf-8") == sdk.document(module)


def test_each_type_has_a_behaviour_and_each_behaviour_a_type() -> None:
    assert sorted(BEHAVIOURS) == sorted(token for module in sdk.MODELLED for token in sdk.describe(module))


def test_an_unmodelled_type_is_named() -> None:
    with pytest.raises(NotModelledError, match="oci:Database/autonomousDatabase:AutonomousDatabase"):
        resource_type("oci:Database/autonomousDatabase:AutonomousDatabase")


def test_missing_unknown_and_mistyped_inputs_are_named_by_their_paths() -> None:
    inputs = {"compartmentId": 5, "colour": "red", "nodeConfigDetails": {"size": 1, "placementConfigs": [{}]}}
    found = {".".join(map(str, failure.path)) for failure in resource_type(NODE_POOL).failures(inputs)}
    assert found == {
        "clusterId",
        "colour",
        "compartmentId",
        "nodeShape",
        "nodeConfigDetails.placementConfigs.0.availabilityDomain",
        "nodeConfigDetails.placementConfigs.0.subnetId",
    }


def test_what_is_not_known_yet_is_not_judged() -> None:
    assert resource_type(SUBNET).failures({"compartmentId": object(), "vcnId": object()}) == []


@pytest.mark.parametrize(
    ("token", "path", "old", "new", "expected"),
    [
        (SUBNET, ("displayName",), "a", "b", False),
        (SUBNET, ("vcnId",), "a", "b", True),
        (SUBNET, ("prohibitPublicIpOnVnic",), None, True, True),
        (SUBNET, ("freeformTags", "team"), "a", "b", False),
        (SUBNET, ("securityListIds", 1), None, "x", False),
        (ROUTES, ("routeRules", 3), None, {"networkEntityId": "x", "destination": "0.0.0.0/0"}, False),
        (NODE_POOL, ("nodeConfigDetails", "size"), 2, 3, False),
        (NODE_POOL, ("nodeConfigDetails", "computeClusterId"), None, "x", True),
        ("oci:Core/clusterNetwork:ClusterNetwork", ("instancePools", 0, "size"), 2, 3, False),
        (
            "oci:Core/instanceConfiguration:InstanceConfiguration",
            ("instanceDetails", "launchDetails", "metadata", "user_data"),
            "a",
            "b",
            True,
        ),
        ("oci:Core/defaultSecurityList:DefaultSecurityList", ("egressSecurityRules", 0, "protocol"), "6", "all", False),
    ],
)
def test_only_what_oracle_cannot_update_makes_a_new_resource(
    token: str, path: tuple[str | int, ...], old: object, new: object, expected: bool
) -> None:
    assert resource_type(token).needs_new(path, old=old, new=new) is expected
