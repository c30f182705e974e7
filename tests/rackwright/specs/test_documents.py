"""Reading and writing documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from rackwright.specs import ClusterSpec, SpecError, dump_document, load_document
from rackwright.specs.documents import parse_document, shown
from rackwright.specs.request import Request

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"

BAD_REQUEST = """
name: Run 1
model: llama-3-8b
gpus: 0
precision: fp4
deadline_days: -1.5
colour: blue
parallelism: {tensor: two}
"""
"""A missing field, one too many, and values of the wrong form, kind and size."""


def problems(text: str, model: type[ClusterSpec | Request]) -> list[str]:
    """Every sentence that refuses a document."""
    with pytest.raises(SpecError) as refused:
        parse_document(text, model, source="file.yaml")
    return str(refused.value).splitlines()


def test_every_problem_is_a_sentence_with_field_value_expectation_and_remedy(snapshot: SnapshotAssertion) -> None:
    assert problems(BAD_REQUEST, Request) == snapshot


def test_bad_places_and_pools_are_named_as_people_count_them(snapshot: SnapshotAssertion) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for good, bad in (
        ("name: h100", "name: 8GPUs"),
        ("region: us-chicago-1", "region: Chicago"),
        ("ocpus: 8", "ocpus: 0"),
    ):
        text = text.replace(good, bad)
    assert problems(text, ClusterSpec) == snapshot


@pytest.mark.parametrize("text", ["name: [run\n", "name: !!python/object/apply:os.getcwd []", "name: 'é"])
def test_bad_yaml_is_a_sentence_with_its_place(text: str, snapshot: SnapshotAssertion) -> None:
    assert problems(text, Request) == snapshot


def test_a_files_path_is_in_every_sentence(tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(BAD_REQUEST, encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        load_document(path, Request)
    assert all(line.startswith(f"{path}: ") for line in str(refused.value).splitlines())


def test_a_written_document_reads_well(snapshot: SnapshotAssertion) -> None:
    assert dump_document(load_document(EXAMPLE, ClusterSpec)) == snapshot


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
