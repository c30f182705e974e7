"""Listen addresses on all interfaces move to 127.0.0.1 and a port of their own; everything else stays."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.kubelet.addresses import LocalPorts, free_port, map_argument, map_listen_address

pytestmark = pytest.mark.pure


def numbered() -> LocalPorts:
    """Local ports from 40001 on."""
    numbers = count(40001)
    return LocalPorts(allocate=lambda: next(numbers))


@pytest.mark.parametrize(
    ("declared", "moved"),
    [
        (":8081", "127.0.0.1:40001"),
        ("0.0.0.0:8081", "127.0.0.1:40001"),
        ("[::]:8081", "127.0.0.1:40001"),
        ("http://0.0.0.0:8081/healthz", "http://127.0.0.1:40001/healthz"),
    ],
)
def test_an_address_on_all_interfaces_moves(declared: str, moved: str) -> None:
    assert moved == map_listen_address(declared, numbered())


@pytest.mark.parametrize(
    "text", ["0", ":0", "", "8081", "10.0.0.1:8081", "example.com/image:8081", "a:1", "12:30:45", "::1", "nonsense"]
)
def test_anything_else_stays(text: str) -> None:
    assert text == map_listen_address(text, numbered())


def test_only_the_value_of_a_flag_is_an_address() -> None:
    assert map_argument("--listen=:80", numbered()) == "--listen=127.0.0.1:40001"
    assert map_argument("http=:80", numbered()) == "http=:80"


@given(st.lists(st.integers(min_value=1, max_value=65535)))
def test_each_port_has_one_local_port_of_its_own(ports: list[int]) -> None:
    local = numbered()
    mapped = {port: local.local(port) for port in ports}
    assert [mapped[port] for port in ports] == [local.local(port) for port in ports]
    assert len(set(mapped.values())) == len(set(ports))
    assert mapped == local.by_container_port()


def test_an_assigned_port_is_not_replaced() -> None:
    local = numbered()
    local.assign(8082, 5)
    assert local.local(8082) == 5


def test_a_free_port_can_be_had() -> None:
    assert 0 < free_port() < 65536
