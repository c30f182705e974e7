"""What a JSON Schema asks of one value, in words that read well in a table."""

from __future__ import annotations

from typing import Any

from rackwright.cli.sizing.plan_table import UNITS
from rackwright.specs.base import FORMS

Schema = dict[str, Any]

REFERENCE = "#/$defs/"

UNITS_OF_SPECS = {
    "usd_per_kwh": "USD/kWh",
    "usd_per_mw": "USD/MW",
    "gbit_s": "Gbit/s",
    "seconds": "s",
    "years": "years",
    "gib": "GiB",
    "qps": "requests/s",
}
"""Units that end the names of fields in specs and stand in no plan."""

FORMATS = {
    "ipv4network": "IPv4 range, such as `10.0.0.0/16`",
    "date": "date, such as `2026-01-31`",
    "date-time": "time in UTC, such as `2026-01-31T12:00:00Z`",
}

KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "mapping",
}


def unit(field: str) -> str:
    """The unit that a field's name ends in; empty for a count or what has none."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
    for suffix, written in (UNITS_OF_SPECS | UNITS).items():
        if name == suffix or name.endswith(f"_{suffix}"):
            return written
    return ""


def choices(schema: Schema) -> list[Schema]:
    """The schemas of which a value meets one; `null` isn't counted, as an unset field is left out."""
    return [each for each in schema.get("anyOf") or schema.get("oneOf") or [schema] if each != {"type": "null"}]


def referenced(schema: Schema) -> list[str]:
    """The models that a value may be made of, by name."""
    if "$ref" in schema:
        return [schema["$ref"].removeprefix(REFERENCE)]
    if "items" in schema:
        return referenced(schema["items"])
    several = choices(schema)
    return [] if several == [schema] else [name for each in several for name in referenced(each)]


def expected(schema: Schema, *, unit: str = "") -> str:
    """What a value must be: its type, unit and bounds; models by links to their sections."""
    return " or ".join(dict.fromkeys(_one(each, unit) for each in choices(schema)))


def _one(schema: Schema, unit: str) -> str:
    if "$ref" in schema:
        (name,) = referenced(schema)
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of: {expected(schema['items'])}{_counted(schema)}"
    kind = FORMATS.get(schema.get("format", ""), KINDS[schema["type"]])
    if schema.get("pattern") in FORMS:
        kind = FORMS[schema["pattern"]][0]
    elif "pattern" in schema:
        kind = f"text like `{schema['pattern']}`"
    return ", ".join(part for part in (kind, unit, _bounds(schema)) if part)


def _counted(schema: Schema) -> str:
    words = _between(schema.get("minItems"), schema.get("maxItems"))
    return f", {words} of them" if words else ""


def _bounds(schema: Schema) -> str:
    if "maxLength" in schema:
        return f"at most {schema['maxLength']:,} characters"
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        most = f"less than {_number(below)}" if below is not None else _between(None, schema.get("maximum"))
        return f"more than {_number(above)}" + (f", {most}" if most else "")
    return _between(schema.get("minimum"), schema.get("maximum"))


def _between(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{_number(least)} to {_number(most)}"
    if least is not None:
        return f"at least {_number(least)}"
    return "" if most is None else f"at most {_number(most)}"


def _number(value: float) -> str:
    large = 1e9
    return f"{value:.0e}".replace("e+", "e") if abs(value) >= large else f"{value:,g}" if value % 1 else f"{value:,.0f}"


def default(schema: Schema, *, required: bool) -> str:
    """Whether a field must be written, and what it is otherwise."""
    if required:
        return "**needed**"
    value = schema.get("default")
    if "const" in schema:
        return "always"
    if value in (None, [], {}, "") or isinstance(value, dict):
        return "optional"
    if isinstance(value, bool):
        return f"default `{str(value).lower()}`"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"default `{value}`"
