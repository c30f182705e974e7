from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from operators.observed import ABSENT
from operators.store import JOBS, JOBSETS, NODES, PODS, WORKLOADS, Store

pytestmark = pytest.mark.pure

KEY = ("team-a", "llm")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def pod(name: str = "llm-0", *, revision: int = 1, host: str | None = "h0", **more: object) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": f"uid-{name}",
            "resourceVersion": str(revision),
            "labels": {"rackwright.dev/job": "llm", "batch.kubernetes.io/job-completion-index": "0"},
            **more,
        },
        "spec": {"nodeName": host} if host else {"nodeSelector": {"kubernetes.io/hostname": "h9"}},
        "status": {"phase": "Running"},
    }


def node(name: str = "h0", *, revision: int = 1, ready: str = "True") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": "Said"}, {"type": "Beat", "status": str(revision)}]
    metadata = {"name": name, "resourceVersion": str(revision)}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": conditions}}


def owned(name: str, uid: str, *, revision: int = 1) -> dict[str, Any]:
    owner = {"kind": "JobSet", "name": "llm", "uid": uid, "controller": True}
    metadata = {"name": name, "namespace": "team-a", "resourceVersion": str(revision), "ownerReferences": [owner]}
    return {"metadata": metadata, "spec": {}}


def test_a_change_that_no_decision_looks_at_wakes_nobody() -> None:
    store = Store()
    store.put(PODS, pod())
    assert store.put(NODES, node()) == {KEY}
    assert store.put(NODES, node(revision=2)) == set()
    assert store.put(NODES, node(revision=3, ready="Unknown")) == {KEY}


def test_a_node_wakes_the_jobs_on_it_and_no_others() -> None:
    store = Store()
    store.put(PODS, pod(host="h0"))
    assert store.put(NODES, node("h1")) == set()
    assert store.drop(NODES, ("", "h0")) == {KEY}
    assert store.observe(KEY, now=NOW).hosts == {"h0": ABSENT}


def test_an_older_event_changes_nothing() -> None:
    store = Store()
    store.put(PODS, pod(revision=5))
    assert store.put(PODS, pod(revision=4, deletionTimestamp="2026-01-31T12:00:00Z")) == set()
    assert not store.observe(KEY, now=NOW).old_pods[0].deleting


def test_a_list_drops_what_it_lacks_but_not_what_is_newer() -> None:
    store = Store()
    store.put(PODS, pod("old", revision=3))
    store.put(PODS, pod("new", revision=9))
    assert store.drop_missing(PODS, set(), 5) == {KEY}
    assert [each.name for each in store.observe(KEY, now=NOW).old_pods] == ["new"]


def test_objects_of_others_are_not_kept() -> None:
    store = Store()
    foreign = pod()
    foreign["metadata"]["labels"] = {}
    assert store.put(PODS, foreign) == set()
    assert store.observe(KEY, now=NOW).old_pods == ()


def test_a_pod_that_moves_is_found_on_its_new_host_alone() -> None:
    store = Store()
    store.put(PODS, pod(host=None))
    assert store.put(NODES, node("h9")) == {KEY}
    store.put(PODS, pod(host="h0", revision=2))
    assert store.put(NODES, node("h9", revision=2, ready="False")) == set()
    assert store.put(NODES, node("h0")) == {KEY}


def test_the_workload_of_an_earlier_jobset_is_not_taken_for_this_ones() -> None:
    store = Store()
    jobset = {"metadata": {"name": "llm", "namespace": "team-a", "uid": "second", "resourceVersion": "1"}, "spec": {}}
    store.put(JOBSETS, jobset)
    store.put(WORKLOADS, owned("jobset-llm-1", "first"))
    assert store.observe(KEY, now=NOW).workload is None
    store.put(WORKLOADS, owned("jobset-llm-2", "second"))
    workload = store.observe(KEY, now=NOW).workload
    assert workload is not None
    assert workload.name == "jobset-llm-2"


def test_a_deleted_job_is_forgotten() -> None:
    store = Store()
    metadata = {"name": "llm", "namespace": "team-a", "uid": "u", "generation": 1, "resourceVersion": "1"}
    spec = {"image": "i", "gpus": 8}
    job = {"apiVersion": "rackwright.dev/v1alpha1", "kind": "TrainingJob", "metadata": metadata, "spec": spec}
    assert store.put(JOBS, job) == {KEY}
    assert store.jobs() == {KEY}
    assert store.drop(JOBS, KEY) == {KEY}
    assert store.job(KEY) is None


def test_what_was_deleted_comes_back_neither_by_an_older_list_nor_by_an_older_answer() -> None:
    store = Store()
    store.put(PODS, pod(revision=3))
    store.expect_list(PODS)  # at revision 4, say, while an event comes
    assert store.delete(PODS, pod(revision=5)) == {KEY}
    assert store.put(PODS, pod(revision=3)) == set()
    assert store.observe(KEY, now=NOW).old_pods == ()
    assert store.put(PODS, pod(revision=6)) == {KEY}


def test_a_late_word_of_a_deletion_doesnt_take_the_successor() -> None:
    store = Store()
    store.put(PODS, pod(revision=7))
    assert store.delete(PODS, pod(revision=6)) == set()
    assert [each.name for each in store.observe(KEY, now=NOW).old_pods] == ["llm-0"]


def test_a_pod_with_a_jobs_label_and_no_rank_is_nobodys() -> None:
    store = Store()
    for rank in ({}, {"batch.kubernetes.io/job-completion-index": "first"}):
        odd = pod()
        odd["metadata"]["labels"] = {"rackwright.dev/job": "llm", **rank}
        assert store.put(PODS, odd) == set()
    assert store.observe(KEY, now=NOW).old_pods == ()
