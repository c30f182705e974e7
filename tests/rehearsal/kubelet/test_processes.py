"""A kubelet that starts again finds what an earlier one left, and nothing else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rehearsal import processes as local_processes
from rehearsal.kubelet import processes
from rehearsal.kubelet.launching import POD_UID, Launch

pytestmark = pytest.mark.mocked

REHEARSAL = f"left-behind-{os.getpid()}"
PAUSE = "import signal; signal.pause()"
ORPHANING = (
    "import subprocess, sys\n"
    f"child = subprocess.Popen([sys.executable, '-c', {PAUSE!r}], start_new_session=True)\n"
    "print(child.pid, flush=True)\n"
)
"""Starts a process and ends, as a killed kubelet leaves one."""


def _orphan(**marks: str) -> psutil.Process:
    command = [sys.executable, "-c", ORPHANING]
    # Its standard output goes elsewhere than the pipe, or reading the pipe would wait for the orphan too.
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **marks}, text=True) as parent:
        assert parent.stdout is not None
        return psutil.Process(int(parent.stdout.readline()))


def test_only_marked_orphans_of_pods_are_left_behind() -> None:
    mark = {local_processes.MARK: REHEARSAL}
    pod, other = _orphan(**mark, **{POD_UID: "1234"}), _orphan(**mark)
    elsewhere = _orphan(**{local_processes.MARK: REHEARSAL + "-other", POD_UID: "1234"})
    with subprocess.Popen([sys.executable, "-c", PAUSE], env={**os.environ, **mark, POD_UID: "5"}) as child:
        try:
            assert [process.pid for process in processes.left_behind(REHEARSAL)] == [pod.pid]
        finally:
            child.kill()
            local_processes.stop([pod, other, elsewhere])


@pytest.mark.asyncio
async def test_a_stopped_process_takes_its_children_along(tmp_path: Path) -> None:
    script = (
        "import signal, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {PAUSE!r}])\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()\n"
    )
    launch = Launch(
        arguments=[sys.executable, "-c", script], environment={"PATH": os.defpath}, directory=tmp_path, mounts=[]
    )
    log = tmp_path / "log"
    process = await processes.start(launch, rehearsal=REHEARSAL, pod_uid="1", log=log)
    async with asyncio.timeout(30):
        while not log.read_text(encoding="utf-8").endswith("\n"):  # noqa: ASYNC110  # another process writes the file
            await asyncio.sleep(0.01)
    child = psutil.Process(int(log.read_text(encoding="utf-8")))
    assert await processes.stop(process, grace_s=5) == -15
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running()
