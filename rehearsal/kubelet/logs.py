"""Containers' logs as a kubelet gives them: which file is meant, and which part of it. Nothing here waits or sends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from rackwright.specs.kubernetes_names import JOB_LABEL
from rehearsal.api_server import Object
from rehearsal.kubelet.programs import is_ours
from rehearsal.state import StateDirectory

BLOCK_BYTES = 65536
"""Bytes that are read at once."""


class NoLogError(Exception):
    """There is no such log; the message says why, with a kubelet's words where it has some."""


class LogOptions(BaseModel):
    """The part of core/v1 PodLogOptions that is served. Lines bear no times of their own, so none can be chosen by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    follow: bool = False
    previous: bool = False
    tail_lines: int | None = Field(default=None, alias="tailLines", ge=0)
    limit_bytes: int | None = Field(default=None, alias="limitBytes", ge=1)
    stream: str = Field(default="All", pattern="^All$")
    """Output and errors of a process go to one file."""


def process_log(state: StateDirectory, pod: Object, container: str) -> Path:
    """The log of a container's process that runs, or ran last."""
    metadata = pod["metadata"]
    return state.log(f"{metadata['namespace']}-{metadata['name']}-{container}")


def previous_log(log: Path) -> Path:
    """The log of the run before."""
    return log.with_name(f"{log.stem}.previous.log")


def begin_run(log: Path) -> None:
    """Put the last run's log aside, so that each run has its own, as in a kubelet."""
    if log.exists():
        log.replace(previous_log(log))


def log_file(state: StateDirectory, pod: Object, container: str, *, previous: bool) -> Path:
    """The file of the run that is asked for (pkg/kubelet/kubelet_pods.go, validateContainerLogStatus).

    It may not be there yet. Raise `NoLogError` for a container that has no such run.
    """
    name = pod["metadata"]["name"]
    found = container_status(pod, container)
    if found is None:
        raise NoLogError(f'container "{container}" in pod "{name}" is not available')
    here, ended = found.get("state") or {}, (found.get("lastState") or {}).get("terminated")
    if previous and ended is None:
        raise NoLogError(f'previous terminated container "{container}" in pod "{name}" not found')
    if "waiting" in here and ended is None:
        raise NoLogError(f'container "{container}" in pod "{name}" is waiting to start: {here["waiting"]["reason"]}')
    if is_ours(pod):
        log = process_log(state, pod, container)
        return previous_log(log) if previous and "running" in here else log
    if JOB_LABEL not in pod["metadata"].get("labels", {}):
        raise NoLogError(f'pod "{name}" is simulated: nothing runs in it in this rehearsal, so it has no log')
    return state.simulated_log(pod["metadata"]["uid"])


def container_status(pod: Object, container: str) -> Object | None:
    """What the pod's status says of a container."""
    statuses: list[Object] = pod.get("status", {}).get("containerStatuses", [])
    return next((each for each in statuses if each["name"] == container), None)


def same_run(before: Object, after: Object | None, container: str) -> bool:
    """Whether the run that was asked for still goes on, so that more may come to its log."""
    if after is None or after["metadata"]["uid"] != before["metadata"]["uid"]:
        return False
    then, now = container_status(before, container), container_status(after, container)
    if then is None or now is None or "running" not in now.get("state", {}):
        return False
    return bool(then["restartCount"] == now["restartCount"])


def tail_position(file: BinaryIO, lines: int) -> int:
    """Where the last so many lines begin; what follows the last line's end counts as a line."""
    end = position = file.seek(0, os.SEEK_END)
    if lines == 0:
        return end
    wanted = lines
    while position > 0:
        start = max(0, position - BLOCK_BYTES)
        file.seek(start)
        block = file.read(position - start)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            if start + at + 1 == end:
                continue  # the end of the last line itself
            wanted -= 1
            if wanted == 0:
                return start + at + 1
        position = start
    return 0


class LogReader:
    """Reads a log on from where the options begin; a file that isn't there yet has nothing yet."""

    def __init__(self, path: Path, options: LogOptions) -> None:
        self._path = path
        self._options = options
        self._file: BinaryIO | None = None
        self._left = options.limit_bytes

    def read(self) -> bytes:
        """The next block; empty at the end of what there is."""
        if self._file is None:
            try:
                self._file = self._path.open("rb")
            except FileNotFoundError:
                return b""
            if self._options.tail_lines is not None:
                self._file.seek(tail_position(self._file, self._options.tail_lines))
        block = self._file.read(BLOCK_BYTES if self._left is None else min(self._left, BLOCK_BYTES))
        if self._left is not None:
            self._left -= len(block)
        return block

    @property
    def full(self) -> bool:
        """Whether as many bytes were read as were asked for."""
        return self._left == 0

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
