"""The published table: targets lead to local ports or to a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.egress.routes import EVERY_HOST, NoRouteError, Route, read, resolve, write

pytestmark = pytest.mark.pure

TABLE = {
    "10.96.0.9:443": Route(description="service prod/hook port 443", local_ports=(40001, 40002)),
    "10.96.0.8:443": Route(description="service prod/down port 443", local_ports=()),
    "10.96.0.8:10250": Route(description="service prod/metrics port 10250", local_ports=(40003,)),
    EVERY_HOST: Route(description="the kubelets of all hosts", local_ports=(40004,), wants_target=True),
}


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    assert read(path) == {}
    write(path, TABLE)
    assert read(path) == TABLE


def test_a_target_leads_to_a_local_port() -> None:
    assert resolve(TABLE, "10.96.0.9:443").local_ports == (40001, 40002)


def test_a_service_without_ready_pods_is_named() -> None:
    with pytest.raises(NoRouteError, match=r"prod/down port 443 .* has no ready pod"):
        resolve(TABLE, "10.96.0.8:443")


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(NoRouteError, match=r"10\.96\.0\.7:443"):
        resolve(TABLE, "10.96.0.7:443")


def test_a_hosts_kubelet_is_reached_at_its_port_unless_a_service_has_that_address() -> None:
    assert resolve(TABLE, "10.140.16.37:10250") == TABLE[EVERY_HOST]
    assert resolve(TABLE, "10.96.0.8:10250").local_ports == (40003,)
