"""The pure part: how a simulated run goes on with time, and what it falls back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

CHECKPOINT_INTERVAL_REAL_S = 8.0
"""Seconds of the rehearsal in which one checkpoint interval of the job passes: one can break a host within it."""

REHEARSED_INTERVALS = 4
"""Checkpoint intervals at the run's end that are played."""

DEFAULT_INTERVAL_S = 3600
"""Seconds between checkpoints of a job that names none: what is lost must be bounded by something."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a job says of its run, and so how fast its simulation goes."""

    steps: int
    """Steps of the whole run."""
    steps_per_checkpoint: int

    @classmethod
    def of(cls, *, steps: int, step_s: float, checkpoint_interval_s: float | None) -> Pace:
        """Make the pace of a job with these figures; a checkpoint is taken after a whole number of steps."""
        interval_s = checkpoint_interval_s or DEFAULT_INTERVAL_S
        return cls(steps=steps, steps_per_checkpoint=max(1, min(steps, round(interval_s / step_s))))

    @property
    def first_step(self) -> int:
        """Where the rehearsal begins: the checkpoint some intervals before the end."""
        intervals = ceil(self.steps / self.steps_per_checkpoint) - REHEARSED_INTERVALS
        return max(0, intervals) * self.steps_per_checkpoint

    @property
    def steps_per_real_s(self) -> float:
        """Simulated steps in a second of the rehearsal."""
        return self.steps_per_checkpoint / CHECKPOINT_INTERVAL_REAL_S


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as far as it is."""

    gang: str | None
    """The pods that train now, by their ids; None while no whole gang runs."""
    step: float
    checkpoint_step: int

    def finished(self, pace: Pace) -> bool:
        """Whether all steps are done."""
        return self.step >= pace.steps


def begin(pace: Pace) -> Run:
    """A run that no gang has worked on yet in this rehearsal."""
    return Run(gang=None, step=pace.first_step, checkpoint_step=pace.first_step)


def advance(run: Run, pace: Pace, *, gang: str | None, elapsed_s: float) -> Run:
    """Let time pass for a run.

    `gang` is the whole gang that runs now, None where pods or hosts are missing: then nothing goes on, since one
    missing process stops all others. Another gang than before starts from the last checkpoint.
    """
    if gang is None:
        return run
    if gang != run.gang:
        return replace(run, gang=gang, step=float(run.checkpoint_step))
    step = min(float(pace.steps), run.step + elapsed_s * pace.steps_per_real_s)
    every = pace.steps_per_checkpoint
    checkpoint_step = max(run.checkpoint_step, int(step) // every * every)
    if step >= pace.steps:
        checkpoint_step = pace.steps
    return replace(run, step=step, checkpoint_step=checkpoint_step)
