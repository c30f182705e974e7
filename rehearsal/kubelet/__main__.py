"""`python -m rehearsal.kubelet --state DIR`: run pods of known images as processes until SIGTERM."""

import argparse
import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from rehearsal import tools
from rehearsal.api_server import AsyncConnection
from rehearsal.kubelet.cluster import Cluster
from rehearsal.kubelet.kubelet import Kubelet
from rehearsal.kubelet.programs import needed_tools
from rehearsal.state import StateDirectory


async def serve(state: StateDirectory) -> None:
    """Run pods until SIGTERM or SIGINT, then stop their processes."""
    toolbox = tools.ensure(needed_tools())
    async with await AsyncConnection.open(state.kubeconfig("kubelet")) as connection:
        kubelet = asyncio.ensure_future(Kubelet(cluster=Cluster(connection), state=state, toolbox=toolbox).run())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, kubelet.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await kubelet


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.kubelet", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the rehearsal's state directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(serve(StateDirectory(arguments.state)))


if __name__ == "__main__":
    main()
