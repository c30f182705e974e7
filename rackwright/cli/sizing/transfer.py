"""`rackwright size transfer`: how long it takes to move a model across each level of a machine."""

from __future__ import annotations

from math import ceil
from typing import Annotated

import typer

from rackwright.catalog import GPUS, HOSTS, MODELS, PLACES, SOFTWARE
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.output import Json, print_json, print_table
from rackwright.cli.sizing.plan_table import number
from rackwright.sizing.figures import PlanningFigures, given
from rackwright.sizing.network.fabric import levels_at
from rackwright.sizing.operation.transfer import BYTES_PER_PARAMETER, Machine, model_bytes, transfer_plan
from rackwright.sizing.planning.task import host_shape
from rackwright.sizing.step import parameters
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.request import Request

DEFAULT_GPUS = 1024

STORAGE_UNKNOWN = Unknown(unknown="give --read-gb-s, what the storage gives to all hosts together")


def transfer(
    *,
    model: Annotated[
        str | None, typer.Option(help="A model of the catalogue, moved whole.", autocompletion=MODELS.names)
    ] = None,
    bytes_per_parameter: Annotated[
        float, typer.Option(min=0.125, help="4 in FP32, 2 in BF16, 14 with the optimizer's state.")
    ] = BYTES_PER_PARAMETER,
    gigabytes: Annotated[float | None, typer.Option(min=1e-6, help="10^9 bytes, instead of a model.")] = None,
    gpus: Annotated[int, typer.Option(min=1, help="GPUs of the cluster.")] = DEFAULT_GPUS,
    gpu: Annotated[str, typer.Option(help="A GPU of the catalogue.", autocompletion=GPUS.names)] = Request.model_fields[
        "gpu"
    ].default,
    place: Annotated[
        str, typer.Option(help="`oracle` or `existing`.", autocompletion=PLACES.names)
    ] = Request.model_fields["place"].default,
    read_gb_s: Annotated[float | None, typer.Option(min=1e-6, help="What the storage gives to all hosts.")] = None,
    as_json: Json = False,
) -> None:
    """Show how long it takes to move a model across each level of a machine."""
    kind = PLACES.get(place, field="place")
    card = GPUS.get(gpu, field="gpu")
    host = HOSTS.entries[host_shape(gpu, kind)]
    hosts = ceil(gpus / host.gpus_per_host)
    plan = transfer_plan(
        _size(model, bytes_per_parameter, gigabytes),
        Machine(
            gpu=card,
            host=host,
            hosts=hosts,
            levels=levels_at(kind, host=host, hosts=hosts),
            network_efficiency=SOFTWARE.entries[Request.model_fields["software"].default].network_efficiency,
            storage_read_gb_s=STORAGE_UNKNOWN if read_gb_s is None else given(read_gb_s, field="--read-gb-s"),
            figures=PlanningFigures.of({}),
        ),
    )
    if as_json:
        print_json(plan.model_dump(mode="json"))
        return
    typer.echo(f"{number(plan.model_gb.expected)} GB: {plan.model_gb.formula}\n")
    print_table(
        ("level", "GB/s", "seconds", "range", "formula"),
        [(each.level, _shown(each.gb_s), *_time(each.transfer_s)) for each in plan.levels],
    )


def _size(model: str | None, bytes_per_parameter: float, gigabytes: float | None) -> Figure:
    if (model is None) == (gigabytes is None):
        raise CommandError(
            "what shall be moved? Give --model or --gigabytes, such as "
            "`rackwright size transfer --model gpt-3-175b --gpus 22000`.",
            code=ExitCode.USAGE,
        )
    if gigabytes is not None:
        return given(gigabytes, field="--gigabytes")
    entry = MODELS.get(str(model), field="model")
    return model_bytes(parameters.total(entry.architecture), bytes_per_parameter=bytes_per_parameter)


def _shown(figure: Figure | Unknown) -> str:
    return "unknown" if isinstance(figure, Unknown) else number(figure.expected)


def _time(figure: Figure | Unknown) -> tuple[str, str, str]:
    if isinstance(figure, Unknown):
        return "unknown", "", figure.unknown
    low, high = figure.low, figure.high
    span = f"{number(low)} – {number(high)}" if low is not None and high is not None else ""
    return number(figure.expected), span, figure.formula
