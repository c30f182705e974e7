"""Processes are found by their rehearsal's mark, children and all, and end when they are told to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rehearsal import processes, state

pytestmark = pytest.mark.pure

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print('ready', flush=True); child.wait()"
)


@pytest.fixture
def directory(tmp_path: Path) -> state.StateDirectory:
    """A state directory of a rehearsal without processes."""
    return state.create(tmp_path)


def start(directory: state.StateDirectory, program: str) -> processes.LocalProcess:
    process = processes.start("program", [sys.executable, "-c", program], state=directory)
    process.wait_until(lambda: "ready" in directory.log("program").read_text(), timeout_s=30)
    return process


def test_children_are_stopped_with_their_parent(directory: state.StateDirectory) -> None:
    start(directory, PARENT)
    assert processes.stop_marked(directory.id) == 2
    assert processes.marked(directory.id) == []


def test_a_process_that_ignores_the_request_is_killed(directory: state.StateDirectory) -> None:
    start(directory, STUBBORN)
    assert processes.stop_marked(directory.id, grace_s=0.1) == 1
    assert processes.marked(directory.id) == []


def test_another_rehearsal_is_left_alone(directory: state.StateDirectory, tmp_path: Path) -> None:
    other = state.create(tmp_path)
    start(other, PARENT)
    try:
        assert processes.stop_marked(directory.id) == 0
        assert len(processes.marked(other.id)) == 2
    finally:
        processes.stop_marked(other.id)


def test_a_dead_process_shows_the_end_of_its_log(directory: state.StateDirectory) -> None:
    process = processes.start("program", [sys.executable, "-c", "raise SystemExit('no such port')"], state=directory)
    with pytest.raises(processes.ProcessError, match="program ended with code 1\n  no such port"):
        process.wait_until(lambda: False, timeout_s=30)
