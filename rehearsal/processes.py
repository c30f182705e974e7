"""Local processes of a rehearsal: started in sessions of their own, marked, logged, and stopped by their mark.

Every process, and so every child of it, carries the rehearsal's id in its environment. That mark, and no name or stored
process id, tells what belongs to a rehearsal: it stays right when a process id is used again and when a child outlives
its parent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from rehearsal.state import StateDirectory

MARK = "RACKWRIGHT_REHEARSAL"
"""The environment variable whose value is the rehearsal's id."""

STOP_GRACE_S = 5.0
"""Seconds between SIGTERM and SIGKILL. kube-apiserver doesn't end while watches are open, however long one waits."""

KILL_WAIT_S = 5.0
"""Seconds to wait for killed processes to be gone: the kernel needs far less."""

POLL_INTERVAL_S = 0.05
"""Seconds between two looks while waiting for a process to become ready."""

LAST_LOG_LINES = 15
"""Lines of a dead process's log that its error shows."""


_STARTED: list[subprocess.Popen[bytes]] = []
"""What this process started. Python takes a process that nobody refers to for a forgotten one and warns of it."""


class ProcessError(RuntimeError):
    """A process that ended or didn't get ready; the message holds the end of its log."""


@dataclass(frozen=True)
class LocalProcess:
    """A process that this one started."""

    name: str
    popen: subprocess.Popen[bytes]
    state: StateDirectory

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait until `ready()`; raise `ProcessError` when the process ends first or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self.popen.poll() is not None:
                raise ProcessError(f"{self.name} ended with code {self.popen.returncode}\n{self.last_log_lines()}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name} wasn't ready after {timeout_s:.0f} s\n{self.last_log_lines()}")
            time.sleep(POLL_INTERVAL_S)

    def last_log_lines(self) -> str:
        """The end of the log, with the log's path."""
        path = self.state.log(self.name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LOG_LINES:]
        return "\n".join([*(f"  {line}" for line in lines), f"  (all of it: {path})"])


def start(
    name: str, arguments: Sequence[str], *, state: StateDirectory, environment: Mapping[str, str] | None = None
) -> LocalProcess:
    """Start a process in a session of its own, marked, its output in the rehearsal's logs."""
    with state.log(name).open("ab") as log:
        popen = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {}), MARK: state.id},
            cwd=state.root,
        )
    _STARTED.append(popen)
    return LocalProcess(name, popen, state)


def start_module(name: str, *, state: StateDirectory) -> LocalProcess:
    """Start one of the rehearsal's own programs, `python -m rehearsal.<name>`."""
    return start(name, [sys.executable, "-m", f"rehearsal.{name}", "--state", str(state.root)], state=state)


def marked(rehearsal_id: str) -> list[psutil.Process]:
    """The living processes that carry a rehearsal's mark, except the caller."""
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _mark(process) == rehearsal_id
    ]


def _mark(process: psutil.Process) -> str | None:
    """A process's mark; None for other users' processes and those that just ended."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def name(process: psutil.Process) -> str:
    """What a process is called by people: for `python -m package.program` the program."""
    try:
        arguments = process.cmdline()
        if "-m" in arguments[1:-1]:
            return arguments[arguments.index("-m") + 1].removeprefix("rehearsal.")
        return process.name()
    except psutil.Error:
        return "ended"


def stop(processes: Sequence[psutil.Process], *, grace_s: float = STOP_GRACE_S) -> None:
    """End processes: SIGTERM, a grace, SIGKILL; without a grace SIGKILL at once."""
    alive = list(processes)
    if grace_s > 0:
        for process in alive:
            _signal(process.terminate)
        _, alive = psutil.wait_procs(alive, timeout=grace_s)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=KILL_WAIT_S)
    _STARTED[:] = [popen for popen in _STARTED if popen.poll() is None]


def stop_marked(rehearsal_id: str, *, grace_s: float = STOP_GRACE_S) -> int:
    """End all that carries a rehearsal's mark, until nothing is left; return how many there were."""
    count = 0
    while processes := marked(rehearsal_id):
        count += len(processes)
        stop(processes, grace_s=grace_s)
    return count


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
