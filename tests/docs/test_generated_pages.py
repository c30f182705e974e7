"""The reference that is made at the site's build: nothing is left out, and what is told is what the models say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from docs.generate import command_line, models, rules
from docs.generate.hooks import LOADED_FROM_ELSEWHERE, MADE, REFERENCES
from docs.generate.root_documents import for_site
from docs.generate.schemas import expected, unit
from rackwright.cli.app import app
from rackwright.cli.exit_codes import ExitCode
from rackwright.specs import ClusterSpec
from rackwright.specs.request import Request
from rackwright.specs.training_job_rules import SPEC_RULES
from tests.docs.code_blocks import ROOT

pytestmark = pytest.mark.pure


def rows(page: str, section: str) -> dict[str, str]:
    """The rows of a section's table, by their first cell."""
    body = page.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    cells = (line.strip("| ").split(" | ", 1) for line in body.splitlines() if line.startswith("| `"))
    return {first.strip("`"): rest for first, rest in cells}


@pytest.mark.parametrize("name", REFERENCES)
def test_each_field_of_each_model_has_a_row_and_each_link_a_section(name: str) -> None:
    page = models.page(REFERENCES[name])
    schema = REFERENCES[name].model_json_schema(by_alias=True)
    for model, part in {REFERENCES[name].__name__: schema, **schema["$defs"]}.items():
        assert list(rows(page, model)) == list(part.get("properties", {}))
    sections = {section.lower() for section in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= sections


def test_a_field_s_row_has_its_type_unit_bounds_default_and_meaning() -> None:
    page = models.page(Request)
    assert rows(page, "StorageTerms")["write_gb_s"].startswith("number, GB/s, more than 0; optional | What the storage")
    assert rows(page, "StorageTerms")["keep_last"].startswith("whole number, at least 1; default `10` | ")
    assert rows(page, "Request")["tokens"].startswith(
        "number, more than 0, at most 1e18; **needed** | Tokens to train on"
    )
    assert rows(page, "Request")["model"].startswith("text or [Architecture](#architecture); **needed** | ")
    assert rows(page, "Request")["precision"].startswith("`bf16`, `fp8`; default `bf16`")


def test_forms_of_text_are_told_in_words() -> None:
    place = rows(models.page(ClusterSpec), "OraclePlace")
    assert place["tenancy_id"].startswith("a tenancy's OCID; **needed**")


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("intervalSeconds", "s"),
        ("port_bandwidth_gbit_s", "Gbit/s"),
        ("memory_gib", "GiB"),
        ("hosts", ""),
        ("days", "days"),
    ],
)
def test_units_are_read_from_names(field: str, written: str) -> None:
    assert unit(field) == written


def test_lists_say_of_what_and_how_many() -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5}
    assert expected(schema) == "list of: text, 1 to 5 of them"


def commands(command: Any, context: typer.Context) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # typer's are untyped
    yield context.command_path, command
    for name in getattr(command, "list_commands", lambda _: [])(context):
        inner = command.get_command(context, name)
        yield from commands(inner, typer.Context(inner, info_name=name, parent=context))


def test_each_command_has_a_section_and_each_option_a_row() -> None:
    page = command_line.page()
    root = get_command(app)
    there = dict(commands(root, typer.Context(root, info_name="rackwright")))
    assert {"rackwright size evaluate", "rackwright rehearse down", "rackwright submit"} <= set(there)
    for path, command in there.items():
        told = rows(page, path)
        options = {parameter.opts[0] for parameter in command.params if parameter.param_type_name == "option"}
        assert {option for option in options if not any(option in row for row in told)} <= {
            "--install-completion",
            "--show-completion",
        }


def test_each_rule_of_a_job_has_a_row_without_placeholders() -> None:
    page = rules.page()
    told = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(told) == 1 + len(SPEC_RULES)
    assert "| `spec.gpus` | whole hosts of `gpusPerHost` GPUs, or fewer" in page
    assert "{" not in page


def test_each_exit_code_has_a_row() -> None:
    told = {int(code) for code in re.findall(r"^\| `(\d+)` ", command_line.exit_codes(), re.MULTILINE)}
    assert told == {int(code) for code in ExitCode}


def test_each_page_that_something_is_made_for_is_there_and_says_where() -> None:
    pages = {path.stem for path in (ROOT / "docs").rglob("*.md") if "<!-- generated -->" in path.read_text("utf-8")}
    assert pages == set(MADE)


@pytest.mark.parametrize(
    ("page", "written", "turned"),
    [
        ("index.md", "[a](docs/how-to/size-a-cluster.md)", "[a](how-to/size-a-cluster.md)"),
        ("index.md", "[a](ARCHITECTURE.md)", "[a](explanation/architecture.md)"),
        ("explanation/architecture.md", "[a](docs/explanation/step-times.md#judged)", "[a](step-times.md#judged)"),
        ("explanation/architecture.md", "[a](CONTRIBUTING.md)", "[a](../contributing.md)"),
        ("index.md", "[a](https://example.com/x.md)", "[a](https://example.com/x.md)"),
    ],
)
def test_links_of_the_root_s_documents_lead_the_same_way_on_the_site(page: str, written: str, turned: str) -> None:
    assert for_site(written, page=page) == turned


@pytest.mark.parametrize(
    ("html", "loads"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', True),
        ('<a href="https://example.com">', False),
        ('<script src="../assets/x.js">', False),
    ],
)
def test_what_a_page_would_load_from_elsewhere_is_seen(html: str, *, loads: bool) -> None:
    assert bool(LOADED_FROM_ELSEWHERE.search(html)) is loads
