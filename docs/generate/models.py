"""Reference pages of documents: each field with type, unit, default, bounds and meaning, out of the pydantic models."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from docs.generate.schemas import Schema, default, expected, referenced, unit
from docs.generate.tables import table_of_sentences

HEADERS = ("Field", "Value", "Meaning")


def page(model: type[BaseModel]) -> str:
    """The sections of a document: the document itself, then each model that its fields are made of, outside in."""
    root = model.model_json_schema(by_alias=True)
    places: dict[str, list[str]] = {}
    _find_places(root, root["$defs"], path="", places=places)
    models = root["$defs"]
    sections = [_section(model.__name__, root, models, stands=[])]
    sections += [_section(name, models[name], models, stands=paths) for name, paths in places.items()]
    return "\n\n".join(sections)


def _find_places(schema: Schema, models: dict[str, Schema], *, path: str, places: dict[str, list[str]]) -> None:
    """Note where each model stands, in the order in which a reader of the document meets them."""
    for field, asked in schema.get("properties", {}).items():
        there = f"{path}{field}" + ("[]" if asked.get("type") == "array" else "")
        for name in referenced(asked):
            places.setdefault(name, []).append(there)
            _find_places(models[name], models, path=f"{there}.", places=places)


def _section(name: str, schema: Schema, models: dict[str, Schema], *, stands: list[str]) -> str:
    where = f"Stands at {', '.join(f'`{path}`' for path in dict.fromkeys(stands))}." if stands else ""
    parts = [f"## {name}", where, schema.get("description", ""), _fields(schema, models)]
    return "\n\n".join(part for part in parts if part)


def _fields(schema: Schema, models: dict[str, Schema]) -> str:
    if "enum" in schema:
        return f"One of {', '.join(f'`{value}`' for value in schema['enum'])}."
    return table_of_sentences(HEADERS, _rows(schema, models))


def _rows(schema: Schema, models: dict[str, Schema]) -> Iterator[tuple[str, ...]]:
    for field, asked in schema["properties"].items():
        needed = default(asked, required=field in schema.get("required", ()))
        value = "; ".join(part for part in (expected(asked, unit=unit(field)), needed) if part)
        yield f"`{field}`", value, asked.get("description") or _of_what_it_is(asked, models)


def _of_what_it_is(asked: Schema, models: dict[str, Schema]) -> str:
    """The meaning of a field that says no more than the one model that it is made of."""
    names = referenced(asked)
    return models[names[0]].get("description", "") if len(names) == 1 else ""
