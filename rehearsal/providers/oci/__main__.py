"""The plugin's process: `python -m rehearsal.providers.oci --state DIRECTORY [ENGINE_ADDRESS]`."""

import argparse
from pathlib import Path

from rehearsal.providers import serving
from rehearsal.providers.oci.provider import OciProvider


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="pulumi-resource-oci")
    parser.add_argument("--state", type=Path, required=True, help="the rehearsal's state directory")
    parser.add_argument("engine_address", nargs="?", help="host:port of the engine, which adds it by itself")
    arguments, _ = parser.parse_known_args()  # the engine may add flags for its own logging
    serving.serve(OciProvider(arguments.state), engine_address=arguments.engine_address)


if __name__ == "__main__":
    main()
