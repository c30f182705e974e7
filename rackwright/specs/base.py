"""The base of every spec, the field types that they share, and the one way to refuse a value.

Every refusal names the field, the value, what was expected and the remedy. Pydantic gives the first two; `refuse` adds
the others for rules that span fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from rackwright.specs import versions

DNS_LABEL_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, the form that Kubernetes asks of namespaces and services."""

DNS_LABEL_MAX_LENGTH = 63
"""Characters in a DNS label (RFC 1035, section 2.3.4)."""

LABEL_KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
"""A Kubernetes label key: an optional DNS prefix, a slash, a name."""

DnsLabel = Annotated[str, StringConstraints(pattern=DNS_LABEL_PATTERN, max_length=DNS_LABEL_MAX_LENGTH)]

NAME_MAX_LENGTH = 40
"""Characters in the name of a cluster or a job, so that suffixes fit: pods are called
`<job>-workers-<index>-<index>-<suffix>` and must stay DNS labels."""

Name = Annotated[DnsLabel, StringConstraints(max_length=NAME_MAX_LENGTH)]

MAX_GPUS = 131_072
"""GPUs of the largest job: above the 100,000 that Rackwright is made for. No degree of parallelism can be more."""

LabelKey = Annotated[str, StringConstraints(pattern=LABEL_KEY_PATTERN, max_length=317)]


def ocid_pattern(*kinds: str) -> str:
    """The form of an Oracle Cloud identifier of one of these kinds of resource."""
    return rf"^ocid1\.({'|'.join(kinds)})\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$"


TENANCY_ID_PATTERN = ocid_pattern("tenancy")
COMPARTMENT_ID_PATTERN = ocid_pattern("compartment", "tenancy")
IMAGE_ID_PATTERN = ocid_pattern("image")
DRG_ID_PATTERN = ocid_pattern("drg")
FLEXIBLE_SHAPE_PATTERN = r"\.Flex$"
REGION_PATTERN = r"^[a-z]+-[a-z]+-\d+$"
KUBERNETES_VERSION_PATTERN = r"^v\d+\.\d+\.\d+$"
VERSION_PATTERN = r"^\d+\.\d+\.\d+$"

FORMS = {
    DNS_LABEL_PATTERN: ("a DNS label", "use lower-case letters, digits and '-', starting with a letter"),
    LABEL_KEY_PATTERN: ("a Kubernetes label key", "write it as prefix/name, such as kubernetes.io/hostname"),
    TENANCY_ID_PATTERN: ("a tenancy's OCID", "copy it from Oracle's console; it begins with ocid1.tenancy"),
    COMPARTMENT_ID_PATTERN: ("a compartment's OCID", "copy it from Oracle's console; it begins with ocid1.compartment"),
    IMAGE_ID_PATTERN: ("an image's OCID", "import the image and copy its identifier; it begins with ocid1.image"),
    DRG_ID_PATTERN: ("a dynamic routing gateway's OCID", "copy it from Oracle's console; it begins with ocid1.drg"),
    FLEXIBLE_SHAPE_PATTERN: ("a flexible shape's name", "choose one that ends with .Flex, such as VM.Standard.E5.Flex"),
    REGION_PATTERN: ("a region's identifier", "write it as Oracle does, such as us-chicago-1"),
    KUBERNETES_VERSION_PATTERN: ("a Kubernetes version with its v", f"write it as {versions.KUBERNETES}"),
    VERSION_PATTERN: ("a version of three numbers", f"write it as {versions.KUEUE}, without a v"),
}
"""What the patterns mean to people, and what to do about a value that doesn't match."""

Cidr = Annotated[IPv4Network, PlainSerializer(str, return_type=str)]


class Spec(BaseModel):
    """A document or a part of one: unknown fields are errors, and a value once read doesn't change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A refused value, with what was expected and the remedy."""

    field: str
    """The path below the model whose validator refuses, with dots (`gpu_pools.0.hosts`)."""
    value: object
    expected: str
    remedy: str

    def error(self) -> PydanticCustomError:
        """The refusal as pydantic takes it."""
        return PydanticCustomError("rackwright_refused", "{expected}", asdict(self))


def refuse(*, field: str, value: object, expected: str, remedy: str) -> NoReturn:
    """Refuse a value in a validator, for a rule that spans fields; the arguments are a `Refusal`'s."""
    raise Refusal(field=field, value=value, expected=expected, remedy=remedy).error()


def refuse_all(refusals: Sequence[Refusal]) -> NoReturn:
    """Refuse several values at once in a validator."""
    errors = [InitErrorDetails(type=refusal.error(), input=refusal.value) for refusal in refusals]
    raise ValidationError.from_exception_data("document", errors)
