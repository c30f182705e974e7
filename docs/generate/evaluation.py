"""How far off the step times of the runs are that were held out of the fit: evaluated when the site is built."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from docs.generate.tables import table
from rackwright.sizing.published import Errors, Run, evaluate, held_out, read_runs, summarise
from rackwright.sizing.published.summary import Summary

HEADERS = ("Runs of", "Count", "Mean error", "Worst error")


def page() -> str:
    """The errors of the held-out runs, by kind of model, precision and source."""
    summary = held_out_errors()
    groups = {**summary.by_kind, **summary.by_kind_and_precision, **summary.by_source}
    return table(HEADERS, ((name, *percent(errors)) for name, errors in groups.items() if errors.runs))


@cache
def held_out_errors() -> Summary:
    """The errors on the catalogue's runs that were held out."""
    runs = read_runs(files("rackwright.catalog").joinpath("data", "training_runs.csv").read_text(encoding="utf-8"))
    return summarise(evaluate(run for run in runs.rows if isinstance(run, Run) and held_out(run)))


def percent(errors: Errors) -> tuple[str, str, str]:
    """Count, mean and worst error, as the command prints them."""
    return f"{errors.runs:,}", f"{errors.mean_abs_error_pct:.1f} %", f"{errors.worst_abs_error_pct:.1f} %"
