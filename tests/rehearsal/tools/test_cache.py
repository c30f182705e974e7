"""The cache holds whole entries only, each under a name that says what it is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.tools.cache import Cache, digest, entry_name, user_cache_directory
from rehearsal.tools.pins import PIN_FILES, Module, Program

pytestmark = pytest.mark.pure

DEADLINE_S = 30
"""Far longer than a thread needs to take a free lock; reached only when the test fails."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A program whose module has the least that a key is made of."""
    (tmp_path / "go.mod").write_text("module pins\n\nrequire example.test/a v1.0.0\n")
    (tmp_path / "go.sum").write_text("")
    (tmp_path / "tools.go").write_text("package tools\n")
    module = Module(directory=tmp_path, path="example.test/a")
    return Program(name="a", module=module, package="example.test/a")


@given(st.lists(st.binary()), st.lists(st.binary()))
def test_digests_agree_only_for_equal_sequences(one: list[bytes], other: list[bytes]) -> None:
    assert (digest(one) == digest(other)) == (one == other)


def test_digests_see_the_borders_between_parts() -> None:
    assert digest([b"ab", b"c"]) != digest([b"a", b"bc"])


def test_the_name_tells_tool_and_version(program: Program) -> None:
    assert entry_name(program, go_identity="go1.26.8 linux amd64").startswith("a-1.0.0-")


@pytest.mark.parametrize("file", PIN_FILES)
def test_a_changed_module_file_changes_the_key(program: Program, file: str) -> None:
    before = entry_name(program, go_identity="go")
    path = program.module.directory / file
    path.write_text(path.read_text() + "// changed\n")
    assert entry_name(program, go_identity="go") != before


def test_package_linker_flags_and_go_change_the_key(program: Program) -> None:
    names = {
        entry_name(program, go_identity="go1.26.8 linux amd64"),
        entry_name(program, go_identity="go1.26.9 linux amd64"),
        entry_name(replace(program, package="example.test/a/cmd"), go_identity="go1.26.8 linux amd64"),
        entry_name(replace(program, version_variable="main.version"), go_identity="go1.26.8 linux amd64"),
    }
    assert len(names) == 4


def test_the_cache_is_where_xdg_says() -> None:
    assert user_cache_directory({"XDG_CACHE_HOME": "/x"}) == Path("/x/rackwright/tools")


@pytest.mark.parametrize("environment", [{}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}])
def test_without_a_usable_setting_the_cache_is_in_the_home(environment: dict[str, str]) -> None:
    assert user_cache_directory(environment) == Path.home() / ".cache/rackwright/tools"


def test_an_entry_appears_only_when_it_is_complete(cache: Cache) -> None:
    def fill(partial: Path) -> None:
        (partial / "file").write_text("content")
        assert not (cache.root / "a").exists()

    assert cache.create("a", fill) == cache.root / "a"
    assert (cache.root / "a" / "file").read_text() == "content"


def test_a_failed_entry_leaves_nothing(cache: Cache) -> None:
    def fill(partial: Path) -> None:
        (partial / "file").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.create("a", fill)
    assert not (cache.root / "a").exists()
    assert not list(cache.partial_directory().iterdir())


def test_what_a_killed_process_left_is_removed(cache: Cache) -> None:
    abandoned = cache.partial_directory() / "a.killed"
    abandoned.mkdir()
    another = cache.partial_directory() / "b.running"
    another.mkdir()
    cache.create("a", lambda _: None)
    assert not abandoned.exists()
    assert another.exists()


def test_the_second_to_want_a_lock_is_told_and_waits(cache: Cache) -> None:
    told, got = Event(), Event()

    def second() -> None:
        with cache.locked("a", on_wait=told.set):
            got.set()

    with cache.locked("a"):
        thread = Thread(target=second)
        thread.start()
        assert told.wait(DEADLINE_S)
        assert not got.is_set()
    thread.join(DEADLINE_S)
    assert got.is_set()


def test_a_free_lock_is_taken_in_silence(cache: Cache) -> None:
    told = Event()
    with cache.locked("a"), cache.locked("b", on_wait=told.set):
        assert not told.is_set()
