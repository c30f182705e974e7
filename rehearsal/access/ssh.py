"""`ssh`, played: the port forwarding of a session of Oracle's Bastion service, and nothing else.

Options as in OpenSSH's manual; a local port that is taken, a session that doesn't let one in, and another host than a
region's bastion end it with OpenSSH's exit code.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import sys
from pathlib import Path
from typing import NoReturn

from rehearsal.access import forwarding, network
from rehearsal.cloud.state import Store

FAILED = 255
"""OpenSSH's exit code for its own errors."""

DESTINATION = re.compile(r"(?P<session>ocid1\.bastionsession\.[^@]+)@host\.bastion\.(?P<region>[a-z0-9-]+)\.oci\..*")
FORWARD = re.compile(r"(?:127\.0\.0\.1:|localhost:)?(?P<local>\d+):(?P<address>[0-9.]+):(?P<port>\d+)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ssh", allow_abbrev=False)
    parser.add_argument("-i", dest="identity", type=Path, required=True)
    parser.add_argument("-N", dest="no_command", action="store_true", required=True)
    parser.add_argument("-L", dest="forward", required=True)
    parser.add_argument("-p", dest="port", type=int, default=22)
    parser.add_argument("-o", dest="options", action="append", default=[])
    parser.add_argument("destination")
    return parser


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise SystemExit(FAILED)


def local_port(directory: Path, arguments: argparse.Namespace) -> tuple[int, str]:
    """The port of this machine that is to lead there, and the session by which; end where it can't."""
    to, forward = DESTINATION.fullmatch(arguments.destination), FORWARD.fullmatch(arguments.forward)
    if to is None:
        _fail(f"ssh: Could not resolve hostname {arguments.destination.rpartition('@')[2]}")
    if forward is None:
        _fail(f"Bad local forwarding specification '{arguments.forward}'")
    session = Store(directory).read().records.get(to["session"])
    if session is None or session.region != to["region"]:
        _fail(f"{arguments.destination}: Permission denied (publickey).")
    if not arguments.identity.expanduser().is_file():
        _fail(f"Warning: Identity file {arguments.identity} not accessible: No such file or directory.")
    if (forward["address"], int(forward["port"])) != (session.inputs["address"], session.inputs["port"]):
        _fail("channel 0: open failed: administratively prohibited: the session has another target")
    return int(forward["local"]), session.id


async def forward(directory: Path, port: int, session: str) -> None:
    """Hold the port open until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await forwarding.serve(
        port,
        target=network.api_server_port(directory),
        refusal=lambda: network.session_refusal(directory, session),
    )
    await ended.wait()
    server.close()


def main() -> None:
    """Forward: `python -m rehearsal.access.ssh DIR ARGUMENTS…`."""
    directory, arguments = Path(sys.argv[1]), _parser().parse_args(sys.argv[2:])
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port, session = local_port(directory, arguments)
    if reason := network.session_refusal(directory, session):
        _fail(f"ssh: connect to host {arguments.destination}: Connection timed out ({reason})")
    try:
        asyncio.run(forward(directory, port, session))
    except OSError as error:
        _fail(f"bind [127.0.0.1]:{port}: {error.strerror}")


if __name__ == "__main__":
    main()
