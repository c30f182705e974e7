"""What the tests of the tools stand on: a small Go module, an empty cache, a recording reporter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rehearsal.tools import go
from rehearsal.tools.cache import Cache, user_cache_directory
from rehearsal.tools.pins import Asset, Module, Program
from tests.rehearsal.tools.hello_module import MODULE_PATH, Hello, Recorder


@pytest.fixture(scope="session")
def toolchain() -> go.Toolchain:
    """The Go that a rehearsal would use."""
    return go.find(Cache(user_cache_directory(os.environ)), reporter=Recorder())


@pytest.fixture
def hello(tmp_path: Path, toolchain: go.Toolchain, monkeypatch: pytest.MonkeyPatch) -> Hello:
    """The small module at v1.2.3, with a module cache that has never seen it."""
    proxy = tmp_path / "proxy"
    directory = tmp_path / "pins"
    directory.mkdir()
    # Found without installing it into each test's cache, if it is the one from PyPI.
    monkeypatch.setenv("PATH", f"{toolchain.program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GOPROXY", proxy.as_uri())
    monkeypatch.setenv("GONOSUMDB", MODULE_PATH)
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    module = Module(directory=directory, path=MODULE_PATH)
    program = Program(
        name="hello",
        module=module,
        package=MODULE_PATH,
        version_variable="main.version",
        version_arguments=(),
        companions=("scripts/hello-exec",),
    )
    made = Hello(
        go=toolchain.program, proxy=proxy, program=program, asset=Asset(name="hello-data", module=module, source="data")
    )
    made.release("v1.2.3")
    made.require("v1.2.3")
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


@pytest.fixture
def recorder() -> Recorder:
    """A reporter that keeps what it is told."""
    return Recorder()


@pytest.fixture
def no_tools(tmp_path: Path) -> str:
    """A search path without any tool."""
    empty = tmp_path / "empty"
    empty.mkdir()
    return os.fspath(empty)
