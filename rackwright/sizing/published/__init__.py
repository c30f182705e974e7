"""Published runs, and how far the step-time model is off on them."""

from rackwright.sizing.published.evaluating import Evaluation, Result, evaluate
from rackwright.sizing.published.reading import TableError, read_runs
from rackwright.sizing.published.runs import Run, held_out
from rackwright.sizing.published.summary import Errors, summarise

__all__ = ["Errors", "Evaluation", "Result", "Run", "TableError", "evaluate", "held_out", "read_runs", "summarise"]
