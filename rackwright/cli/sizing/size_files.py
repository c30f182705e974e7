"""The two files that `rackwright size` writes: cluster.yaml and job.yaml."""

from __future__ import annotations

from pathlib import Path

import typer
from pydantic import BaseModel, ValidationError

from rackwright import sizing
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.specs import ClusterSpec, SpecError, TrainingJob, dump_document
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.documents import describe
from rackwright.specs.places import ExistingPlace, OracleAccount
from rackwright.specs.plan import Plan

CLUSTER_FILE = "cluster.yaml"
JOB_FILE = "job.yaml"


def place(
    plan: Plan, *, oracle: dict[str, str | None], domain: int | None, kubeconfig_context: str | None
) -> OracleAccount | ExistingPlace:
    """Where the cluster stands, from the options of its kind of place."""
    kind = plan.request.place
    needed = oracle if kind == "oracle" else {"kubeconfig_context": kubeconfig_context}
    missing = [f"--{field.replace('_', '-')}" for field, value in needed.items() if value is None]
    if missing:
        raise CommandError(
            f"{CLUSTER_FILE} at the place {kind!r} needs {', '.join(missing)}; without --output-directory the plan "
            "alone is printed and needs none of them.",
            code=ExitCode.USAGE,
        )
    domain_field = {"availability_domain": domain} if kind == "oracle" and domain is not None else {}
    model: type[OracleAccount | ExistingPlace] = OracleAccount if kind == "oracle" else ExistingPlace
    try:
        return model.model_validate({"kind": kind, **needed, **domain_field})
    except ValidationError as error:
        raise _refusal(error, ClusterSpec) from error


def api_access(plan: Plan, *, ranges: list[str], private: str | None, drg_id: str | None) -> ApiAccess | None:
    """The way to the API from the options; none where the cluster stands already. Nobody's choice is guessed."""
    if plan.request.place != "oracle":
        return None
    if not ranges:
        raise CommandError(
            f"{CLUSTER_FILE} at the place 'oracle' needs --api-from, the range from which its Kubernetes API is used "
            "(such as 203.0.113.0/24, or `anywhere` for the whole Internet); with --api-private bastion, peered or "
            "inside the API has no public address.",
            code=ExitCode.USAGE,
        )
    from_internet = private in (None, "bastion")
    document = {
        "way_in": private or "public",
        "public_from" if from_internet else "private_from": ranges,
        **({} if drg_id is None else {"drg_id": drg_id}),
    }
    try:
        return ApiAccess.model_validate(document)
    except ValidationError as error:
        raise _refusal(error, ApiAccess) from error


def cluster_spec(
    plan: Plan, *, place: OracleAccount | ExistingPlace, api_access: ApiAccess | None, team: str
) -> ClusterSpec:
    """The plan's cluster; a value that the spec refuses is one of the options."""
    try:
        return sizing.cluster_spec(plan, place=place, api_access=api_access, team=team)
    except ValidationError as error:
        raise _refusal(error, ClusterSpec) from error


def training_job(plan: Plan, *, team: str, image: str, bucket: str | None, claim: str | None) -> TrainingJob:
    """The plan's job; a value that the model refuses is one of the options."""
    try:
        return sizing.training_job(plan, team=team, image=image, checkpoint_bucket=bucket, checkpoint_claim=claim)
    except ValidationError as error:
        raise _refusal(error, TrainingJob) from error


def write(directory: Path, *, cluster: ClusterSpec, job: TrainingJob) -> None:
    """Write both files, and say so on standard error."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file, document in ((CLUSTER_FILE, cluster), (JOB_FILE, job)):
            (directory / file).write_text(dump_document(document), encoding="utf-8")
            typer.echo(f"wrote {directory / file}", err=True)
    except OSError as error:
        raise CommandError(f"can't write to {directory}: {error.strerror}.") from error


def _refusal(error: ValidationError, model: type[BaseModel]) -> SpecError:
    return SpecError("options", [describe(detail, model) for detail in error.errors()])
