"""Where hosts stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.identifiers import kind_of
from rehearsal.cloud.layout import LABEL_LENGTH, LEVELS, label_value, topology
from rehearsal.cloud.regions import Region

pytestmark = pytest.mark.pure

POSITIONS = st.integers(min_value=0, max_value=100_000)


def place(position: int, seed: str = "s") -> dict[str, str]:
    return topology(position, region=Region("us-chicago-1"), availability_domain="x:AD-1", seed=seed)


@given(one=POSITIONS, other=POSITIONS)
def test_two_hosts_share_a_domain_exactly_when_they_stand_in_the_same_run_of_positions(one: int, other: int) -> None:
    for level in LEVELS:
        shared = place(one)[level.metadata_key] == place(other)[level.metadata_key]
        assert shared == (one // level.hosts == other // level.hosts)


@given(position=POSITIONS)
def test_identifiers_are_of_their_level_and_always_the_same(position: int) -> None:
    assert place(position) == place(position)
    assert {kind_of(identifier) for identifier in place(position).values()} == {level.kind for level in LEVELS}


def test_levels_nest() -> None:
    for coarse, fine in pairwise(LEVELS):
        assert coarse.hosts % fine.hosts == 0


def test_labels_are_the_ends_of_identifiers() -> None:
    identifier = place(0)["customerHPCIslandId"]
    assert identifier.endswith(label_value(identifier))
    assert len(label_value(identifier)) == LABEL_LENGTH


def test_another_seed_gives_other_identifiers() -> None:
    assert not set(place(0).values()) & set(place(0, seed="t").values())
