"""Errors of many predictions: mean and worst, by kind, by source, by precision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rackwright.sizing.published.evaluating import Evaluation, Result

KINDS = ("dense", "moe")


@dataclass(frozen=True, kw_only=True)
class Errors:
    """The errors of some runs, in percent of what was published."""

    runs: int
    mean_abs_error_pct: float | None
    """None where there is no run."""
    worst_abs_error_pct: float | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The errors of all runs."""

    by_kind: dict[str, Errors]
    """`dense` and `moe`, always both."""
    by_source: dict[str, Errors]
    by_kind_and_precision: dict[str, Errors]
    not_predicted: int
    said_not_to_fit: int


def summarise(evaluation: Evaluation) -> Summary:
    """Count and average."""
    results = evaluation.results
    return Summary(
        by_kind={kind: errors(each for each in results if each.kind == kind) for kind in KINDS},
        by_source=_grouped(results, lambda each: each.run.source),
        by_kind_and_precision=_grouped(results, lambda each: f"{each.kind} {each.run.precision}"),
        not_predicted=len(evaluation.not_predicted),
        said_not_to_fit=sum(not each.fits for each in results),
    )


def errors(results: Iterable[Result]) -> Errors:
    """Mean and worst of the absolute errors."""
    sizes = [abs(each.error_pct) for each in results]
    if not sizes:
        return Errors(runs=0, mean_abs_error_pct=None, worst_abs_error_pct=None)
    return Errors(runs=len(sizes), mean_abs_error_pct=sum(sizes) / len(sizes), worst_abs_error_pct=max(sizes))


def _grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, Errors]:
    groups: dict[str, list[Result]] = {}
    for each in results:
        groups.setdefault(key(each), []).append(each)
    return {name: errors(groups[name]) for name in sorted(groups)}
