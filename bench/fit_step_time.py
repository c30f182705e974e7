"""Fit the training software's constants to published runs: `python -m bench.fit_step_time`, half a minute.

Bounded least squares on the logarithm of predicted over published step time, over the runs that are not held out. Each
constant has the range that kernels and networks are known to reach, and a prior within it that counts as much as a run
or less. Runs of one model at many sizes count together as one; runs whose configuration is not published whole count
half. Errors beyond 4 % count less than their square, so that no odd run decides.

Prints the constants with their standard errors, for software.yaml, and the errors on both parts of the runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from rackwright.catalog import SOFTWARE, Software
from rackwright.sizing.published import Run, held_out, read_runs
from rackwright.sizing.published.evaluating import memory_needed, possible
from rackwright.sizing.published.matching import Case, match
from rackwright.sizing.step.step_time import step_times
from rackwright.specs.figure import Figure

Vector = npt.NDArray[np.float64]

TOLERANCE = 0.03
"""Error of one run that counts as one: the same configuration differs by so much between two sites."""

ROBUST_BEYOND = 0.04
"""Errors beyond it count linearly."""


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One constant: its name in software.yaml (with the key of a table after a dot), range and prior."""

    name: str
    low: float
    high: float
    prior: float
    spread: float
    """Standard deviation of the prior."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What is fitted for one kind of software."""

    software: str
    constants: tuple[Constant, ...]
    prior_weight: float
    """How much the priors of the constants of all models count; the fewer models there are, the more."""


def _constants(*, attention: Constant) -> tuple[Constant, ...]:
    return (
        Constant(name="matrix_efficiency.bf16", low=0.6, high=1.0, prior=0.8, spread=0.1),
        Constant(name="matrix_efficiency.fp8", low=0.5, high=1.0, prior=0.75, spread=0.1),
        Constant(name="product_traffic", low=0.0, high=1.0, prior=0.5, spread=0.25),
        attention,
        Constant(name="attention_before_rotary", low=0.3, high=1.0, prior=0.6, spread=0.3),
        Constant(name="memory_efficiency", low=0.25, high=1.0, prior=0.7, spread=0.12),
        Constant(name="elementwise_before_rotary", low=0.3, high=1.0, prior=0.6, spread=0.25),
        Constant(name="tensor_overlap", low=0.0, high=0.9, prior=0.5, spread=0.15),
        Constant(name="pipeline_overlap", low=0.0, high=1.0, prior=0.6, spread=0.3),
        Constant(name="data_interference", low=0.0, high=1.0, prior=0.3, spread=0.2),
        Constant(name="straggler_part", low=0.0, high=0.02, prior=0.003, spread=0.003),
        Constant(name="hop_s", low=1e-6, high=2e-5, prior=5e-6, spread=4e-6),
        Constant(name="layer_overhead_s", low=0.0, high=1e-3, prior=1e-4, spread=1e-4),
        Constant(name="alltoall_efficiency", low=0.3, high=1.0, prior=0.75, spread=0.15),
        Constant(name="expert_product_s", low=0.0, high=6e-5, prior=1e-5, spread=1e-5),
        Constant(name="expert_overhead_s", low=0.0, high=5e-3, prior=5e-4, spread=5e-4),
    )


EXPERT_CONSTANTS = frozenset({"alltoall_efficiency", "expert_product_s", "expert_overhead_s"})
"""Constants that few runs tell of, whose priors count in full."""

FITS = (
    Fit(
        software="megatron",
        prior_weight=1.0,
        # FlashAttention-3 and cuDNN (arXiv 2407.08608): 400-740 TFLOP/s on an H100, forward and backward.
        constants=_constants(
            attention=Constant(name="attention_efficiency.hopper", low=0.15, high=0.85, prior=0.58, spread=0.08)
        ),
    ),
    Fit(
        software="fsdp",
        prior_weight=0.45,
        # FlashAttention-2 (arXiv 2307.08691): up to 335 TFLOP/s on an H100, 0.42 of its highest matrix rate.
        constants=_constants(
            attention=Constant(name="attention_efficiency.hopper", low=0.3, high=0.85, prior=0.42, spread=0.025)
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run with the layouts among which the fastest is taken."""

    case: Case
    published_s: float


def main() -> None:
    """Fit both kinds of software and print."""
    prepared = [prepare(row) for row in _rows()]
    for fit in FITS:
        software = SOFTWARE.entries[fit.software]
        own = [each for each in prepared if each.case.machine.software is software]
        seen = [each for each in own if not held_out(each.case.run)]
        values, errors = fitted_constants(fit, software, seen)
        print(f"{software.title}: {len(seen)} runs in the fit, {len(own) - len(seen)} held out")
        for constant, value, error in zip(fit.constants, values, errors, strict=True):
            allowed = f"allowed {constant.low:g} to {constant.high:g}"
            now = figure_of(software, constant).expected
            print(f"  {constant.name:28} {value:10.3g} ± {error:<8.2g} {allowed:24} catalogue {now:.3g}")
        moved = with_constants(software, fit.constants, values)
        for part, runs in (("fit", seen), ("held out", [each for each in own if held_out(each.case.run)])):
            for kind in ("dense", "moe"):
                _print_errors(part, kind, moved, [each for each in runs if _kind(each) == kind])


def _rows() -> list[Run]:
    path = files("rackwright.catalog").joinpath("data", "training_runs.csv")
    return [row for row in read_runs(path.read_text(encoding="utf-8")).rows if isinstance(row, Run)]


def prepare(run: Run) -> Prepared:
    """Keep the layouts that fit into memory, which the fit doesn't change."""
    (case,) = match(run)
    tokens = (run.batch or 0) * case.sequence_tokens
    published = run.step_s or tokens / run.gpus / (run.tokens_per_s_per_gpu or np.nan)
    fits = possible(case, memory_needed(case))
    return Prepared(case=replace(case, layouts=case.layouts.take(fits)), published_s=float(published))


def with_constants(software: Software, constants: Sequence[Constant], values: Vector) -> Software:
    """The software with those values."""
    moved = software
    for constant, value in zip(constants, values, strict=True):
        name, _, key = constant.name.partition(".")
        figure = Figure(expected=float(value))
        moved = moved.model_copy(update={name: {**getattr(moved, name), key: figure} if key else figure})
    return moved


def figure_of(software: Software, constant: Constant) -> Figure:
    """What the software has of a constant."""
    name, _, key = constant.name.partition(".")
    value = getattr(software, name)
    figure: Figure = value[key] if key else value
    return figure


def log_error(software: Software, prepared: Prepared) -> float:
    """Logarithm of predicted over published."""
    case = prepared.case
    machine = replace(case.machine, software=software)
    times = step_times(case.architecture, case.layouts, machine, sequence_tokens=case.sequence_tokens)
    return float(np.log(times.total_s.min() / prepared.published_s))


def _kind(prepared: Prepared) -> str:
    return "moe" if prepared.case.architecture.experts else "dense"


def _weights(runs: Sequence[Prepared]) -> Vector:
    """One for each group of a model at many sizes; half where the configuration is not published whole."""

    def group(each: Prepared) -> tuple[str, str, str]:
        run = each.case.run
        return (run.source, run.model, run.precision)

    sizes = Counter(map(group, runs))
    return np.array([_trust(each) / np.sqrt(sizes[group(each)]) for each in runs])


def _trust(prepared: Prepared) -> float:
    """Half where the configuration is not published whole; of mixture-of-experts runs it never is."""
    return 1.0 if prepared.case.run.micro_batch is not None and _kind(prepared) == "dense" else 0.5


def fitted_constants(fit: Fit, software: Software, runs: Sequence[Prepared]) -> tuple[Vector, Vector]:
    """The constants, and their standard errors from the fit's curvature."""
    low, high, prior, spread = (
        np.array([getattr(constant, field) for constant in fit.constants])
        for field in ("low", "high", "prior", "spread")
    )
    trust = np.array([1.0 if each.name in EXPERT_CONSTANTS else fit.prior_weight for each in fit.constants]) / spread
    weights = _weights(runs)

    def residuals(scaled: Vector) -> Vector:
        values = low + scaled * (high - low)
        moved = with_constants(software, fit.constants, values)
        off = np.array([log_error(moved, each) for each in runs])
        robust = np.sign(off) * np.sqrt(2 * (np.sqrt(1 + (off / ROBUST_BEYOND) ** 2) - 1))
        return np.concatenate([weights * robust * ROBUST_BEYOND / TOLERANCE, trust * (values - prior)])

    start = np.clip((prior - low) / (high - low), 1e-6, 1 - 1e-6)
    solution = least_squares(residuals, start, bounds=(0, 1), x_scale=0.1, diff_step=np.full(len(start), 1e-3))
    slopes = np.asarray(solution.jac)
    curvature = slopes.T @ slopes
    return low + solution.x * (high - low), np.sqrt(np.diag(np.linalg.inv(curvature))) * (high - low)


def _print_errors(part: str, kind: str, software: Software, runs: Sequence[Prepared]) -> None:
    if not runs:
        return
    off = np.abs(np.expm1([log_error(software, each) for each in runs])) * 100
    print(f"  {part:8} {kind:5} {len(runs):3} runs: mean {off.mean():.1f} %, worst {off.max():.1f} %")


if __name__ == "__main__":
    main()
