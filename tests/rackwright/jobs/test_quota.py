"""What a queue can ever give."""

from __future__ import annotations

from typing import Any

import pytest

from rackwright.jobs.quota import Reach, gpu_quota, reach

pytestmark = pytest.mark.pure


def queue(name: str, gpus: str, *, cohort: str | None = "org", **limits: str) -> dict[str, Any]:
    """A ClusterQueue with GPUs and, as always, processors."""
    resources = [{"name": "cpu", "nominalQuota": "1k"}, {"name": "nvidia.com/gpu", "nominalQuota": gpus, **limits}]
    groups = [{"coveredResources": ["cpu", "nvidia.com/gpu"], "flavors": [{"name": "h100", "resources": resources}]}]
    spec: dict[str, Any] = {"resourceGroups": groups}
    return {"metadata": {"name": name}, "spec": spec | ({"cohortName": cohort} if cohort else {})}


def test_quantities_are_read_as_kubernetes_writes_them() -> None:
    assert gpu_quota(queue("a", "1k")).own == 1000


def test_alone_a_queue_has_its_own() -> None:
    assert reach("a", [queue("a", "64", cohort=None), queue("b", "64")]) == Reach(own=64, borrowed=0)


def test_in_a_cohort_it_borrows_what_the_others_lend() -> None:
    queues = [
        queue("a", "64"),
        queue("b", "100"),
        queue("c", "200", lendingLimit="50"),
        queue("d", "9", cohort="other"),
    ]
    assert reach("a", queues) == Reach(own=64, borrowed=150)


def test_its_borrowing_limit_holds() -> None:
    queues = [queue("a", "64", borrowingLimit="32"), queue("b", "100")]
    assert reach("a", queues).total == 96


def test_a_limit_of_zero_lends_and_borrows_nothing() -> None:
    assert reach("a", [queue("a", "64", borrowingLimit="0"), queue("b", "100")]).borrowed == 0
    assert reach("a", [queue("a", "64"), queue("b", "100", lendingLimit="0")]).borrowed == 0


def test_an_unknown_queue_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        reach("nowhere", [queue("a", "64")])
