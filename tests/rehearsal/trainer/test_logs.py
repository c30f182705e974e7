"""Simulated training pods tell what is played, say that it is simulated, and tell nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal.state import StateDirectory
from rehearsal.trainer.gangs import Gang, Job
from rehearsal.trainer.logs import GangLogs
from rehearsal.trainer.training import CHECKPOINT_INTERVAL_REAL_S, Pace, Run, advance, begin

pytestmark = pytest.mark.pure

PACE = Pace.of(steps=100_000, step_s=16.0, checkpoint_interval_s=1600)
JOB = Job(uid="j", namespace="research", name="llama", hosts=2, pace=PACE)
SAYS = "simulated training of research/llama: "


def gang(*uids: str) -> Gang:
    """A gang of the job."""
    return Gang(namespace="research", uids=uids, pods=uids, training=uids)


class Played:
    """The job, played for some seconds at a time; a new trainer each time, as after a restart of it."""

    def __init__(self, directory: Path) -> None:
        self.state = StateDirectory(directory)
        self.logs = GangLogs(self.state)
        self.run = begin(PACE)

    def play(self, who: Gang | None, *seconds: float) -> Run:
        """Let time pass in steps."""
        for elapsed_s in seconds:
            after = advance(self.run, PACE, gang=who.id if who else None, elapsed_s=elapsed_s)
            self.logs.tell(JOB, who, self.run, after)
            self.run = after
        return self.run

    def lines(self, pod: str) -> list[str]:
        """What a pod's log says, without times."""
        text = self.state.simulated_log(pod).read_text(encoding="utf-8")
        return [line.partition(" ")[2].removeprefix(SAYS) for line in text.splitlines()]


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(tmp_path)


def test_every_line_says_that_it_is_simulated(played: Played) -> None:
    played.play(gang("a", "b"), 0, *[1.0] * 40)
    text = played.state.simulated_log("a").read_text(encoding="utf-8")
    assert text
    assert all(SAYS in line for line in text.splitlines())


def test_all_pods_of_a_gang_have_its_log(played: Played) -> None:
    played.play(gang("a", "b"), 0, 1, 1)
    assert played.lines("a") == played.lines("b")
    assert played.lines("a")[:2] == [
        "2 hosts. No process runs and nothing is computed; 100 steps, one checkpoint interval, pass in 8 s",
        "starts from checkpoint 99,600 of 100,000 steps, near the run's end",
    ]
    assert played.lines("a")[-1] == "step 99,625 of 100,000, checkpoint 99,600"


def test_a_checkpoint_is_told(played: Played) -> None:
    played.play(gang("a", "b"), 0, CHECKPOINT_INTERVAL_REAL_S)
    assert played.lines("a")[-2:] == ["checkpoint at step 99,700", "step 99,700 of 100,000, checkpoint 99,700"]


def test_a_lost_host_and_what_it_costs_are_told(played: Played) -> None:
    played.play(gang("a", "b"), 0, 10)
    reached = played.play(None, 1, 1, 1)
    told = [line for line in played.lines("a") if "stands still" in line]
    assert told == ["stands still at step 99,725: not all of its pods run on hosts that are ready"]
    played.play(gang("c", "d"), 0)
    assert played.lines("c")[1] == (
        f"resumes from checkpoint 99,700: the last gang had reached step {int(reached.step):,}, "
        "so 25 steps are done again"
    )
    assert not played.state.simulated_log("a").is_symlink()


def test_the_end_is_told_once(played: Played) -> None:
    played.play(gang("a", "b"), 0, *[5.0] * 12)
    played.play(None, 1)
    ends = [line for line in played.lines("a") if "every rank ends" in line]
    assert ends == [played.lines("a")[-1]]


def test_a_short_run_starts_at_its_beginning(tmp_path: Path) -> None:
    job = replace(JOB, pace=Pace.of(steps=10, step_s=1, checkpoint_interval_s=10))
    state, before = StateDirectory(tmp_path), begin(job.pace)
    who = gang("a", "b")
    GangLogs(state).tell(job, who, before, advance(before, job.pace, gang=who.id, elapsed_s=0))
    assert "starts at step 0 of 10" in state.simulated_log("a").read_text(encoding="utf-8")


def test_a_job_that_is_gone_leaves_no_logs(played: Played) -> None:
    played.play(gang("a", "b"), 0, 1)
    played.logs.forget("j")
    assert not [path for path in (played.state.root / "simulated-logs").rglob("*") if path.name != "pods"]
