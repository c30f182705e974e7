"""The ways to the Kubernetes API: each has what it needs, and the whole Internet is let in by its word alone."""

from __future__ import annotations

from typing import Any

import pytest

from rackwright.specs import SpecError
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.documents import dump_document, validate_document

pytestmark = pytest.mark.pure

DRG = "ocid1.drg.oc1.ord.aaaa"


def read(**document: object) -> ApiAccess:
    return validate_document(document, ApiAccess, source="api_access")


@pytest.mark.parametrize(
    ("document", "field", "remedy"),
    [
        ({"way_in": "public"}, "public_from", "Add your own range, such as 203.0.113.0/24."),
        ({"way_in": "bastion", "private_from": ["10.0.0.0/8"]}, "public_from", "Add your own range"),
        ({"way_in": "inside"}, "private_from", "Add the range of the network or host that you work from."),
        ({"way_in": "peered", "drg_id": DRG}, "private_from", "Add the range"),
        ({"way_in": "peered", "private_from": ["10.0.0.0/8"]}, "drg_id", "Add the dynamic routing gateway's"),
        (
            {"way_in": "inside", "private_from": ["10.140.0.0/16"], "public_from": ["203.0.113.0/24"]},
            "public_from",
            "Remove it, or choose the way_in public or bastion.",
        ),
        ({"way_in": "public", "public_from": ["0.0.0.0/0"]}, "public_from.0", "write the word anywhere"),
        ({"way_in": "inside", "private_from": ["0.0.0.0/0"]}, "private_from.0", "Name them, such as 10.0.0.0/16."),
    ],
)
def test_a_way_without_what_it_needs_is_refused(document: dict[str, Any], field: str, remedy: str) -> None:
    with pytest.raises(SpecError) as refused:
        read(**document)
    [problem] = refused.value.problems
    assert problem.field == field
    assert remedy in str(problem)


def test_the_whole_internet_is_a_word_when_read_and_when_written() -> None:
    access = read(way_in="public", public_from=["anywhere"])
    assert [str(each) for each in access.api_ranges] == ["0.0.0.0/0"]
    assert "- anywhere" in dump_document(access)
    assert ApiAccess.model_validate(access.model_dump(mode="json")) == access


def test_the_clients_of_a_bastion_don_t_reach_the_api_itself() -> None:
    access = read(way_in="bastion", public_from=["203.0.113.0/24"], private_from=["10.8.0.0/16"])
    assert [str(each) for each in access.api_ranges] == ["10.8.0.0/16"]
    assert not access.has_public_endpoint
