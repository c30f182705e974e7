from __future__ import annotations

from dataclasses import replace

import pytest

from operators.gang import Loss, arrived_ranks, find_loss, host_failure, living_pods
from operators.observed import ABSENT, HostView, Observed, PodView
from tests.operators.gangs import ADMITTED

pytestmark = pytest.mark.pure

HOSTS = {f"h{rank}": HostView() for rank in range(4)}


def pod(rank: int) -> PodView:
    return PodView(
        name=f"llm-{rank}", uid=f"pod-{rank}", rank=rank, host=f"h{rank}", bound=True, phase="Running", ready=True
    )


def gang(*ranks: int) -> Observed:
    return Observed(workload=ADMITTED, pods=tuple(map(pod, ranks)), hosts=HOSTS)


@pytest.mark.parametrize(
    ("ranks", "message"),
    [
        ((0, 1, 3), "the pod of rank 2 failed or went"),
        ((0, 3), "the pod of rank 1 and 1 more failed or went"),
        ((3,), "the pod of rank 0 and 2 more failed or went"),
    ],
)
def test_lost_pods_are_named_by_the_first_rank_and_counted(ranks: tuple[int, ...], message: str) -> None:
    assert find_loss(gang(*ranks), hosts=4) == Loss(cause="PodFailed", message=message)


def test_a_whole_gang_and_one_that_only_isnt_ready_have_lost_nothing() -> None:
    whole = gang(0, 1, 2, 3)
    assert find_loss(whole, hosts=4) is None
    assert find_loss(replace(whole, pods=tuple(replace(each, ready=False) for each in whole.pods)), hosts=4) is None
    assert find_loss(replace(whole, workload=None), hosts=4) is None


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"admitted": False}, "Evicted"),
        ({"eviction": "Preempted"}, "Preempted"),
        ({"eviction": "Preempted", "admitted": False}, "Preempted"),
    ],
)
def test_what_kueue_took_is_lost_by_kueues_reason(change: dict[str, bool | str], cause: str) -> None:
    taken = replace(gang(0, 1, 2, 3), workload=replace(ADMITTED, **change))  # type: ignore[arg-type]  # of any field
    assert find_loss(taken, hosts=4) == Loss(cause=cause, message=f"Kueue took the gang off its hosts: {cause}")


def test_of_several_dead_hosts_the_lowest_ranks_is_named_before_all_else() -> None:
    hosts = {**HOSTS, "h1": ABSENT, "h3": HostView(excluded="tainted")}
    lost = Observed(workload=replace(ADMITTED, eviction="Preempted"), pods=(pod(3), pod(1)), hosts=hosts)
    assert find_loss(lost, hosts=4) == Loss(cause="HostFailed", host="h1", message="h1: the node is gone")


def test_a_rank_that_is_through_needs_its_host_no_more() -> None:
    through = replace(pod(0), phase="Succeeded", ready=False)
    lost = Observed(workload=ADMITTED, pods=(through, pod(1)), hosts={"h0": ABSENT, "h1": ABSENT})
    assert host_failure(through, lost) is None
    assert arrived_ranks(lost) == {0}


def test_a_pod_without_a_host_has_no_host_that_fails() -> None:
    waiting = replace(pod(0), host=None, bound=False, phase="Pending", ready=False)
    assert host_failure(waiting, replace(gang(), pods=(waiting,))) is None


@pytest.mark.parametrize(("change", "lives", "arrived"), [
    ({}, True, True),
    ({"ready": False}, True, False),
    ({"ready": False, "phase": "Succeeded"}, True, True),
    ({"deleting": True}, False, False),
    ({"phase": "Failed"}, False, False),
])  # fmt: skip
def test_pods_that_fail_or_go_are_of_the_gang_no_more(
    change: dict[str, bool | str], *, lives: bool, arrived: bool
) -> None:
    changed = replace(pod(0), **change)  # type: ignore[arg-type]  # of any field
    observed = replace(gang(), pods=(pod(1), changed))
    assert [each.rank for each in living_pods(observed)] == ([0, 1] if lives else [1])
    assert arrived_ranks(observed) == ({0, 1} if arrived else {1})
