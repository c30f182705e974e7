"""Programs that the machine already has, taken if they are exactly the pinned version."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rehearsal.tools import go
from rehearsal.tools.pins import Program

# A program that takes longer than this to tell its version is not the one we look for.
_VERSION_TIMEOUT_S = 30


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
        told = reported_version(_output([str(path), *program.version_arguments]))
    else:
        information = _output([str(toolchain.program), "version", "-m", str(path)])
        told = recorded_version(information, program.module.path)
    return told is not None and told.removeprefix("v") == program.module.version().removeprefix("v")


def reported_version(output: str) -> str | None:
    """The first thing in a program's output that looks like a version, with any suffix."""
    found = re.search(r"(?<![\w.])v?\d+\.\d+\.\d+[^\s\",]*", output)
    return found.group() if found else None


def recorded_version(information: str, module_path: str) -> str | None:
    """A module's version from ``go version -m``, as main module or as a dependency."""
    for line in information.splitlines():
        match line.split():
            case ["mod" | "dep", path, version, *_] if path == module_path:
                return version
    return None


def _output(command: list[str]) -> str:
    """What a command prints; nothing if it can't run. It gets a home of its own to write to."""
    with tempfile.TemporaryDirectory(prefix="rackwright-version-") as home:
        quiet = {"HOME": home, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            done = subprocess.run(
                command,
                env=os.environ | quiet,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_VERSION_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return done.stdout if done.returncode == 0 else ""
