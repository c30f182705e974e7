"""The rules of a TrainingJob that span fields, as the API server refuses by them."""

from __future__ import annotations

from docs.generate.tables import table_of_sentences
from rackwright.specs.training_job_rules import FROZEN_FIELDS, NAME_RULE, PLACEHOLDER, SPEC_RULES, Rule


def page() -> str:
    """A row for each rule, and the fields that don't change while a job isn't suspended."""
    rows = [_row(NAME_RULE, scope="metadata"), *(_row(rule, scope="spec") for rule in SPEC_RULES)]
    frozen = ", ".join(f"`{field.name}`" for field in FROZEN_FIELDS)
    rules = table_of_sentences(("Field", "Expected", "Else"), rows)
    return f"## Rules\n\n{rules}\n\nWhile a job isn't suspended, these fields of its spec can't be changed: {frozen}."


def _row(rule: Rule, *, scope: str) -> tuple[str, str, str]:
    return f"`{scope}.{rule.field}`", _named(rule.expected), _named(rule.remedy)


def _named(text: str) -> str:
    """A rule's text with the names of fields where a refusal has their values."""
    return PLACEHOLDER.sub(r"`\1`", text)
