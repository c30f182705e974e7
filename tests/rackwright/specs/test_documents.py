"""Reading and writing documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.specs import SpecError, dump_document, load_document
from rackwright.specs.documents import parse_document, shown
from rackwright.specs.request import Request

pytestmark = pytest.mark.pure


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    with pytest.raises(
        SpecError, match=r"request\.yaml: file: got No such file or directory; expected a readable file"
    ):
        load_document(path, Request)


def test_text_that_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(SpecError, match=r"line 2, column 1: .*expected YAML"):
        parse_document("name: [run\n", Request, source="request.yaml")


@pytest.mark.parametrize("text", ["", "[]", "42", "text"])
def test_yaml_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="document: got "):
        parse_document(text, Request, source="request.yaml")


def test_yaml_tags_make_no_objects() -> None:
    with pytest.raises(SpecError, match="expected YAML"):
        parse_document("name: !!python/object/apply:os.getcwd []", Request, source="request.yaml")


def test_a_document_survives_writing_and_reading() -> None:
    request = Request(name="run", model="llama-3-8b", tokens=1e12, gpus=64)
    text = dump_document(request)
    assert parse_document(text, Request, source="request.yaml") == request
    assert "deadline_days" not in text


def test_a_shown_value_is_short() -> None:
    assert len(shown("x" * 1000)) == 80
    assert shown({"b": 1, "a": 2}) == "a mapping with a, b"
