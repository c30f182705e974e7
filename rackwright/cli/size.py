"""`rackwright size`: a plan for a request, and the files that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rackwright import sizing
from rackwright.catalog import GPUS, MODELS, PLACES
from rackwright.cli import catalogue, compare, evaluate, size_files, terms
from rackwright.cli import explain as explaining
from rackwright.cli.outcome import CommandError, ExitCode
from rackwright.cli.output import Json, console, print_json
from rackwright.cli.plan_table import plan_tables
from rackwright.cli.transfer import transfer
from rackwright.sizing.cluster import DEFAULT_TEAM
from rackwright.sizing.job import DEFAULT_IMAGE
from rackwright.specs import load_document
from rackwright.specs.documents import validate_document
from rackwright.specs.request import Request

app = typer.Typer(
    invoke_without_command=True,
    help="Size a training run: GPUs, parallelism, days, fabric, power, cost; and write cluster.yaml and job.yaml.",
    rich_markup_mode="markdown",
    epilog="""Examples:

- `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024`
- `rackwright size --model llama-3.1-70b --tokens 15e12 --deadline-days 60 --json`
- `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024 --region us-chicago-1 --tenancy-id ocid1.tenancy…
  --compartment-id ocid1.compartment… --image-id ocid1.image… --output-directory .`
- `rackwright size --model grok-1-314b --tokens 10e12 --gpus 100000 --batch-tokens 67108864 --place existing
  --start-date 2026-01-01 --vendors 2 --set delivery.lead_days=60 --explain delivery.all_gpus_train_days`
- `rackwright size reference memphis`; `rackwright size list models`; `rackwright size transfer --model gpt-3-175b`
""",
)


@app.callback()
def size(
    context: typer.Context,
    *,
    model: Annotated[
        str | None,
        typer.Option(help="A model of the catalogue (`rackwright size list models`).", autocompletion=MODELS.names),
    ] = None,
    tokens: Annotated[float | None, typer.Option(help="Tokens to train on, such as 15.6e12.")] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs to train on; spares come on top.")] = None,
    deadline_days: Annotated[float | None, typer.Option(help="Days until it shall be done.")] = None,
    request: Annotated[
        Path | None, typer.Option(help="A request as YAML; options given beside it go before it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Names the cluster and the job.")] = None,
    gpu: Annotated[str | None, typer.Option(help="A GPU of the catalogue.", autocompletion=GPUS.names)] = None,
    precision: Annotated[str | None, typer.Option(help="bf16 or fp8.")] = None,
    batch_tokens: Annotated[int | None, typer.Option(help="Tokens of one step.")] = None,
    sequence_tokens: Annotated[int | None, typer.Option(help="Tokens of one sequence.")] = None,
    place: Annotated[str | None, typer.Option(help="`oracle` or `existing`.", autocompletion=PLACES.names)] = None,
    output_directory: Annotated[
        Path | None, typer.Option(help="Write cluster.yaml and job.yaml there.", file_okay=False)
    ] = None,
    region: Annotated[str | None, typer.Option(help="Oracle: the region's identifier, such as us-chicago-1.")] = None,
    tenancy_id: Annotated[str | None, typer.Option(help="Oracle: ocid1.tenancy…")] = None,
    compartment_id: Annotated[str | None, typer.Option(help="Oracle: ocid1.compartment…")] = None,
    availability_domain: Annotated[int | None, typer.Option(help="Oracle: 1, 2 or 3.")] = None,
    image_id: Annotated[str | None, typer.Option(help="Oracle: the GPU hosts' image, ocid1.image…")] = None,
    kubeconfig_context: Annotated[str | None, typer.Option(help="Existing place: the kubeconfig's context.")] = None,
    team: Annotated[str, typer.Option(help="The team (namespace) that the job belongs to.")] = DEFAULT_TEAM,
    image: Annotated[str, typer.Option(help="The training container.")] = DEFAULT_IMAGE,
    checkpoint_bucket: Annotated[str | None, typer.Option(help="A bucket's URL for checkpoints.")] = None,
    checkpoint_claim: Annotated[str | None, typer.Option(help="A PersistentVolumeClaim for checkpoints.")] = None,
    checkpoints: Annotated[str | None, typer.Option(help="`sync` or `async`.")] = None,
    start_date: Annotated[str | None, typer.Option(help="Day of the order, such as 2026-01-31.")] = None,
    hosts_per_week: Annotated[float | None, typer.Option(help="Hosts a week from each vendor.")] = None,
    vendors: Annotated[int | None, typer.Option(help="Vendors that deliver side by side.")] = None,
    term_months: Annotated[float | None, typer.Option(help="How long the machine is rented or owned.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Any field of the request below `fabric`, `storage`, `reliability`, `delivery` or `money`, such as "
            "`money.depreciation_years=5`; repeat it for more.",
        ),
    ] = None,
    explain: Annotated[str | None, typer.Option(help="Show how one figure came about, such as `run.days`.")] = None,
    as_json: Json = False,
) -> None:
    """Size a training run."""
    if context.invoked_subcommand:
        return
    given = {
        "model": model,
        "tokens": tokens,
        "gpus": gpus,
        "deadline_days": deadline_days,
        "name": name,
        "gpu": gpu,
        "precision": precision,
        "batch_tokens": batch_tokens,
        "sequence_tokens": sequence_tokens,
        "place": place,
        "storage.checkpoints": checkpoints,
        "delivery.start_date": start_date,
        "delivery.hosts_per_week": hosts_per_week,
        "delivery.vendors": vendors,
        "money.term_months": term_months,
        **terms.settings(setting or []),
    }
    asked = _request(request, terms.nested(given))
    plan = sizing.plan(asked)
    if output_directory is not None:
        stands = size_files.place(
            plan,
            oracle={"region": region, "tenancy_id": tenancy_id, "compartment_id": compartment_id},
            domain=availability_domain,
            kubeconfig_context=kubeconfig_context,
        )
        size_files.write(
            output_directory,
            cluster=size_files.cluster_spec(plan, place=stands, image_id=image_id, team=team),
            job=size_files.training_job(plan, team=team, image=image, bucket=checkpoint_bucket, claim=checkpoint_claim),
        )
    if explain is not None:
        explaining.explain(plan, explain, as_json=as_json)
    elif as_json:
        print_json(plan.model_dump(mode="json", by_alias=True))
    else:
        console().print(plan_tables(plan))


def _request(path: Path | None, given: dict[str, object]) -> Request:
    """The request of a file, of options, or of both."""
    if path is None:
        needed = [f"--{field}" for field in ("model", "tokens") if field not in given]
        if needed:
            raise CommandError(
                f"what shall be sized? Give {' and '.join(needed)}, or --request FILE; "
                "such as `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024`.",
                code=ExitCode.USAGE,
            )
        given.setdefault("name", _default_name(str(given["model"])))
        return validate_document(given, Request, source="options")
    asked = load_document(path, Request)
    return validate_document(terms.merged(asked.model_dump(exclude_unset=True), given), Request, source=str(path))


def _default_name(model: str) -> str:
    """A DNS label for a model's name: `llama-3.1-405b` becomes `llama-3-1-405b`."""
    return "".join(letter if letter.isalnum() else "-" for letter in model.lower()).strip("-")


catalogue.register(app)
evaluate.register(app)
compare.register(app)
app.command(epilog="Example: `rackwright size transfer --model gpt-3-175b --gpus 22000 --place existing`")(transfer)
