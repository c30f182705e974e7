"""The base of every spec, the field types that they share, and the one way to refuse a value.

Every refusal names the field, the value, what was expected and the remedy. Pydantic gives the first two; `refuse` adds
the others for rules that span fields.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

DNS_LABEL_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, the form that Kubernetes asks of namespaces and services."""

DNS_LABEL_MAX_LENGTH = 63
"""Characters in a DNS label (RFC 1035, section 2.3.4)."""

LABEL_KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
"""A Kubernetes label key: an optional DNS prefix, a slash, a name."""

DnsLabel = Annotated[
    str,
    StringConstraints(pattern=DNS_LABEL_PATTERN, max_length=DNS_LABEL_MAX_LENGTH),
    Field(json_schema_extra={"remedy": "use lower-case letters, digits and '-', starting with a letter"}),
]

LabelKey = Annotated[str, StringConstraints(pattern=LABEL_KEY_PATTERN, max_length=317)]

Cidr = Annotated[IPv4Network, PlainSerializer(str, return_type=str)]


class Spec(BaseModel):
    """A document or a part of one: unknown fields are errors, and a value once read doesn't change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


def refuse(*, field: str, value: object, expected: str, remedy: str) -> NoReturn:
    """Refuse a value in a validator, for a rule that spans fields.

    `field` is the path below the model whose validator calls, with dots (`pools.0.hosts`).
    """
    raise PydanticCustomError(
        "rackwright_refused",
        "{expected}",
        {"field": field, "value": value, "expected": expected, "remedy": remedy},
    )
