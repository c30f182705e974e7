"""What a rehearsal is of: a plan, the cluster and the job that it comes to, from the command's options."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from rackwright import sizing
from rackwright.catalog import PLACES
from rackwright.sizing.published.reference import reference_request
from rackwright.specs import ClusterSpec, TrainingJob, load_document
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.documents import Problem, SpecError, validate_document
from rackwright.specs.places import OracleAccount, OraclePlace, Place
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request
from rehearsal.cloud import reach
from rehearsal.cloud.shapes import SHAPES
from rehearsal.tools import pins

DEFAULT_MODEL = "llama-3.1-405b"
DEFAULT_TOKENS = 15.6e12
"""Tokens that Llama 3.1 was trained on (arXiv 2407.21783)."""
DEFAULT_GPUS = 1024

SIMULATED_PLACE = OracleAccount(
    kind="oracle",
    region="us-chicago-1",
    tenancy_id="ocid1.tenancy.oc1..simulated",
    compartment_id="ocid1.compartment.oc1..simulated",
    image_id="ocid1.image.oc1.us-chicago-1.simulated",
)
"""The region that is simulated; its identifiers have Oracle's form and name nothing."""

SIMULATED_ACCESS = ApiAccess.model_validate({"way_in": "public", "public_from": ["203.0.113.0/24"]})
"""The way to the API where the options bring no spec: from a range that is reserved for documentation (RFC 5737)."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is rehearsed."""

    plan: Plan
    spec: ClusterSpec
    job: TrainingJob


def position(place: Place, asked: str | None) -> IPv4Address:
    """Where the rehearsal is played from: where it is asked to be, else at the first place that the spec lets in."""
    if asked is not None:
        try:
            return IPv4Address(asked)
        except AddressValueError as error:
            problem = Problem(
                field="--from",
                value=repr(asked),
                expected="an IPv4 address",
                remedy="give one, such as 203.0.113.7, or leave it out to play from where the spec lets one in",
            )
            raise SpecError("the command's options", [problem]) from error
    if not isinstance(place, OraclePlace):
        return reach.OUTSIDE
    access = place.network.api_access
    return next((access.public_from or access.private_from)[0].hosts())


def read(
    *, gpus: int | None, model: str | None, tokens: float | None, reference: str | None, spec: Path | None
) -> Inputs:
    """Size what the options ask for; raise `SpecError` for what can't be.

    With a cluster spec of one's own, the job is sized to the GPUs of its first team.
    """
    given = {"gpus": gpus, "model": model, "tokens": tokens, "reference": reference, "spec": spec}
    _refuse_conflicts({name for name, value in given.items() if value is not None})
    model, tokens = model or DEFAULT_MODEL, DEFAULT_TOKENS if tokens is None else tokens
    if spec is not None:
        cluster = load_document(spec, ClusterSpec)
        _refuse_what_is_not_simulated(cluster, source=str(spec))
        return _of_spec(cluster, model=model, tokens=tokens)
    if reference is not None:
        # The hosts are Oracle's here, whoever built the cluster: that is what a rehearsal can simulate.
        request = reference_request(reference).model_copy(update={"place": SIMULATED_PLACE.kind})
    else:
        request = _request(model, gpus=DEFAULT_GPUS if gpus is None else gpus, model=model, tokens=tokens)
    plan = sizing.plan(request)
    cluster = sizing.cluster_spec(plan, place=SIMULATED_PLACE, api_access=SIMULATED_ACCESS)
    return Inputs(plan=plan, spec=cluster, job=sizing.training_job(plan))


def _refuse_conflicts(given: set[str]) -> None:
    """Refuse options of which one would be ignored: a cluster, given by name or file, brings its own GPUs."""
    for option, decided in (("reference", ("spec", "gpus", "model", "tokens")), ("spec", ("gpus",))):
        ignored = [f"--{name}" for name in decided if name in given]
        if option in given and ignored:
            problem = Problem(
                field=", ".join(ignored),
                value=f"it beside --{option}",
                expected=f"--{option} alone, which decides that too",
                remedy=f"leave out {', '.join(ignored)}, or --{option}",
            )
            raise SpecError("the command's options", [problem])


def _refuse_what_is_not_simulated(spec: ClusterSpec, *, source: str) -> None:
    """Refuse, before anything is started, what `pulumi up` couldn't make here."""
    problems = []
    if not isinstance(spec.place, OraclePlace):
        problem = Problem(
            field="place.kind",
            value=repr(spec.place.kind),
            expected="'oracle', whose hosts a rehearsal simulates: those of an existing cluster are there or not",
            remedy="rehearse the same pools and queues at the place oracle, or run `rackwright preview` on the "
            "cluster itself",
        )
        problems.append(problem)
    (pin,) = pins.select(["kube-apiserver"])
    if spec.kubernetes_version != pin.module.version():
        problem = Problem(
            field="kubernetes_version",
            value=repr(spec.kubernetes_version),
            expected=f"{pin.module.version()}, the one that rehearsals run",
            remedy=f"rehearse with {pin.module.version()}, or pin another in rehearsal/tools/modules/kubernetes",
        )
        problems.append(problem)
    if spec.gpu_pool.shape not in (rehearsed := _gpus_of_shapes()):
        problem = Problem(
            field="gpu_pools.0.shape",
            value=repr(spec.gpu_pool.shape),
            expected=f"a shape whose hosts a rehearsal simulates: {', '.join(rehearsed)}",
            remedy="rehearse with one of them, or run `rackwright preview` on the cluster itself",
        )
        problems.append(problem)
    if problems:
        raise SpecError(source, problems)


def _gpus_of_shapes() -> dict[str, str]:
    """The GPU of each of the place's shapes that are simulated."""
    planned = PLACES.entries[SIMULATED_PLACE.kind].shapes
    return {shape: gpu for gpu, shape in planned.items() if shape in SHAPES}


def _of_spec(spec: ClusterSpec, *, model: str, tokens: float) -> Inputs:
    team = spec.queues.teams[0]
    request = _request(spec.name, gpus=team.gpus, model=model, tokens=tokens)
    plan = sizing.plan(request.model_copy(update={"gpu": _gpus_of_shapes()[spec.gpu_pool.shape]}))
    return Inputs(plan=plan, spec=spec, job=sizing.training_job(plan, team=team.name))


def _request(name: str, *, gpus: int, model: str, tokens: float) -> Request:
    data = {"name": name.replace(".", "-"), "model": model, "tokens": tokens, "gpus": gpus}
    return validate_document(data, Request, source="the command's options")


def plan_words(inputs: Inputs) -> dict[str, str]:
    """The plan's words for the rows of the summary."""
    plan, job = inputs.plan, inputs.job
    return {
        "hosts": f"{plan.hosts.hosts:,} (spares: {plan.hosts.spares})",
        "GPUs": f"{plan.hosts.training_gpus:,} in training",
        "job": f"{plan.run.days.expected:,.0f} days at {plan.run.mfu.expected:.0%} MFU",
        "gang": f"{job.spec.hosts} pods on {job.spec.hosts} hosts, {job.spec.gpus:,} GPUs",
        "steps": f"{plan.run.steps:,} of {plan.step.step_s.expected:.1f} s",
        "restarts": f"{plan.reliability.failures_per_day.expected:.2f} a day",
        "restart": f"{plan.reliability.restart_s.expected / 60:.0f} min on real hosts",
        "lost work": f"{plan.reliability.checkpoint_interval_s.expected / 120:.0f} min on average (half an interval)",
        "lost in all": f"goodput {plan.reliability.goodput.expected:.1%}",
    }
