"""The base of every spec, the field types that they share, and the one way to refuse a value.

Every refusal names the field, the value, what was expected and the remedy. Pydantic gives the first two; `refuse` adds
the others for rules that span fields.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

DNS_LABEL_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, the form that Kubernetes asks of namespaces and services."""

DNS_LABEL_MAX_LENGTH = 63
"""Characters in a DNS label (RFC 1035, section 2.3.4)."""

LABEL_KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
"""A Kubernetes label key: an optional DNS prefix, a slash, a name."""

DnsLabel = Annotated[str, StringConstraints(pattern=DNS_LABEL_PATTERN, max_length=DNS_LABEL_MAX_LENGTH)]

LabelKey = Annotated[str, StringConstraints(pattern=LABEL_KEY_PATTERN, max_length=317)]


def ocid_pattern(*kinds: str) -> str:
    """The form of an Oracle Cloud identifier of one of these kinds of resource."""
    return rf"^ocid1\.({'|'.join(kinds)})\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$"


TENANCY_ID_PATTERN = ocid_pattern("tenancy")
COMPARTMENT_ID_PATTERN = ocid_pattern("compartment", "tenancy")
IMAGE_ID_PATTERN = ocid_pattern("image")
REGION_PATTERN = r"^[a-z]+-[a-z]+-\d+$"
KUBERNETES_VERSION_PATTERN = r"^v\d+\.\d+\.\d+$"
VERSION_PATTERN = r"^\d+\.\d+\.\d+$"

FORMS = {
    DNS_LABEL_PATTERN: ("a DNS label", "use lower-case letters, digits and '-', starting with a letter"),
    LABEL_KEY_PATTERN: ("a Kubernetes label key", "write it as prefix/name, such as kubernetes.io/hostname"),
    TENANCY_ID_PATTERN: ("a tenancy's OCID", "copy it from Oracle's console; it begins with ocid1.tenancy"),
    COMPARTMENT_ID_PATTERN: ("a compartment's OCID", "copy it from Oracle's console; it begins with ocid1.compartment"),
    IMAGE_ID_PATTERN: ("an image's OCID", "import the image and copy its identifier; it begins with ocid1.image"),
    REGION_PATTERN: ("a region's identifier", "write it as Oracle does, such as us-chicago-1"),
    KUBERNETES_VERSION_PATTERN: ("a Kubernetes version with its v", "write it as v1.36.3"),
    VERSION_PATTERN: ("a version of three numbers", "write it as 0.15.0, without a v"),
}
"""What the patterns mean to people, and what to do about a value that doesn't match."""

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
