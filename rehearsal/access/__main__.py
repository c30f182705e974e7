"""`python -m rehearsal.access --state DIR`: serve the cluster's endpoint until SIGTERM."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from rehearsal.access import forwarding, network


async def serve(directory: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await forwarding.serve(
        network.endpoint_port(directory),
        target=network.api_server_port(directory),
        refusal=lambda: network.endpoint_refusal(directory),
    )
    await ended.wait()
    server.close()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.access", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the rehearsal's state directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(arguments.state))


if __name__ == "__main__":
    main()
