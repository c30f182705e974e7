"""What the model says of published runs, beside what was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rackwright.sizing.published.matching import Case, match
from rackwright.sizing.published.reading import Unreadable
from rackwright.sizing.published.runs import Run, Unpredictable
from rackwright.sizing.step import flops, memory, parameters
from rackwright.sizing.step.layouts import Numbers
from rackwright.sizing.step.parallelism import Layout
from rackwright.sizing.step.step_time import StepTimes, step_times

COMPLETED_CELLS = {
    "tp": "tensor",
    "pp": "pipeline",
    "vp": "virtual_pipeline",
    "cp": "context",
    "ep": "expert",
    "mbs": "micro_batch",
    "act_ckpt": "recompute",
}
"""Cells that are filled in where they are blank, with the layout's field."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run and its prediction, in the quantity that was published."""

    run: Run
    kind: str
    software: str
    quantity: str
    published: float
    predicted: float
    layout: Layout
    completed: dict[str, object]
    """Cells that were blank, with the values of the fastest configuration that fits."""
    assumed: dict[str, str]
    memory_gb: float
    fits: bool
    times: StepTimes
    """The parts of its step, columns of one row."""

    @property
    def error_pct(self) -> float:
        """Predicted over published, less 1, in percent."""
        return (self.predicted / self.published - 1) * 100


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All rows of a table."""

    results: tuple[Result, ...]
    not_predicted: tuple[Unreadable, ...]


def evaluate(rows: Iterable[Run | Unreadable]) -> Evaluation:
    """Predict each run; those that can't be are kept with the reason."""
    results, not_predicted = [], []
    for row in rows:
        if isinstance(row, Unreadable):
            not_predicted.append(row)
            continue
        try:
            results.append(predict(match(row)))
        except Unpredictable as error:
            not_predicted.append(Unreadable(case=row.case, source=row.source, model=row.model, reason=str(error)))
    return Evaluation(results=tuple(results), not_predicted=tuple(not_predicted))


def predict(cases: Sequence[Case]) -> Result:
    """The fastest configuration that agrees with the run and fits into memory; else the one that takes least."""
    chosen = min((choose(case) for case in cases), key=lambda choice: choice.rank)
    case, rate, layout = chosen.case, chosen.rate, chosen.layout
    quantity, published, predicted, assumed = _compared(case, rate)
    if case.batch not in {None, layout.batch}:
        assumed["gbs"] = f"as {layout.micro_batches} whole micro-batches, {layout.batch} sequences; time in proportion"
    return Result(
        run=case.run,
        kind=case.run.kind or ("moe" if case.architecture.experts else "dense"),
        software=case.machine.software.title,
        quantity=quantity,
        published=published,
        predicted=predicted,
        layout=layout,
        completed={**_completed(case, layout), **_told_apart(cases, case)},
        assumed={**case.assumed, **assumed},
        memory_gb=chosen.used_gb,
        fits=chosen.fits,
        times=chosen.times,
    )


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best configuration of a case."""

    case: Case
    layout: Layout
    times: StepTimes
    """Columns of one row."""
    rate: float
    """Tokens a second."""
    used_gb: float

    @property
    def fits(self) -> bool:
        """Whether it fits into memory."""
        return self.used_gb <= self.case.machine.gpu.memory_gb.expected

    @property
    def rank(self) -> tuple[bool, float]:
        """Better ones are less: what fits before what doesn't, and then fast before slow, or small before large."""
        return not self.fits, -self.rate if self.fits else self.used_gb


def choose(case: Case) -> Choice:
    """The fastest layout that fits, or the one that takes least."""
    times = step_times(case.architecture, case.layouts, case.machine, sequence_tokens=case.sequence_tokens)
    rate = case.layouts.batch * case.sequence_tokens / times.total_s
    needed_gb = memory_needed(case)
    best = int(np.argmax(np.where(possible(case, needed_gb), rate, 0.0)))
    return Choice(
        case=case,
        layout=case.layouts.row(best),
        times=StepTimes(**{name: column[[best]] for name, column in vars(times).items()}),
        rate=float(rate[best]),
        used_gb=float(needed_gb[best]),
    )


def possible(case: Case, needed_gb: Numbers) -> npt.NDArray[np.bool_]:
    """The layouts that fit into memory; where none does, the one that takes least."""
    return np.asarray(needed_gb <= max(case.machine.gpu.memory_gb.expected, float(needed_gb.min())))


def memory_needed(case: Case) -> Numbers:
    """Memory that each layout takes at least, in GB.

    A run that was published did fit. So optimizer state counts in as few bits as there are, and overhead as little.
    """
    least = memory.frugal(case.machine.software)
    return memory.fullest_gb(case.architecture, case.layouts, least, sequence_tokens=case.sequence_tokens)


def _completed(case: Case, layout: Layout) -> dict[str, object]:
    """The cells that were blank and mean something in this layout, with their values."""
    completed: dict[str, object] = {
        cell: getattr(layout, field) for cell, field in COMPLETED_CELLS.items() if getattr(case.run, field) is None
    }
    if layout.pipeline == 1:
        completed.pop("vp", None)
    if case.architecture.experts is None:
        completed.pop("ep", None)
    elif layout.tensor > 1:
        completed["expert tensor parallelism"] = layout.expert_tensor
    return completed


def _told_apart(cases: Sequence[Case], chosen: Case) -> dict[str, object]:
    """The software that was taken, where the cells leave more than one open."""
    return {"software": chosen.software} if len(cases) > 1 else {}


def _compared(case: Case, rate: float) -> tuple[str, float, float, dict[str, str]]:
    """The quantity that was published, its published and its predicted value, and what had to be assumed."""
    run = case.run
    each = rate / run.gpus
    if run.step_s is not None and case.batch is not None:
        return "step_s", run.step_s, case.batch * case.sequence_tokens / rate, {}
    if run.tokens_per_s_per_gpu is not None:
        return "tok_s_gpu", run.tokens_per_s_per_gpu, each, {}
    if run.tflops_per_gpu is not None:
        per_token, note = _flops_per_token(case)
        return "tflops_gpu", run.tflops_per_gpu, each * per_token / 1e12, note
    if run.step_s is not None:
        raise Unpredictable("gbs: blank, so that a step's time says nothing; give it, or tok_s_gpu")
    raise Unpredictable("step_s, tok_s_gpu, tflops_gpu: all blank; one is needed")


def _flops_per_token(case: Case) -> tuple[float, dict[str, str]]:
    """FLOPs of a token by the run's convention: full or causal attention, or 6 for each parameter."""
    convention = case.run.flop_convention.lower()
    if "6n" in convention.replace("*", "").replace(" ", ""):
        return 6.0 * parameters.active(case.architecture), {}
    causal = "causal" in convention
    note = {} if causal or "full" in convention else {"flop_convention": "full attention, as none is named"}
    per_token = flops.train_flops(case.architecture, sequence_tokens=case.sequence_tokens, full_attention=not causal)
    return per_token, note
