"""The options that make a request, for the commands that size one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from rackwright.catalog import GPUS, MODELS, PLACES
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.sizing import terms
from rackwright.specs import load_document
from rackwright.specs.documents import validate_document
from rackwright.specs.request import Request

Model = Annotated[
    str | None,
    typer.Option(help="A model of the catalogue (`rackwright size list models`).", autocompletion=MODELS.names),
]
Tokens = Annotated[float | None, typer.Option(help="Tokens to train on, such as 15.6e12.")]
GivenGpus = Annotated[int | None, typer.Option(help="GPUs to train on; spares come on top.")]
DeadlineDays = Annotated[float | None, typer.Option(help="Days until it shall be done.")]
BudgetUsd = Annotated[float | None, typer.Option(help="What the run may cost, such as 5e6.")]
PowerMw = Annotated[float | None, typer.Option(help="What the site may draw at full load, in MW.")]
RequestFile = Annotated[Path | None, typer.Option(help="A request as YAML; options given beside it go before it.")]
Name = Annotated[str | None, typer.Option(help="Names the cluster and the job.")]
Gpu = Annotated[str | None, typer.Option(help="A GPU of the catalogue.", autocompletion=GPUS.names)]
Precision = Annotated[str | None, typer.Option(help="bf16 or fp8.")]
BatchTokens = Annotated[int | None, typer.Option(help="Tokens of one step.")]
SequenceTokens = Annotated[int | None, typer.Option(help="Tokens of one sequence.")]
Place = Annotated[str | None, typer.Option(help="`oracle` or `existing`.", autocompletion=PLACES.names)]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Any field of the request below `parallelism`, `fabric`, `storage`, `reliability`, `delivery`, `money` "
        "or `figures` (`rackwright size list figures`), such as `parallelism.tensor=8`; repeat it for more.",
    ),
]


def request(path: Path | None, given: Mapping[str, object], setting: list[str] | None) -> Request:
    """The request of a file, of options by dotted path, or of both; `setting` as `--set` has it."""
    asked = terms.nested({**given, **terms.settings(setting or [])})
    if path is None:
        needed = [f"--{field}" for field in ("model", "tokens") if field not in asked]
        if needed:
            raise CommandError(
                f"what shall be sized? Give {' and '.join(needed)}, or --request FILE; "
                "such as `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024`.",
                code=ExitCode.USAGE,
            )
        asked.setdefault("name", _default_name(str(asked["model"])))
        return validate_document(asked, Request, source="options")
    written = load_document(path, Request).model_dump(exclude_unset=True)
    return validate_document(terms.merged(written, asked), Request, source=str(path))


def _default_name(model: str) -> str:
    """A DNS label for a model's name: `llama-3.1-405b` becomes `llama-3-1-405b`."""
    return "".join(letter if letter.isalnum() else "-" for letter in model.lower()).strip("-")
