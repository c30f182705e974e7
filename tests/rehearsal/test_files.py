"""Files are there whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rehearsal.files import write_whole

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("content", ["grün\n", "grün\n".encode()])
def test_the_new_content_takes_the_place_of_the_old_for_the_user_alone(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text("an older and longer content", encoding="utf-8")
    write_whole(path, content)
    assert path.read_text(encoding="utf-8") == "grün\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_who_reads_while_another_writes_sees_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text("old", encoding="utf-8")
    with path.open(encoding="utf-8") as reader:
        write_whole(path, "new")
        assert reader.read() == "old"


def test_what_cannot_take_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", "content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
