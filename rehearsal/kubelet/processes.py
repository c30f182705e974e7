"""The processes of containers: started in sessions of their own, marked with their pod, stopped with a grace."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil

from rehearsal import processes
from rehearsal.kubelet.errors import ContainerError
from rehearsal.kubelet.launching import POD_UID, Launch


async def start(launch: Launch, *, rehearsal: str, pod_uid: str, log: Path) -> asyncio.subprocess.Process:
    """Start a container's process; its output goes to the end of the log."""
    with log.open("ab") as output:
        try:
            return await asyncio.create_subprocess_exec(
                *launch.arguments,
                env={**launch.environment, processes.MARK: rehearsal, POD_UID: pod_uid},
                cwd=launch.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ContainerError("RunContainerError", f"{launch.arguments[0]}: {error.strerror}") from error


async def stop(process: asyncio.subprocess.Process, *, grace_s: float) -> int:
    """End a process and its session's children: SIGTERM, the grace, SIGKILL. Return its exit code."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        pass  # its grace is over
    _signal_group(process.pid, signal.SIGKILL)
    return await process.wait()


def left_behind(rehearsal: str) -> list[psutil.Process]:
    """What an earlier kubelet of this rehearsal started and didn't stop: it has a pod's mark and isn't our child."""
    return [
        process
        for process in processes.marked(rehearsal)
        if _pod_mark(process) is not None and os.getpid() not in (parent.pid for parent in _parents(process))
    ]


def _pod_mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(POD_UID)
    except (psutil.Error, OSError):
        return None


def _parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except psutil.Error:
        return []


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
