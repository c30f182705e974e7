"""Mount paths become local paths, as whole paths only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.kubelet.paths import Mount, map_paths

pytestmark = pytest.mark.pure

MOUNTS = [
    Mount(path="/etc/app", local=Path("/state/app")),
    Mount(path="/etc/app/certs/", local=Path("/state/certs")),
    Mount(path="/config.yaml", local=Path("/state/moved.yaml")),
]


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("/etc/app/x", "/state/app/x"),
        ("--dir=/etc/app", "--dir=/state/app"),
        ("/etc/app/certs/tls.crt", "/state/certs/tls.crt"),
        ("--config=/config.yaml", "--config=/state/moved.yaml"),
        ("/etc/app:/etc/app/certs", "/state/app:/state/certs"),
        ("open('/etc/app/x')", "open('/state/app/x')"),
        ("/etc/apps", "/etc/apps"),
        ("/etc/app-2", "/etc/app-2"),
        ("/opt/etc/app", "/opt/etc/app"),
        ("/config.yaml.old", "/config.yaml.old"),
    ],
)
def test_whole_paths_are_mapped_and_the_deepest_mount_wins(text: str, mapped: str) -> None:
    assert mapped == map_paths(text, MOUNTS)


@given(st.text())
def test_without_mounts_nothing_changes(text: str) -> None:
    assert text == map_paths(text, [])
