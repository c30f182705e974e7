"""Reading and writing specs as YAML documents, with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rackwright.specs.base import FORMS

Model = TypeVar("Model", bound=BaseModel)

BOUNDS = {
    "greater_than_equal": ("ge", "at least {}", "raise it to {} or more"),
    "greater_than": ("gt", "more than {}", "use a number above {}"),
    "less_than_equal": ("le", "at most {}", "lower it to {} or less"),
    "less_than": ("lt", "less than {}", "use a number below {}"),
    "string_too_long": ("max_length", "at most {} characters", "shorten it to {} characters or fewer"),
    "string_too_short": ("min_length", "at least {} characters", "write {} characters or more"),
    "too_short": ("min_length", "at least {} entries", "add what is missing"),
    "too_long": ("max_length", "at most {} entries", "keep {} of them"),
}
"""Pydantic's errors about bounds: the bound's name, what was expected, the remedy."""

SHOWN_VALUE_LENGTH = 80
"""Characters of a refused value that a message shows; the rest doesn't help to find it."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One refusal: where, what stands there, what was expected, and what to do."""

    field: str
    value: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        text = f"{self.field}: got {self.value}; expected {self.expected}"
        return f"{text}. {self.remedy[:1].upper()}{self.remedy[1:]}." if self.remedy else f"{text}."


class SpecError(ValueError):
    """A document that can't be taken, with every problem in it, not only the first."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))


def load_document(path: Path, model: type[Model]) -> Model:
    """Read one YAML document as `model`; raise `SpecError` with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        remedy = "check the path, or write the file with `rackwright size`"
        problem = Problem(field="file", value=error.strerror or "unreadable", expected="a readable file", remedy=remedy)
        raise SpecError(str(path), [problem]) from error
    return parse_document(text, model, source=str(path))


def parse_document(text: str, model: type[Model], *, source: str) -> Model:
    """Read YAML text as `model`; `source` names it in errors."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        problem = Problem(
            field=where,
            value=str(getattr(error, "problem", None) or error),
            expected="YAML",
            remedy="mend the YAML at that place",
        )
        raise SpecError(source, [problem]) from error
    return validate_document(data, model, source=source)


def validate_document(data: object, model: type[Model], *, source: str) -> Model:
    """Check plain data against `model`; `source` names it in errors."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [describe(detail, model, data=data) for detail in error.errors() if not repeats(detail)]
        raise SpecError(source, problems) from error


def dump_document(document: BaseModel) -> str:
    """Write a spec as YAML, fields in the order of their declaration, unset optional fields left out."""
    data = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    text: str = yaml.safe_dump(data, sort_keys=False, width=120, allow_unicode=True)
    return text


def describe(detail: ErrorDetails, model: type[BaseModel], *, data: object = None) -> Problem:
    """Turn one of pydantic's errors into a `Problem`; `data` is what was checked, where that is at hand."""
    context = detail.get("ctx", {})
    location = [str(part) for part in without_tags(detail["loc"], data)]
    if detail["type"] == "rackwright_refused":
        path = ".".join([*location, *([context["field"]] if context["field"] else [])])
        return Problem(
            field=path, value=shown(context["value"]), expected=context["expected"], remedy=context["remedy"]
        )
    expected, remedy = explain(detail, model)
    # What pydantic shows of a missing field is all that stands around it.
    value = "nothing" if detail["type"] == "missing" else shown(detail["input"])
    return Problem(field=".".join(location) or "document", value=value, expected=expected, remedy=remedy)


def repeats(detail: ErrorDetails) -> bool:
    """Whether an error says only that others are there: a list counts as too short without its refused entries."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def without_tags(location: Sequence[str | int], data: object) -> list[str | int]:
    """A place in a document as people count it: pydantic adds the kind of a place."""
    path: list[str | int] = []
    for part in location:
        if isinstance(data, Mapping) and part == data.get("kind"):
            continue
        path.append(part)
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
            data = data[part]
    return path


def explain(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Say what was expected and the remedy, for the errors that pydantic finds by itself."""
    message = detail["msg"]
    if detail["type"] == "missing":
        return "a value", f"add the field; {model.__name__} needs it"
    if detail["type"] == "extra_forbidden":
        return "no such field", "remove it, or check its spelling and its indentation"
    context = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch" and context["pattern"] in FORMS:
        return FORMS[context["pattern"]]
    if detail["type"] in BOUNDS:
        name, words, remedy = BOUNDS[detail["type"]]
        bound = context[name]
        whole = int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        return words.format(whole), remedy.format(whole)
    for prefix in ("Input should be ", "Value should be ", "Value error, "):
        if message.startswith(prefix):
            return message.removeprefix(prefix), ""
    return message[:1].lower() + message[1:], ""


def shown(value: object) -> str:
    """A value as it stands in a message: short, and never a whole document."""
    if isinstance(value, dict):
        return "a mapping with " + (", ".join(sorted(map(str, value))[:6]) or "no fields")
    text = repr(value)
    return text if len(text) <= SHOWN_VALUE_LENGTH else text[: SHOWN_VALUE_LENGTH - 1] + "…"
