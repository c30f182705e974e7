"""Go runs in an environment that doesn't change what is built."""

import pytest

from rehearsal.tools import go

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("go1.26.8 linux amd64", True),
        ("go1.26", True),
        ("go1.27rc1", True),
        ("go2.0", True),
        ("go1.25.9", False),
        ("go1.9", False),
        ("devel", False),
        ("", False),
    ],
)
def test_only_a_new_enough_go_will_do(version: str, *, expected: bool) -> None:
    assert go.is_new_enough(version) is expected


def test_what_decides_the_result_is_fixed() -> None:
    set_by_user = {"GOFLAGS": "-tags=x", "GOOS": "windows", "GOTOOLCHAIN": "auto", "CGO_ENABLED": "1", "GOWORK": "/w"}
    environment = go.environment(set_by_user)
    assert environment == {
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def test_where_to_download_from_and_where_to_keep_is_the_users() -> None:
    user = {"GOPROXY": "https://proxy.example", "GOMODCACHE": "/m", "GOCACHE": "/c", "HOME": "/h"}
    assert user.items() <= go.environment(user).items()
