"""`rackwright size evaluate`: the step-time model against published runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.output import Json, console, print_json, print_table
from rackwright.cli.progress import progress
from rackwright.sizing.published import (
    Errors,
    Evaluation,
    Result,
    Run,
    TableError,
    evaluate,
    held_out,
    read_runs,
    summarise,
)
from rackwright.sizing.published.reading import Table, Unreadable
from rackwright.sizing.published.summary import Summary
from rackwright.sizing.step.step_time import StepTimes

Part = Literal["all", "fit", "held-out"]

QUANTITIES = {"step_s": "s/step", "tok_s_gpu": "tokens/s/GPU", "tflops_gpu": "TFLOP/s/GPU"}
"""What a run is compared in, as people write its unit."""


PARTS = {
    "fit": "These are the runs that the software's constants were fitted to; `--part held-out` shows the others.",
    "held-out": "These runs were held out of the fit of the software's constants: a third of all groups of one source, "
    "model and precision, each whole, by a hash of their names.",
}
"""What a part of the runs is."""


def register(app: typer.Typer) -> None:
    """Add the command to `rackwright size`."""
    app.command(
        "evaluate",
        epilog="Examples: `rackwright size evaluate`; `rackwright size evaluate runs.csv --json`; "
        "`rackwright size evaluate --part held-out --details`",
    )(evaluate_file)


def evaluate_file(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CSV file of published runs; without one, the runs that come with Rackwright."),
    ] = None,
    *,
    part: Annotated[
        Part,
        typer.Option(help="Of the runs that the constants were fitted to, or of those held out of the fit."),
    ] = "all",
    details: Annotated[
        bool, typer.Option("--details", help="Show the parts of each step, and what was filled in.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Predict published runs, and show how far off each prediction is.

    Columns: model, gpus, gpu and precision are needed, and one of step_s, tok_s_gpu and tflops_gpu. Others are used
    where they are there: case, source, kind, params_B, layers, hidden, ffn, heads, kv_heads, vocab, seq, tp, pp, vp,
    cp, ep, fsdp, mbs, gbs, act_ckpt, flop_convention, software, ref (for NVIDIA's release that it names). A blank cell
    is unpublished: the fastest configuration that agrees with the cells given and fits into memory is taken, and the
    run is marked.
    """
    table = _read(file)
    if table.ignored_columns:
        typer.echo(f"columns that are not used: {', '.join(table.ignored_columns)}", err=True)
    rows = [row for row in table.rows if _belongs(row, part)]
    with progress("predicting published runs") as say:
        evaluation = evaluate(_told(rows, say))
    if as_json:
        print_json(as_document(evaluation, details=details))
        return
    _show(evaluation, details=details)
    if part != "all":
        typer.echo(PARTS[part])


def _told(rows: Sequence[Run | Unreadable], say: Callable[[str], None]) -> Iterator[Run | Unreadable]:
    """The rows, each told of before it is taken."""
    for number, row in enumerate(rows, start=1):
        say(f"{number:,} of {len(rows):,}")
        yield row


def _read(file: Path | None) -> Table:
    source = str(file) if file else "the catalogue's training_runs.csv"
    try:
        path = file or files("rackwright.catalog").joinpath("data", "training_runs.csv")
        return read_runs(path.read_text(encoding="utf-8"))
    except OSError as error:
        code = ExitCode.NOT_FOUND if isinstance(error, FileNotFoundError) else ExitCode.REFUSED
        raise CommandError(f"can't read {source}: {error.strerror}.", code=code) from error
    except UnicodeDecodeError as error:
        message = f"can't read {source}: it is no text in UTF-8; save it as a CSV file in UTF-8."
        raise CommandError(message, code=ExitCode.REFUSED) from error
    except TableError as error:
        raise CommandError(f"can't read {source}: {error}.", code=ExitCode.REFUSED) from error


def _belongs(row: Run | Unreadable, part: Part) -> bool:
    """Whether a row is of that part; what can't be read is of each, so that none is dropped in silence."""
    return part == "all" or isinstance(row, Unreadable) or held_out(row) == (part == "held-out")


def as_document(evaluation: Evaluation, *, details: bool = False) -> dict[str, object]:
    """The evaluation as data: `rows` in the file's order of predicted runs, those not predicted, `summary`."""
    summary = summarise(evaluation)
    return {
        "rows": [_row_data(each, details=details) for each in evaluation.results],
        "not_predicted": [asdict(each) for each in evaluation.not_predicted],
        "summary": {
            **{kind: asdict(errors) for kind, errors in summary.by_kind.items()},
            "not_predicted": summary.not_predicted,
            "said_not_to_fit": summary.said_not_to_fit,
            "by_source": {name: asdict(errors) for name, errors in summary.by_source.items()},
            "by_kind_and_precision": {name: asdict(errors) for name, errors in summary.by_kind_and_precision.items()},
        },
    }


def _row_data(result: Result, *, details: bool) -> dict[str, object]:
    run = result.run
    data: dict[str, object] = {
        "case": run.case,
        "source": run.source,
        "model": run.model,
        "kind": result.kind,
        "gpu": run.gpu,
        "gpus": run.gpus,
        "precision": run.precision,
        "software": result.software,
        "quantity": result.quantity,
        "published": result.published,
        "predicted": result.predicted,
        "error_pct": result.error_pct,
        "completed": result.completed,
        "assumed": result.assumed,
        "fits": result.fits,
        "memory_gb": result.memory_gb,
        "held_out": held_out(run),
    }
    if details:
        data["step_parts_s"] = {name: float(column[0]) for name, column in vars(result.times).items()}
    return data


def _show(evaluation: Evaluation, *, details: bool) -> None:
    if evaluation.results:
        print_table(
            ("case", "source", "model", "GPUs", "precision", "", "published", "predicted", "error", "marks"),
            [_row_text(each) for each in evaluation.results],
        )
    if details:
        _show_details(evaluation)
    _show_summary(summarise(evaluation))
    _show_not_predicted(evaluation)


def _row_text(result: Result) -> tuple[str, ...]:
    run = result.run
    return (
        run.case,
        run.source,
        run.model,
        f"{run.gpus:,}",
        run.precision.upper(),
        QUANTITIES[result.quantity],
        f"{result.published:,.5g}",
        f"{result.predicted:,.5g}",
        f"{result.error_pct:+.1f} %",
        _marks(result),
    )


def _marks(result: Result) -> str:
    """What was filled in, assumed or doesn't fit, in a few words."""
    filled = " ".join(f"{cell}={value}" for cell, value in result.completed.items())
    marks = ["" if result.fits else "said not to fit", filled, *(f"{cell} assumed" for cell in result.assumed)]
    return "; ".join(mark for mark in marks if mark)


def _show_details(evaluation: Evaluation) -> None:
    every = {name for each in evaluation.results for name, column in vars(each.times).items() if column[0] > 0}
    parts = [field.name for field in fields(StepTimes) if field.name in every]
    print_table(
        ("case", "model", "memory GB", *(name.removesuffix("_s") for name in parts)),
        [
            (
                each.run.case,
                each.run.model,
                f"{each.memory_gb:.1f}",
                *(f"{float(getattr(each.times, name)[0] / each.times.total_s[0]):.1%}" for name in parts),
            )
            for each in evaluation.results
        ],
    )


def _show_summary(summary: Summary) -> None:
    console().print()
    groups = {**summary.by_kind, **summary.by_kind_and_precision, **summary.by_source}
    print_table(
        ("runs of", "count", "mean error", "worst error"),
        [(name or "(no source)", f"{each.runs:,}", *_percent(each)) for name, each in groups.items()],
    )
    console().print(Text(f"\nSaid not to fit into memory: {summary.said_not_to_fit:,}."))


def _percent(errors: Errors) -> tuple[str, str]:
    if errors.mean_abs_error_pct is None or errors.worst_abs_error_pct is None:
        return "–", "–"
    return f"{errors.mean_abs_error_pct:.1f} %", f"{errors.worst_abs_error_pct:.1f} %"


def _show_not_predicted(evaluation: Evaluation) -> None:
    rows = evaluation.not_predicted
    console().print(Text(f"Not predicted: {len(rows):,}."))
    if rows:
        print_table(
            ("case", "source", "model", "why"), [(each.case, each.source, each.model, each.reason) for each in rows]
        )
