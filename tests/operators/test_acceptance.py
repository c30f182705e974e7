from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from operators.acceptance import most_gpus, name_taken, refusal
from operators.observed import Observed
from rackwright.specs.job_cluster import JobCluster
from tests.operators.gangs import jobset_of, make_job

pytestmark = pytest.mark.pure


def with_teams(cluster: JobCluster, **changes: dict[str, int | None]) -> JobCluster:
    """The cluster with other quotas: team-a has 48 GPUs and team-b 16, where nothing else is said."""
    gpus = {"team-a": 48, "team-b": 16}
    teams = tuple(
        team.model_copy(
            update={"gpus": gpus[team.name], "lending_gpus": None, "borrowing_gpus": None, **changes.get(team.name, {})}
        )
        for team in cluster.queues.teams
    )
    return cluster.model_copy(update={"queues": cluster.queues.model_copy(update={"teams": teams})})


@pytest.mark.parametrize(
    ("a", "b", "most"),
    [
        ({}, {}, 64),
        ({}, {"lending_gpus": 4}, 52),
        ({}, {"lending_gpus": 0}, 48),
        ({"borrowing_gpus": 8}, {}, 56),
        ({"borrowing_gpus": 0}, {}, 48),
        ({"borrowing_gpus": 8}, {"lending_gpus": 4}, 52),
        ({"lending_gpus": 0}, {}, 64),
    ],
)
def test_a_queue_gives_its_own_gpus_and_what_others_lend_and_it_may_borrow(
    cluster: JobCluster, a: dict[str, int | None], b: dict[str, int | None], most: int
) -> None:
    assert most_gpus(with_teams(cluster, **{"team-a": a, "team-b": b}), "team-a") == most


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"required": "island"}, "spec.topology.required"),
        ({"preferred": "island"}, "spec.topology.preferred"),
        ({"slice": {"level": "island", "hosts": 2}}, "spec.topology.slice.level"),
    ],
)
def test_a_level_that_the_fabric_lacks_is_refused_by_its_field(
    cluster: JobCluster, wish: dict[str, Any], field: str
) -> None:
    refused = refusal(make_job(topology=wish).job, cluster)
    assert refused is not None
    assert refused.message.startswith(f"{field}: got 'island'; expected a level of the cluster's fabric: block, host.")


def test_a_foreign_jobset_in_the_way_is_named_with_the_remedy() -> None:
    job = make_job()
    foreign = Observed(jobset=replace(jobset_of(job), owner_uid="other"))
    refused = name_taken(job, foreign)
    assert refused is not None
    assert refused.reason == "NameTaken"
    assert refused.message == (
        "A JobSet 'llm' that belongs to something else is in the way; delete it, or submit the job by another name."
    )
    assert name_taken(job, Observed(jobset=jobset_of(job))) is None
    assert name_taken(job, Observed()) is None
