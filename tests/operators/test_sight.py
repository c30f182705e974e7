"""Which hosts are believed to be lost, and which only to be out of sight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.observed import ABSENT, HostView, NodeView
from operators.sight import SETTLING, TOGETHER, judge, sight

pytestmark = pytest.mark.pure

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
WHY = "the node isn't ready: NodeStatusUnknown"
READY = NodeView()


def lost(at: datetime = NOW) -> NodeView:
    return NodeView(not_ready=WHY, since=at)


def verdict(node: NodeView | None, *others: NodeView, now: datetime = NOW + SETTLING) -> HostView:
    nodes = [*others] if node is None else [node, *others]
    return judge(node, sight(nodes), now=now)


def test_one_silent_host_of_many_is_dead_when_it_has_settled() -> None:
    assert verdict(lost(), *[READY] * 9) == HostView(dead=WHY)
    assert verdict(lost(), *[READY] * 9, now=NOW) == HostView(settles_at=NOW + SETTLING)


@pytest.mark.parametrize(
    ("gone", "left", "doubted"),
    [(2, 0, False), (3, 0, True), (3, 2, True), (3, 3, False), (54, 46, False), (55, 45, True), (12_500, 0, True)],
)
def test_hosts_that_go_together_are_doubted_when_they_are_most(gone: int, left: int, *, doubted: bool) -> None:
    nodes = [lost()] * gone + [READY] * left
    expected = HostView(doubted=True) if doubted else HostView(dead=WHY)
    assert judge(nodes[0], sight(nodes), now=NOW + timedelta(days=30)) == expected


def test_hosts_that_went_earlier_make_no_other_doubted() -> None:
    """A cluster that is being built has nodes that aren't ready, and each of them for a reason of its own."""
    assert verdict(lost(), READY, *[lost(LONG_AGO + each * TOGETHER) for each in range(9)]).dead == WHY


def test_a_host_that_stays_away_when_the_others_are_back_is_dead() -> None:
    assert verdict(lost(), *[lost()] * 9).doubted
    assert verdict(lost(), *[READY] * 9).dead == WHY


def test_what_needs_no_sight_is_believed_at_once() -> None:
    tainted = NodeView(not_ready=WHY, since=NOW, excluded="tainted")
    assert verdict(None, *[lost()] * 9) == ABSENT
    assert verdict(tainted, *[lost()] * 9).excluded == "tainted"
    assert verdict(NodeView(excluded="tainted")) == HostView(excluded="tainted")


def test_a_node_that_never_was_ready_waits_for_nothing_and_says_nothing_of_others() -> None:
    new = NodeView(not_ready=WHY)
    assert verdict(new, now=NOW) == HostView(dead=WHY)
    assert verdict(lost(), READY, *[new] * 100).dead == WHY


@given(st.lists(st.sampled_from([READY, lost(), lost(LONG_AGO), NodeView(not_ready=WHY)]), min_size=1, max_size=30))
def test_a_host_is_dead_doubted_settling_or_good_and_nothing_of_both(nodes: list[NodeView]) -> None:
    for node in nodes:
        host = judge(node, sight(nodes), now=NOW)
        assert [host.dead is not None, host.doubted, host.settles_at is not None].count(True) == (
            0 if node.not_ready is None else 1
        )


@given(ready=st.integers(0, 50), gone=st.integers(1, 50))
def test_more_hosts_in_sight_never_make_a_loss_less_believed(ready: int, gone: int) -> None:
    before = verdict(lost(), *[lost()] * gone, *[READY] * ready)
    after = verdict(lost(), *[lost()] * gone, *[READY] * (ready + 1))
    assert not (after.doubted and not before.doubted)
