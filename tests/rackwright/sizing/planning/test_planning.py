"""Requests become plans, and plans become documents that the next parts take as they are."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from rackwright.catalog import CLUSTERS, MODELS
from rackwright.cli.sizing.explain import figures
from rackwright.sizing import cluster_spec, training_job
from rackwright.sizing.published.reference import comparisons
from rackwright.specs import ClusterSpec, SpecError, TrainingJob, dump_document
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.documents import parse_document
from rackwright.specs.places import ExistingPlace, OracleAccount
from tests.rackwright.sizing.plans import plan_of, planned, reference, request

pytestmark = pytest.mark.pure

ORACLE = OracleAccount(
    kind="oracle",
    region="us-chicago-1",
    tenancy_id="ocid1.tenancy.oc1..aaaa",
    compartment_id="ocid1.compartment.oc1..aaaa",
    image_id="ocid1.image.oc1.us-chicago-1.aaaa",
)


def test_405b_on_1024_gpus_takes_years_and_says_so() -> None:
    sized = planned(model="llama-3.1-405b", tokens=15.6e12, gpus=1024)
    assert 700 < sized.run.days.expected < 1000
    assert "2." in sized.warnings[0]
    assert "years" in sized.warnings[0]
    split = sized.parallelism
    assert split.tensor * split.context * split.pipeline * split.data == 1024 == sized.hosts.training_gpus
    assert sized.memory.fits


def test_405b_on_meta_s_gpus_takes_about_the_published_time() -> None:
    """ArXiv 2407.21783: 54 days saw most of the pre-training on 16,384 GPUs; 380-430 TFLOP/s, 38-43 % MFU."""
    sized = planned(model="llama-3.1-405b", tokens=15.6e12, gpus=16_384)
    assert 54 * 0.8 < sized.run.days.expected < 100


@pytest.mark.parametrize(
    ("model", "gpus", "fields"),
    [
        ("llama-3.1-405b", 1024, {}),
        ("llama-3-8b", 64, {}),
        ("llama-3-8b", 4, {}),
        ("mixtral-8x7b", 256, {"precision": "fp8"}),
        ("gpt-3-175b", 512, {"place": "existing"}),
        ("llama-3.1-405b", 99_968, {"batch_tokens": 67_108_864}),
    ],
)
def test_cluster_and_job_are_valid_documents_that_fit_each_other(
    model: str, gpus: int, fields: dict[str, object]
) -> None:
    sized = planned(model=model, gpus=gpus, **fields)
    place: OracleAccount | ExistingPlace = (
        ExistingPlace(kind="existing", kubeconfig_context="own") if "place" in fields else ORACLE
    )
    cluster = cluster_spec(
        sized, place=place, api_access=ApiAccess(way_in="public", public_from=(IPv4Network("203.0.113.0/24"),))
    )
    job = training_job(sized)
    assert parse_document(dump_document(cluster), ClusterSpec, source="cluster.yaml") == cluster
    assert parse_document(dump_document(job), TrainingJob, source="job.yaml") == job
    (team,) = cluster.queues.teams
    assert job.metadata.namespace == team.name
    assert job.spec.gpus <= team.gpus == cluster.gpu_pool.schedulable_gpus()
    assert job.spec.queue == cluster.queues.local_queue
    assert job.spec.priority in {priority.name for priority in cluster.queues.priorities}
    known = {level.name for level in cluster.fabric.levels}
    assert job.spec.topology.preferred in known
    assert job.spec.topology.slice is None or job.spec.topology.slice.level in known


def test_spares_come_on_top_or_out_of_the_gpus() -> None:
    on_top = planned(gpus=1024)
    within = planned(gpus=1024, gpus_include_spares=True)
    assert on_top.hosts.hosts == 128 + on_top.hosts.spares
    assert within.hosts.hosts == 128
    assert within.hosts.training_gpus <= (128 - within.hosts.spares) * 8
    assert within.hosts.spares > 0


def test_a_deadline_takes_no_host_more_than_it_needs() -> None:
    asked = request(deadline_days=20)
    sized = plan_of(asked)
    assert sized.run.days.expected <= 20
    assert sized.search.limited_by.startswith("deadline_days")
    training = sized.hosts.training_gpus
    assert plan_of(asked.model_copy(update={"gpus": training})).run.days.expected <= 20
    with pytest.raises(SpecError, match=rf"deadline_days: got 20.0; [^\n]* take {training} GPUs, which meet it"):
        plan_of(asked.model_copy(update={"gpus": training - 8}))


@pytest.mark.parametrize("gpus", [2, 4, 8])
def test_a_few_gpus_are_enough_for_a_small_model(gpus: int) -> None:
    sized = planned(gpus=gpus)
    assert sized.hosts.training_gpus == gpus
    assert sized.memory.fits


def test_a_budget_takes_as_many_hosts_as_it_pays_for() -> None:
    sized = planned(gpus=2048, budget_usd=290_000)
    assert sized.cost.rent_usd.expected <= 290_000
    assert sized.search.limited_by.startswith("budget_usd: ")
    assert sized.hosts.idle == 0
    assert planned(gpus=2048, budget_usd=1e7).search.limited_by == "gpus: 2,048 are given"


def test_power_takes_as_many_hosts_as_it_feeds() -> None:
    sized = planned(gpus=2048, power_mw=0.5)
    assert 0.45 < sized.power.facility_mw.expected <= 0.5
    assert sized.search.limited_by.startswith("power_mw: ")


def test_all_limits_are_met_and_the_one_that_binds_is_named() -> None:
    sized = planned(budget_usd=3e5, power_mw=0.5, deadline_days=10)
    assert sized.cost.rent_usd.expected <= 3e5
    assert sized.power.facility_mw.expected <= 0.5
    assert sized.run.days.expected <= 10
    assert sized.search.limited_by == "deadline_days: with one host fewer the run takes longer than 10 days"


def test_where_goodput_falls_steeply_fewer_gpus_are_done_sooner() -> None:
    """Sixteen days for each restart, and on 32 hosts something fails every eight days."""
    slow = {"reliability": {"restart_s": 16 * 86_400}}
    all_of_them = planned(gpus=256, **slow)
    assert all_of_them.hosts.training_gpus < 256
    fewer = planned(gpus=all_of_them.hosts.training_gpus * 3 // 4, **slow)
    assert all_of_them.run.days.expected < fewer.run.days.expected


def test_gpus_that_a_batch_cannot_feed_stay_idle_and_the_plan_says_so() -> None:
    sized = planned(gpus=1024, batch_tokens=65_536)
    assert sized.hosts.training_gpus < 1024
    assert sized.hosts.idle == 128 - sized.hosts.training_gpus // 8
    assert any(f"{sized.hosts.idle:,}" in warning for warning in sized.warnings)


def test_an_architecture_of_ones_own_is_planned_like_a_catalogue_s() -> None:
    architecture = MODELS.entries["llama-3-8b"].architecture
    own = planned(model=architecture, gpus=64, batch_tokens=8_388_608)
    listed = planned(gpus=64)
    assert own.run.days == listed.run.days
    assert own.model.name == "run"


@pytest.mark.parametrize("name", CLUSTERS.entries)
def test_reference_clusters_can_be_planned_with_all_their_gpus(name: str) -> None:
    cluster = CLUSTERS.entries[name]
    sized = reference(name)
    assert sized.hosts.hosts * sized.hosts.gpus_per_host == cluster.gpus
    assert len(comparisons(sized, cluster)) == len(cluster.published)


def test_memphis_plan_stands_beside_both_published_powers() -> None:
    sized = reference("memphis")
    compared = [
        each for each in comparisons(sized, CLUSTERS.entries["memphis"]) if each.published.what == "facility_mw"
    ]
    assert [each.published.figure for each in compared] == [100, 150]
    assert compared[1].difference == pytest.approx(0, abs=0.15)
    assert sized.fabric.endpoints == 100_000


def test_every_range_holds_its_expected_value_and_every_formula_is_there() -> None:
    for path, figure in figures(planned(gpus=64)).items():
        assert figure.formula or figure.source, path
