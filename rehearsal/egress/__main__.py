"""`python -m rehearsal.egress --state DIR`: serve the API server's egress until SIGTERM."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from rehearsal.egress.proxy import Proxy
from rehearsal.egress.routes import TABLE_NAME
from rehearsal.state import StateDirectory


async def serve(state: StateDirectory) -> None:
    """Serve until SIGTERM or SIGINT."""
    proxy = Proxy(socket=state.egress_socket, table=state.root / TABLE_NAME)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await proxy.start()
    await ended.wait()
    server.close()
    state.egress_socket.unlink(missing_ok=True)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.egress", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the rehearsal's state directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(StateDirectory(arguments.state)))


if __name__ == "__main__":
    main()
