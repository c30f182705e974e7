from __future__ import annotations

import pytest

from rackwright.specs import SpecError
from stacks.places.region import check_version, choose_availability_domain, choose_image, is_all_services

pytestmark = pytest.mark.pure

IMAGES = {
    "Oracle-Linux-8.10-2025.09.16-0-OKE-1.34.1-1191": "older",
    "Oracle-Linux-8.10-2025.11.20-0-OKE-1.34.1-1330": "newer",
    "Oracle-Linux-8.10-2025.12.20-0-OKE-1.34.10-1400": "another version",
    "Oracle-Linux-8.10-aarch64-2025.12.20-0-OKE-1.34.1-1400": "another architecture",
    "Oracle-Linux-8.10-Gen2-GPU-2025.12.20-0-OKE-1.34.1-1400": "for GPUs",
}


def test_the_newest_ordinary_image_of_the_very_version_is_taken() -> None:
    assert choose_image("v1.34.1", IMAGES, source="test") == "newer"


def test_a_version_without_an_image_is_refused() -> None:
    with pytest.raises(SpecError, match=r"kubernetes_version: got 'v1\.33\.1'"):
        choose_image("v1.33.1", IMAGES, source="region us-test-1")


def test_a_version_that_the_region_lacks_is_refused_with_the_list() -> None:
    with pytest.raises(SpecError, match=r"region us-test-1: kubernetes_version: got .*expected one of v1\.34\.1"):
        check_version("v1.33.1", ["v1.34.1"], source="region us-test-1")


def test_availability_domains_are_counted_from_one_in_the_order_of_their_names() -> None:
    names = ["x:AD-2", "x:AD-1", "x:AD-3"]
    assert [choose_availability_domain(number, names, source="test") for number in (1, 2, 3)] == sorted(names)


def test_a_domain_that_the_region_lacks_is_refused() -> None:
    with pytest.raises(SpecError, match=r"place\.availability_domain: got 2; expected 1 to 1"):
        choose_availability_domain(2, ["x:AD-1"], source="test")


def test_only_the_service_for_all_services_counts() -> None:
    assert is_all_services("All ORD Services In Oracle Services Network")
    assert not is_all_services("OCI ORD Object Storage")
