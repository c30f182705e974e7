"""Programs that the machine already has, taken if they are exactly the pinned version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rehearsal.tools import go
from rehearsal.tools.pins import Program

_VERSION_TIMEOUT_S = 30
"""A program that takes longer than this to tell its version is not the one we look for."""


def find(program: Program, *, search_path: str, toolchain: go.Toolchain) -> Path | None:
    """The program on the search path, if its version is the pinned one and it is complete."""
    on_path = shutil.which(program.name, path=search_path)
    if on_path is None:
        return None
    path = Path(on_path).resolve()
    companions = [path.with_name(Path(name).name) for name in program.companions]
    if not all(os.access(companion, os.X_OK) for companion in companions):
        return None
    return path if has_version(program, path, toolchain=toolchain) else None


def has_version(program: Program, path: Path, *, toolchain: go.Toolchain) -> bool:
    """Whether the program at this path says that it is the pinned version."""
    if program.version_arguments is not None:
        told = reported_version(_output_in_own_home([str(path), *program.version_arguments]))
    else:
        # In the user's home, where Go has been before: in a new one it sets up its telemetry, from a process that goes
        # on writing there when Go has ended.
        command = [str(toolchain.program), "version", "-m", str(path)]
        told = recorded_version(_output(command, go.environment(os.environ)), program.module.path)
    return told is not None and told.removeprefix("v") == program.module.version().removeprefix("v")


def reported_version(output: str) -> str | None:
    """The first thing in a program's output that looks like a version, with any suffix."""
    found = re.search(r"(?<![\w.])v?\d+\.\d+\.\d+[^\s\",]*", output)
    return found.group() if found else None


def recorded_version(information: str, module_path: str) -> str | None:
    """A module's version from `go version -m`, as main module or as a dependency."""
    for line in information.splitlines():
        match line.split():
            case ["mod" | "dep", path, version, *_] if path == module_path:
                return version
    return None


def _output_in_own_home(command: list[str]) -> str:
    """What a command prints that gets a home of its own to write to, and whose leavings matter to nobody."""
    with tempfile.TemporaryDirectory(prefix="rackwright-version-", ignore_cleanup_errors=True) as home:
        return _output(command, os.environ | {"HOME": home, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"})


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    """What a command prints; nothing if it can't run."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
