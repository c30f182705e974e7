"""Making a cache entry out of a pinned Go module."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from threading import Lock, Thread

from rehearsal.tools import go
from rehearsal.tools.errors import ToolError
from rehearsal.tools.installed import has_version
from rehearsal.tools.pins import Asset, Module, Program

_SHOWN_LINES = 15
"""Lines of Go's output that an error message shows; the rest is in the log."""

_UNREACHABLE = ("dial tcp", "lookup ", "i/o timeout", "connection refused", "proxyconnect")
"""What Go prints when it can't reach what it downloads from."""

Activity = Callable[[str], None]


def build_program(program: Program, target: Path, *, toolchain: go.Toolchain, log: Path, activity: Activity) -> None:
    """Build a program into a folder, with the scripts that it needs beside it.

    Raises ToolError when Go fails, or when the result doesn't say that it is the pinned version.
    """
    built = target / program.name
    command = ["build", "-v", "-trimpath", "-ldflags", program.linker_flags()]
    command += ["-o", str(built), program.package]
    _run_go(command, program.module, toolchain=toolchain, log=log, activity=activity)
    if program.companions:
        source = module_source(program.module, toolchain=toolchain, log=log)
        for companion in program.companions:
            copied = Path(shutil.copy(source / companion, target))
            copied.chmod(0o755)  # module files have lost their executable bit
    if not has_version(program, built, toolchain=toolchain):
        raise ToolError(
            f"The {program.name} just built does not say that it is "
            f"{program.module.version()}; its linker flags or version arguments in "
            "rehearsal/tools/pins.py no longer fit that version."
        )


def copy_asset(asset: Asset, target: Path, *, toolchain: go.Toolchain, log: Path) -> None:
    """Copy a file or folder of the module's source into a folder.

    Raises ToolError when the module can't be had or holds no such file.
    """
    source = module_source(asset.module, toolchain=toolchain, log=log) / asset.source
    copied = target / source.name
    if source.is_dir():
        shutil.copytree(source, copied)
        for folder, _, names in os.walk(copied):  # the module cache is read-only
            Path(folder).chmod(0o755)
            for name in names:
                Path(folder, name).chmod(0o644)
    elif source.is_file():
        shutil.copy(source, copied)
        copied.chmod(0o755)  # single files are scripts
    else:
        raise ToolError(
            f"{asset.module.path} {asset.module.version()} has no {asset.source}; "
            f"correct the source of {asset.name} in rehearsal/tools/pins.py."
        )


def module_source(module: Module, *, toolchain: go.Toolchain, log: Path) -> Path:
    """The folder of the pinned module's own source, downloaded and checked against go.sum."""
    command = ["mod", "download", "-json", module.path]
    output = _run_go(command, module, toolchain=toolchain, log=log, activity=lambda _: None)
    return Path(str(json.loads(output)["Dir"]))


@contextmanager
def prefetching(programs: Iterable[Program], *, toolchain: go.Toolchain) -> Iterator[None]:
    """Download what these programs need in the background, one module after the other.

    Compiling needs the processors and downloading the network, so they overlap well. A failure
    here is of no account: the build downloads what is still missing, and tells what fails.
    """
    packages: dict[Module, list[str]] = {}
    for program in programs:
        packages.setdefault(program.module, []).append(program.package)
    starting = Lock()
    stopped = False
    running: list[subprocess.Popen[str]] = []

    def download() -> None:
        for module, wanted in packages.items():
            with starting:
                if stopped:
                    return
                process = _start_go(["list", "-deps", *wanted], module, toolchain=toolchain)
                running.append(process)
            process.communicate()

    thread = Thread(target=download, name="tools-prefetch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with starting:
            stopped = True
        for process in running:
            _stop(process)
        thread.join()


def _run_go(
    arguments: list[str],
    module: Module,
    *,
    toolchain: go.Toolchain,
    log: Path,
    activity: Activity,
) -> str:
    """Run Go in a module's folder; its output, which also goes to the log."""
    output: list[str] = []
    packages = 0
    with _start_go(arguments, module, toolchain=toolchain) as process, log.open("a") as log_file:
        try:
            log_file.write(f"go {' '.join(arguments)}\n")
            for line in process.stdout or ():
                output.append(line)
                log_file.write(line)
                if line.startswith("go: downloading "):
                    activity(line.removeprefix("go: ").strip())
                elif " " not in line:  # `go build -v` names each package that it compiles
                    packages += 1
                    activity(f"{packages} packages compiled")
        except BaseException:
            _stop(process)
            raise
    if process.returncode != 0:
        raise ToolError(_failure(arguments, module, output=output, log=log))
    return "".join(output)


def _failure(arguments: list[str], module: Module, *, output: list[str], log: Path) -> str:
    verb = " ".join(takewhile(lambda argument: not argument.startswith("-"), arguments))
    tail = deque((line.rstrip() for line in output), maxlen=_SHOWN_LINES)
    last_lines = "\n".join(f"    {line}" for line in tail)
    if any(sign in line for line in tail for sign in _UNREACHABLE):
        remedy = "Go could not reach its module proxy: check the network and GOPROXY, and try again"
    elif any("no space left on device" in line for line in tail):
        remedy = "the disk is full: free some space and try again; what is built stays"
    else:
        remedy = "correct what the lines above name and try again; what is built stays"
    return (
        f"go {verb} of {module.path} {module.version()} failed. Its last lines:\n"
        f"{last_lines}\nThe whole log is {log}; {remedy}."
    )


def _start_go(arguments: list[str], module: Module, *, toolchain: go.Toolchain) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [toolchain.program, *arguments],
        cwd=module.directory,
        env=go.environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that the compilers go too when we stop it
    )


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
