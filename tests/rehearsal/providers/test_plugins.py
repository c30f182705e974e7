"""The plugins are found where the engine looks, and start as the engine starts them."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.providers import plugins

pytestmark = pytest.mark.mocked

DEADLINE_S = 30.0
"""Seconds after which a process that should end counts as stuck."""


@pytest.mark.parametrize("provider", sorted(plugins.PROVIDERS))
def test_an_installed_plugin_prints_its_port_and_serves_its_sdks_version(provider: str, tmp_path: Path) -> None:
    """Started in the program's directory, it serves until it is told to stop, and then ends well."""
    home, state, program = (tmp_path / name for name in ("home dir", "state", "program"))
    for directory in (home, state, program):
        directory.mkdir()
    plugins.install(home, state=state, python=Path(sys.executable))
    version = metadata.version(plugins.PROVIDERS[provider])
    executable = home / "plugins" / f"resource-{provider}-v{version}" / f"pulumi-resource-{provider}"
    process = subprocess.Popen([executable, "127.0.0.1:1"], cwd=program, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty())
        assert info.version == version
    finally:
        process.terminate()
        status = process.wait(timeout=DEADLINE_S)
        process.stdout.close()
    assert status == 0


LOST_PARENT = """
import subprocess, sys
plugin = subprocess.Popen([sys.argv[1], "127.0.0.1:1"], stdout=subprocess.PIPE)
plugin.stdout.readline()
print(plugin.pid)
"""
"""A program that starts a plugin, waits until it serves, and ends without a word to it."""


def test_a_plugin_ends_with_the_engine_that_started_it(tmp_path: Path) -> None:
    """However the engine ended."""
    plugins.install(tmp_path, state=tmp_path, python=Path(sys.executable))
    executable = plugins.executable(tmp_path, "kubernetes")
    command = [sys.executable, "-c", LOST_PARENT, str(executable)]
    pid = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    gone, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=DEADLINE_S)
    assert not alive, gone


def test_installing_again_replaces(tmp_path: Path) -> None:
    """The newest state directory counts."""
    for name in ("first", "second"):
        plugins.install(tmp_path, state=tmp_path / name, python=tmp_path / "python")
    text = plugins.executable(tmp_path, "oci").read_text(encoding="utf-8")
    assert "second" in text
    assert "first" not in text
