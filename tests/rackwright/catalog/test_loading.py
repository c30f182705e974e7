"""Names and aliases of the catalogue: what counts as the same name, and what a clash says."""

from __future__ import annotations

import pytest

from rackwright.catalog import MODELS
from rackwright.catalog.entries import Entry
from rackwright.catalog.loading import index_names, plain
from rackwright.specs import SpecError

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("name", ["llama-2-7b", "LLAMA2-7B", "Llama 2 7B", "llama_2__7b", " Llama-2 (7B)"])
def test_case_and_punctuation_do_not_count(name: str) -> None:
    assert plain(name) == "llama2-7b"


@pytest.mark.parametrize(
    ("one", "other"),
    [("GPT-1.6B", "GPT-16B"), ("llama-3.1-8b", "llama-31-8b"), ("llama-3-8b", "llama-38b"), ("mpt-1b", "mpt-1.b3")],
)
def test_what_stands_between_two_digits_counts(one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_names_are_found_by_alias_and_by_themselves() -> None:
    entries = {"big-1": Entry(title="Big", aliases=("Large 1",)), "small-1": Entry(title="Small")}
    assert index_names(entries, source="catalogue") == {"big1": "big-1", "large1": "big-1", "small1": "small-1"}


def test_an_alias_that_another_entry_has_is_an_error() -> None:
    entries = {"big-1": Entry(title="Big"), "small-1": Entry(title="Small", aliases=("Tiny", "Big1"))}
    with pytest.raises(SpecError) as refused:
        index_names(entries, source="catalogue models.yaml")
    (problem,) = refused.value.problems
    assert problem.field == "small-1.aliases.1"
    assert problem.value == "'Big1'"
    assert "big-1 has it" in problem.expected


def test_an_alias_that_repeats_the_entrys_own_name_is_none() -> None:
    assert index_names({"a-1": Entry(title="A", aliases=("A1",))}, source="catalogue") == {"a1": "a-1"}


def test_an_alias_gives_the_same_entry_as_the_name() -> None:
    assert MODELS.get("Grok-1", field="model") is MODELS.entries["grok-1-314b"]
