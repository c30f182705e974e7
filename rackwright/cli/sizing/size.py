"""`rackwright size`: a plan for a request, and the files that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rackwright import sizing
from rackwright.cli.output import Json, console, print_json
from rackwright.cli.progress import progress
from rackwright.cli.sizing import catalogue, compare, evaluate, frontier, requests, size_files
from rackwright.cli.sizing import explain as explaining
from rackwright.cli.sizing.plan_table import plan_tables
from rackwright.cli.sizing.transfer import transfer
from rackwright.sizing.files.cluster import DEFAULT_TEAM
from rackwright.sizing.files.job import DEFAULT_IMAGE

app = typer.Typer(
    invoke_without_command=True,
    help="Size a training run: GPUs, parallelism, days, fabric, power, cost; and write cluster.yaml and job.yaml.",
    rich_markup_mode="markdown",
    epilog="""Examples:

- `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024`
- `rackwright size --model llama-3.1-70b --tokens 15e12 --deadline-days 60 --json`
- `rackwright size --model llama-3-8b --tokens 1e12 --budget-usd 1e6 --power-mw 2`
- `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024 --region us-chicago-1 --tenancy-id ocid1.tenancy…
  --compartment-id ocid1.compartment… --image-id ocid1.image… --api-from 203.0.113.0/24 --output-directory .`
- `rackwright size --model grok-1-314b --tokens 10e12 --gpus 100000 --batch-tokens 67108864 --place existing
  --start-date 2026-01-01 --vendors 2 --set delivery.lead_days=60 --explain delivery.all_gpus_train_days`
- `rackwright size frontier --model llama-3.1-70b --tokens 15e12`: days against cost
- `rackwright size reference memphis`; `rackwright size list models`; `rackwright size transfer --model gpt-3-175b`
""",
)


@app.callback()
def size(
    context: typer.Context,
    *,
    model: requests.Model = None,
    tokens: requests.Tokens = None,
    gpus: requests.GivenGpus = None,
    deadline_days: requests.DeadlineDays = None,
    budget_usd: requests.BudgetUsd = None,
    power_mw: requests.PowerMw = None,
    request: requests.RequestFile = None,
    name: requests.Name = None,
    gpu: requests.Gpu = None,
    precision: requests.Precision = None,
    batch_tokens: requests.BatchTokens = None,
    sequence_tokens: requests.SequenceTokens = None,
    place: requests.Place = None,
    output_directory: Annotated[
        Path | None, typer.Option(help="Write cluster.yaml and job.yaml there.", file_okay=False)
    ] = None,
    region: Annotated[str | None, typer.Option(help="Oracle: the region's identifier, such as us-chicago-1.")] = None,
    tenancy_id: Annotated[str | None, typer.Option(help="Oracle: ocid1.tenancy…")] = None,
    compartment_id: Annotated[str | None, typer.Option(help="Oracle: ocid1.compartment…")] = None,
    availability_domain: Annotated[int | None, typer.Option(help="Oracle: 1, 2 or 3.")] = None,
    image_id: Annotated[str | None, typer.Option(help="Oracle: the GPU hosts' image, ocid1.image…")] = None,
    api_from: Annotated[
        list[str] | None,
        typer.Option(help="Oracle: a range from which the Kubernetes API is used; may be given again."),
    ] = None,
    api_private: Annotated[
        str | None,
        typer.Option(help="Oracle: no public address for the API; the way in is `bastion`, `peered` or `inside`."),
    ] = None,
    drg_id: Annotated[str | None, typer.Option(help="Oracle, `peered`: the gateway, ocid1.drg…")] = None,
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
    setting: requests.Setting = None,
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
        "budget_usd": budget_usd,
        "power_mw": power_mw,
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
    }
    asked = requests.request(request, given, setting)
    with progress("Sizing") as report:
        plan = sizing.plan(asked, report=report)
    if output_directory is not None:
        stands = size_files.place(
            plan,
            oracle={
                "region": region,
                "tenancy_id": tenancy_id,
                "compartment_id": compartment_id,
                "image_id": image_id,
            },
            domain=availability_domain,
            kubeconfig_context=kubeconfig_context,
        )
        access = size_files.api_access(plan, ranges=api_from or [], private=api_private, drg_id=drg_id)
        size_files.write(
            output_directory,
            cluster=size_files.cluster_spec(plan, place=stands, api_access=access, team=team),
            job=size_files.training_job(plan, team=team, image=image, bucket=checkpoint_bucket, claim=checkpoint_claim),
        )
    if explain is not None:
        explaining.explain(plan, explain, as_json=as_json)
    elif as_json:
        print_json(plan.model_dump(mode="json", by_alias=True))
    else:
        console().print(plan_tables(plan))


catalogue.register(app)
evaluate.register(app)
compare.register(app)
frontier.register(app)
app.command(epilog="Example: `rackwright size transfer --model gpt-3-175b --gpus 22000 --place existing`")(transfer)
