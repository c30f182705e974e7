"""Tools are built once, from the pins, whole or not at all. Go is real here, the module small."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from threading import Event, Thread

import pytest

from rehearsal.tools import Toolbox, ToolError, building, ensure
from rehearsal.tools.cache import Cache
from tests.rehearsal.tools.hello_module import BROKEN_MAIN, Hello, Recorder

pytestmark = pytest.mark.pure

DEADLINE_S = 120
"""Far longer than building the small module takes; reached only when the test fails."""


def _ensure(hello: Hello, cache: Cache, recorder: Recorder, search_path: str) -> Toolbox:
    pins = (hello.program, hello.asset)
    return ensure(None, reporter=recorder, pins=pins, cache=cache, search_path=search_path)


def _output(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def test_missing_tools_are_made(hello: Hello, cache: Cache, recorder: Recorder, no_tools: str) -> None:
    toolbox = _ensure(hello, cache, recorder, no_tools)
    assert _output(toolbox.program("hello")).startswith("hello version v1.2.3 ")
    assert os.access(toolbox.program("hello").with_name("hello-exec"), os.X_OK)
    assert (toolbox.asset("hello-data") / "deep/file.yaml").read_text() == "kind: Hello\n"
    assert toolbox.version("hello") == "v1.2.3"
    assert recorder.events == [
        "begin 2",
        "start hello v1.2.3",
        "finish hello v1.2.3",
        "start hello-data v1.2.3",
        "finish hello-data v1.2.3",
        "end",
    ]


def test_what_is_made_is_found_again_without_a_word(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str
) -> None:
    first = _ensure(hello, cache, Recorder(), no_tools)
    second = _ensure(hello, cache, recorder, no_tools)
    assert second.program("hello") == first.program("hello")
    assert recorder.events == []


def test_a_changed_pin_is_built_anew(hello: Hello, cache: Cache, recorder: Recorder, no_tools: str) -> None:
    first = _ensure(hello, cache, recorder, no_tools)
    hello.release("v1.3.0")
    hello.require("v1.3.0")
    second = _ensure(hello, cache, recorder, no_tools)
    assert _output(second.program("hello")).startswith("hello version v1.3.0 ")
    assert first.program("hello").exists()


def test_two_at_once_build_it_once(hello: Hello, cache: Cache, no_tools: str, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: list[str] = []
    building_began, second_waits = Event(), Event()
    build_for_real = building.build_program

    def build(program: object, *args: object, **options: object) -> None:
        builds.append(str(program))
        building_began.set()
        assert second_waits.wait(DEADLINE_S)
        build_for_real(program, *args, **options)  # type: ignore[arg-type]  # passed on as it came

    class Waiting(Recorder):
        def wait(self, tool: str) -> None:
            super().wait(tool)
            second_waits.set()

    monkeypatch.setattr(building, "build_program", build)
    first = Thread(target=_ensure, args=(hello, cache, Recorder(), no_tools))
    first.start()
    assert building_began.wait(DEADLINE_S)
    second_recorder = Waiting()
    toolbox = _ensure(hello, cache, second_recorder, no_tools)
    first.join(DEADLINE_S)
    assert len(builds) == 1
    assert "wait hello v1.2.3" in second_recorder.events
    assert _output(toolbox.program("hello")).startswith("hello version v1.2.3 ")


def test_an_interrupted_build_leaves_no_entry_and_the_next_makes_it(hello: Hello, cache: Cache, no_tools: str) -> None:
    class Interrupting(Recorder):
        def activity(self, text: str) -> None:
            raise KeyboardInterrupt(text)

    with pytest.raises(KeyboardInterrupt):
        _ensure(hello, cache, Interrupting(), no_tools)
    assert not list(cache.root.glob("hello-*"))
    assert not list(cache.partial_directory().iterdir())

    toolbox = _ensure(hello, cache, Recorder(), no_tools)
    assert _output(toolbox.program("hello")).startswith("hello version v1.2.3 ")


def test_a_failed_build_shows_what_go_said_and_where_all_of_it_is(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str
) -> None:
    hello.release("v1.4.0", BROKEN_MAIN)
    hello.require("v1.4.0")
    with pytest.raises(ToolError, match=r"example\.test/hello v1\.4\.0 failed") as caught:
        _ensure(hello, cache, recorder, no_tools)
    message = str(caught.value)
    (log,) = (cache.root / "logs").glob("hello-1.4.0-*.log")
    assert "undefined: undefinedThing" in message
    assert str(log) in message
    assert "undefined: undefinedThing" in log.read_text()
    assert recorder.events[-1] == "end"
    assert not list(cache.root.glob("hello-*"))


def test_a_module_with_another_checksum_is_refused(
    hello: Hello, cache: Cache, no_tools: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello.release("v1.2.3")  # the same version with other content, as an attacker would publish it
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "other-modules"))
    with pytest.raises(ToolError, match="checksum mismatch"):
        _ensure(hello, cache, Recorder(), no_tools)


def test_a_program_that_tells_another_version_is_not_kept(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(hello.program), "linker_flags", lambda _: "-X main.version=v9.9.9")
    with pytest.raises(ToolError, match=r"does not say that it is v1\.2\.3"):
        _ensure(hello, cache, recorder, no_tools)
    assert not list(cache.root.glob("hello-*"))


def test_the_machines_own_program_of_the_pinned_version_is_used(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str, tmp_path: Path
) -> None:
    built = _ensure(hello, cache, Recorder(), no_tools).program("hello").parent
    machine = tmp_path / "machine"
    shutil.copytree(built, machine)
    toolbox = _ensure(hello, Cache(tmp_path / "other"), recorder, str(machine))
    assert toolbox.program("hello") == machine / "hello"
    assert toolbox.tools["hello"].origin == "machine"
    assert "start hello v1.2.3" not in recorder.events


def test_the_machines_program_without_its_script_is_not_used(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str, tmp_path: Path
) -> None:
    built = _ensure(hello, cache, Recorder(), no_tools).program("hello")
    machine = tmp_path / "machine"
    machine.mkdir()
    shutil.copy(built, machine)
    toolbox = _ensure(hello, Cache(tmp_path / "other"), recorder, str(machine))
    assert toolbox.tools["hello"].origin == "cache"


def test_the_machines_program_of_another_version_is_not_used(
    hello: Hello, cache: Cache, recorder: Recorder, tmp_path: Path
) -> None:
    machine = tmp_path / "machine"
    machine.mkdir()
    for name in ("hello", "hello-exec"):
        (machine / name).write_text("#!/bin/sh\necho hello version v1.2.4\n")
        (machine / name).chmod(0o755)
    toolbox = _ensure(hello, cache, recorder, str(machine))
    assert toolbox.tools["hello"].origin == "cache"


def test_one_folder_holds_all_programs_and_scripts(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str
) -> None:
    toolbox = _ensure(hello, cache, recorder, no_tools)
    directory = toolbox.bin_directory()
    assert sorted(path.name for path in directory.iterdir()) == ["hello", "hello-exec"]
    assert _output(directory / "hello").startswith("hello version v1.2.3 ")
    assert toolbox.bin_directory() == directory


def test_a_tool_that_was_not_asked_for_is_not_in_the_box(
    hello: Hello, cache: Cache, recorder: Recorder, no_tools: str
) -> None:
    toolbox = _ensure(hello, cache, recorder, no_tools)
    with pytest.raises(ToolError, match="hello-data is not in this toolbox, which holds hello;"):
        toolbox.program("hello-data")
    with pytest.raises(ToolError, match="kubectl is not in this toolbox, which holds hello-data;"):
        toolbox.asset("kubectl")
