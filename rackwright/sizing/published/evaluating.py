"""What the model says of published runs, beside what was published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rackwright.sizing import flops, memory, parameters
from rackwright.sizing.layouts import Numbers
from rackwright.sizing.parallelism import Layout
from rackwright.sizing.published.matching import Case, Unpredictable, match
from rackwright.sizing.published.reading import Unreadable
from rackwright.sizing.published.runs import Run
from rackwright.sizing.step_time import StepTimes, step_times

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


def predict(case: Case) -> Result:
    """The fastest configuration that agrees with the run and fits into memory; else the one that takes least."""
    times = step_times(case.architecture, case.layouts, case.machine, sequence_tokens=case.sequence_tokens)
    rate = case.layouts.batch * case.sequence_tokens / times.total_s
    chosen = int(np.argmax(np.where(possible(case), rate, 0.0)))
    return _result(case, chosen, times=times, rate=float(rate[chosen]))


def memory_needed(case: Case) -> Numbers:
    """Memory that each layout takes at least, in GB.

    A run that was published did fit. So optimizer state counts in as few bits as there are, and overhead as little.
    """
    least = memory.frugal(case.machine.software)
    return memory.fullest_gb(case.architecture, case.layouts, least, sequence_tokens=case.sequence_tokens)


def possible(case: Case) -> npt.NDArray[np.bool_]:
    """The layouts that fit into memory; where none does, the one that takes least."""
    needed = memory_needed(case)
    return np.asarray(needed <= max(case.machine.gpu.memory_gb.expected, float(needed.min())))


def _result(case: Case, chosen: int, *, times: StepTimes, rate: float) -> Result:
    run = case.run
    quantity, published, predicted, assumed = _compared(case, rate)
    layout = case.layouts.row(chosen)
    used_gb = float(memory_needed(case)[chosen])
    completed = {cell: getattr(layout, field) for cell, field in COMPLETED_CELLS.items() if getattr(run, field) is None}
    if layout.pipeline == 1:
        completed.pop("vp", None)
    if case.architecture.experts is None:
        completed.pop("ep", None)
    elif layout.tensor > 1:
        completed["expert tensor parallelism"] = layout.expert_tensor
    return Result(
        run=run,
        kind="moe" if case.architecture.experts else "dense",
        software=case.machine.software.title,
        quantity=quantity,
        published=published,
        predicted=predicted,
        layout=layout,
        completed=completed,
        assumed={**case.assumed, **assumed},
        memory_gb=used_gb,
        fits=used_gb <= case.machine.gpu.memory_gb.expected,
        times=StepTimes(**{name: column[[chosen]] for name, column in vars(times).items()}),
    )


def _compared(case: Case, rate: float) -> tuple[str, float, float, dict[str, str]]:
    """The quantity that was published, its published and its predicted value, and what had to be assumed."""
    run = case.run
    each = rate / run.gpus
    if run.step_s is not None:
        batch = run.batch or 0
        if not batch:
            raise Unpredictable("gbs: blank, so that a step's time says nothing")
        return "step_s", run.step_s, batch * case.sequence_tokens / rate, {}
    if run.tokens_per_s_per_gpu is not None:
        return "tok_s_gpu", run.tokens_per_s_per_gpu, each, {}
    if run.tflops_per_gpu is not None:
        per_token, note = _flops_per_token(case)
        return "tflops_gpu", run.tflops_per_gpu, each * per_token / 1e12, note
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
