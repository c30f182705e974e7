"""What simulated training processes print. Each line says that it is simulated; there are no losses and no rates."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rehearsal.state import StateDirectory
from rehearsal.trainer.gangs import Gang, Job
from rehearsal.trainer.training import CHECKPOINT_INTERVAL_REAL_S, Pace, Run

LINES_PER_CHECKPOINT = round(CHECKPOINT_INTERVAL_REAL_S)
"""Lines about steps between two checkpoints: one a second."""


def beginning(job: Job, before: Run, after: Run) -> list[str]:
    """What a gang says when it begins; `before` is the run as the last gang left it."""
    pace = job.pace
    speed = f"{pace.steps_per_checkpoint:,} steps, one checkpoint interval, pass in {CHECKPOINT_INTERVAL_REAL_S:g} s"
    lines = [f"{job.hosts} hosts. No process runs and nothing is computed; {speed}"]
    if after.checkpoint_step == 0:
        lines.append(f"starts at step 0 of {pace.steps:,}")
    elif before.gang is None:
        lines.append(f"starts from checkpoint {after.checkpoint_step:,} of {pace.steps:,} steps, near the run's end")
    else:
        again = int(before.step) - after.checkpoint_step
        lines.append(
            f"resumes from checkpoint {after.checkpoint_step:,}: the last gang had reached step "
            f"{int(before.step):,}, so {again:,} steps are done again"
        )
    return lines


def progress(pace: Pace, before: Run, after: Run) -> list[str]:
    """What a gang says of the time between two looks at it."""
    lines = []
    every = max(1, pace.steps_per_checkpoint // LINES_PER_CHECKPOINT)
    saved = after.checkpoint_step != before.checkpoint_step
    if saved:
        lines.append(f"checkpoint at step {after.checkpoint_step:,}")
    if saved or int(after.step) // every != int(before.step) // every:
        lines.append(f"step {int(after.step):,} of {pace.steps:,}, checkpoint {after.checkpoint_step:,}")
    if after.finished(pace) and not before.finished(pace):
        lines.append("all steps are done; every rank ends")
    return lines


def standstill(run: Run) -> str:
    """What a gang says when one of its pods or hosts is missing."""
    return f"stands still at step {int(run.step):,}: not all of its pods run on hosts that are ready"


class GangLogs:
    """One file for each gang, under the names of all its pods: ranks differ in nothing here that they could tell."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state
        self._standing: set[str] = set()
        (state.simulated_logs / "pods").mkdir(parents=True, exist_ok=True)

    def tell(self, job: Job, gang: Gang | None, before: Run, after: Run) -> None:
        """Write what happened to a job between two looks at it."""
        if gang is not None:
            self._standing.discard(job.uid)
            if before.gang != gang.id:
                self._forget_others(job, gang)
                self._name(job, gang)
                self._write(job, gang.id, beginning(job, before, after))
            self._write(job, gang.id, progress(job.pace, before, after))
        elif after.gang is not None and job.uid not in self._standing and not after.finished(job.pace):
            self._standing.add(job.uid)
            self._write(job, after.gang, [standstill(after)])

    def forget(self, job_uid: str) -> None:
        """Remove the logs of a job that is gone."""
        self._standing.discard(job_uid)
        folder = self._state.simulated_logs / job_uid
        shutil.rmtree(folder, ignore_errors=True)
        self._remove_dangling()

    def _write(self, job: Job, gang_id: str, lines: Iterable[str]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = "".join(f"{now} simulated training of {job.namespace}/{job.name}: {line}\n" for line in lines)
        if text:
            with self._file(job, gang_id).open("a", encoding="utf-8") as file:
                file.write(text)

    def _file(self, job: Job, gang_id: str) -> Path:
        folder = self._state.simulated_logs / job.uid
        folder.mkdir(exist_ok=True)
        return folder / f"{hashlib.sha256(gang_id.encode()).hexdigest()}.log"

    def _name(self, job: Job, gang: Gang) -> None:
        file = self._file(job, gang.id)
        file.touch()
        for uid in gang.uids:
            link = self._state.simulated_log(uid)
            if not link.is_symlink():
                link.symlink_to(file)

    def _forget_others(self, job: Job, gang: Gang) -> None:
        kept = self._file(job, gang.id)
        for file in kept.parent.iterdir():
            if file != kept:
                file.unlink()
        self._remove_dangling()

    def _remove_dangling(self) -> None:
        for link in (self._state.simulated_logs / "pods").iterdir():
            if not link.exists():
                link.unlink()
