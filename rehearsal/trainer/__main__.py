"""`python -m rehearsal.trainer --state DIR` plays the training processes of all jobs of a rehearsal."""

from __future__ import annotations

import json
import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path

from rehearsal.api_server import connect
from rehearsal.files import write_whole
from rehearsal.state import StateDirectory
from rehearsal.trainer.gangs import Cluster
from rehearsal.trainer.logs import GangLogs
from rehearsal.trainer.training import Pace, Run, advance, begin

TICK_S = 0.25
"""Seconds between two looks at the cluster."""


class SimulatedTrainer:
    """Carries all runs forward; the steps of the last checkpoints stand in a file, as they would in real storage."""

    def __init__(self, state: StateDirectory, cluster: Cluster) -> None:
        self._checkpoints = state.root / "simulated-checkpoints.json"
        self._cluster = cluster
        self._logs = GangLogs(state)
        self._runs: dict[str, Run] = {}
        self._reported: dict[str, tuple[int, int]] = {}

    def tick(self, elapsed_s: float) -> None:
        """Let `elapsed_s` seconds pass for all jobs, and report through their pods."""
        jobs = self._cluster.jobs()
        for uid in set(self._runs) - {job.uid for job in jobs}:
            del self._runs[uid]
            self._logs.forget(uid)
        for job in jobs:
            before = self._runs.get(job.uid) or self._restored(job.uid, job.pace)
            gang = self._cluster.gang(job)
            after = advance(before, job.pace, gang=gang.id if gang else None, elapsed_s=elapsed_s)
            self._runs[job.uid] = after
            self._logs.tell(job, gang, before, after)
            if after.checkpoint_step != before.checkpoint_step:
                self._save()
            if gang is None:
                continue
            report = (int(after.step), after.checkpoint_step)
            if self._reported.get(gang.id) != report:
                self._cluster.report(gang, step=report[0], checkpoint_step=report[1])
                self._reported[gang.id] = report
            if after.finished(job.pace):
                self._cluster.finish(gang)

    def _restored(self, uid: str, pace: Pace) -> Run:
        step = self._saved().get(uid)
        return begin(pace) if step is None else Run(gang=None, step=step, checkpoint_step=step)

    def _saved(self) -> dict[str, int]:
        if not self._checkpoints.exists():
            return {}
        saved: dict[str, int] = json.loads(self._checkpoints.read_text(encoding="utf-8"))
        return saved

    def _save(self) -> None:
        saved = {**self._saved(), **{uid: run.checkpoint_step for uid, run in self._runs.items()}}
        write_whole(self._checkpoints, json.dumps(saved))


def main() -> None:
    """Run until SIGTERM."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the rehearsal's state directory")
    state = StateDirectory(parser.parse_args().state)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    trainer = SimulatedTrainer(state, Cluster(connect(state.kubeconfig("trainer"))))
    last = time.monotonic()
    while not stopped.wait(TICK_S):
        now = time.monotonic()
        trainer.tick(now - last)
        last = now


if __name__ == "__main__":
    main()
