"""Comparing what two states of the code print: every field that differs is named, and none that doesn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.results import compare, differences

pytestmark = pytest.mark.pure


def test_fields_that_differ_are_named_without_indices() -> None:
    one = {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3, "d": 4}], "e": None}
    other = {"a": 1, "b": [{"c": 0, "d": 2}, {"c": 0, "d": 4}], "f": 5}
    assert list(differences(one, other)) == ["b[].c", "b[].c", "f"]


def test_a_list_that_grew_differs_as_a_whole() -> None:
    assert list(differences({"a": [1]}, {"a": [1, 2]})) == ["a"]


def test_exit_codes_words_and_missing_files_count(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for directory, files in (
        (before, {"same": '{"x": 1}\nexit code 0\n', "code": '{"x": 1}\nexit code 0\n', "gone": "{}\nexit code 0\n"}),
        (after, {"same": '{"x": 1}\nexit code 0\n', "code": "error: no\nexit code 3\n"}),
    ):
        directory.mkdir()
        for name, text in files.items():
            (directory / f"{name}.txt").write_text(text, encoding="utf-8")
    assert compare(before, after) == {"exit code": 1, "printed": 1, "document": 1}
