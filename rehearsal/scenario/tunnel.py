"""Opening the way through a bastion as its user does: by the commands that the cluster's stack puts out."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from rehearsal import processes
from rehearsal.state import StateDirectory

OPEN_TIMEOUT_S = 60.0
"""Seconds for a session and the tunnel through it: it takes one; a busy machine needs longer."""

LOOPBACK = "127.0.0.1"


def open_tunnel(state: StateDirectory, commands: str, *, port: int, environment: Mapping[str, str]) -> None:
    """Run the commands in the background until the tunnel's beginning listens; `ProcessError` if it never does."""
    key = state.pki / "ssh"
    key.touch(mode=0o600)
    key.with_suffix(".pub").touch(mode=0o600)
    shell = processes.start(
        "tunnel", ["sh", "-c", commands], state=state, environment={**environment, "SSH_KEY": str(key)}
    )
    shell.wait_until(lambda: _listens(port), timeout_s=OPEN_TIMEOUT_S)


def free_port() -> int:
    """A port of this machine that is free now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
