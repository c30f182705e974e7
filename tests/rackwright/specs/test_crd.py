from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rackwright.specs import crd

pytestmark = pytest.mark.pure


def schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for child in schema.get("properties", {}).values():
        yield from schemas(child)
    if "items" in schema:
        yield from schemas(schema["items"])


def test_the_checked_in_crd_is_what_the_model_gives(capsys: pytest.CaptureFixture[str]) -> None:
    assert crd.main(["--check"]) == 0, capsys.readouterr().err


def test_a_crd_that_differs_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crd, "CRD_FILE", tmp_path / "crds" / "job.yaml")
    assert crd.main(["--check"]) == 1
    assert "run: python -m rackwright.specs.crd" in capsys.readouterr().err
    assert crd.main([]) == 0
    assert crd.main(["--check"]) == 0
    assert yaml.safe_load(crd.CRD_FILE.read_text(encoding="utf-8")) == crd.training_job_crd()


def test_every_part_has_a_type_and_nothing_is_nullable() -> None:
    for schema in schemas(crd.object_schema()):
        assert schema["type"] in {"string", "integer", "number", "boolean", "array", "object"}
        assert schema.get("default", "") is not None
        assert not {"$ref", "anyOf", "title", "additionalProperties", "const"} & schema.keys()


def test_every_text_and_list_of_the_spec_has_a_longest_length_so_that_rules_have_a_bounded_cost() -> None:
    for schema in schemas(crd.object_schema()["properties"]["spec"]):
        if schema["type"] == "string" and "enum" not in schema:
            assert "maxLength" in schema
        if schema["type"] == "array":
            assert "maxItems" in schema


@pytest.mark.parametrize(
    "schema", [{"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"type": "string", "contentEncoding": "base64"}]
)
def test_what_has_no_structural_form_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"structural schema|no rewriting"):
        crd.structural(schema, {})
