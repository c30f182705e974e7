"""How Go is run and what is said when it fails; a script takes Go's place to fail as wanted."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from rehearsal.tools import ToolError, building
from rehearsal.tools.go import Toolchain
from rehearsal.tools.pins import Module, Program

pytestmark = pytest.mark.pure


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program whose module has the least that an error message is made of."""
    (tmp_path / "go.mod").write_text("module pins\n\nrequire example.test/a v1.0.0\n")
    return Program(name="a", module=Module(directory=tmp_path, path="example.test/a"), package="example.test/a")


def _toolchain(tmp_path: Path, script: str) -> Toolchain:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\n{script}\n")
    go.chmod(0o755)
    return Toolchain(program=go, identity="go1.26.8 linux amd64")


def _build(program: Program, tmp_path: Path, script: str) -> None:
    building.build_program(
        program,
        tmp_path,
        toolchain=_toolchain(tmp_path, script),
        log=tmp_path / "log",
        activity=lambda _: None,
    )


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("go: a@v1.0.0: Get https://x: dial tcp: lookup x: no such host", "check the network and GOPROXY"),
        ("write /cache/a: no space left on device", "free some space"),
        ("a.go:3:1: undefined: b", "correct what the lines above name"),
    ],
)
def test_the_remedy_fits_the_failure(program: Program, tmp_path: Path, said: str, remedy: str) -> None:
    with pytest.raises(ToolError, match=rf"(?s)^go build of example\.test/a v1\.0\.0 failed.*{remedy}"):
        _build(program, tmp_path, f"echo '{said}' >&2; exit 1")


def test_a_long_failure_is_cut_to_its_last_lines_and_whole_in_the_log(program: Program, tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        _build(program, tmp_path, 'for i in $(seq 100); do echo "line $i."; done; exit 1')
    message = str(caught.value)
    assert "line 86." in message
    assert "line 85." not in message
    assert "line 1.\n" in (tmp_path / "log").read_text()


def test_activity_tells_downloads_and_counts_packages(program: Program, tmp_path: Path) -> None:
    told: list[str] = []
    script = "echo 'go: downloading example.test/b v1.0.0'; echo example.test/b; echo example.test/a; exit 1"
    with pytest.raises(ToolError):
        building.build_program(
            program, tmp_path, toolchain=_toolchain(tmp_path, script), log=tmp_path / "log", activity=told.append
        )
    assert told == ["downloading example.test/b v1.0.0", "1 packages compiled", "2 packages compiled"]


@pytest.mark.timeout(60)  # without the kill it would never end
def test_an_interrupt_kills_go(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []
    start_for_real = building._start_go

    def start(arguments: list[str], module: Module, *, toolchain: Toolchain) -> subprocess.Popen[str]:
        started.append(start_for_real(arguments, module, toolchain=toolchain))
        return started[-1]

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "_start_go", start)
    endless = _toolchain(tmp_path, "echo example.test/a; exec tail -f /dev/null")
    with pytest.raises(KeyboardInterrupt):
        building.build_program(program, tmp_path, toolchain=endless, log=tmp_path / "log", activity=interrupt)
    assert [process.returncode for process in started] == [-signal.SIGKILL]


@pytest.mark.timeout(60)  # without the kill it would never end
def test_prefetching_ends_with_its_block(program: Program, tmp_path: Path) -> None:
    endless = _toolchain(tmp_path, "exec tail -f /dev/null")
    with building.prefetching([program], toolchain=endless):
        pass
