"""The `rackwright` command."""

import sys

from rackwright.cli.exit_codes import ExitCode


def main() -> None:
    """Run the command line: the console entry."""
    try:
        # A plain `import rackwright.cli` must not load the command line.
        from rackwright.cli.app import app  # noqa: PLC0415  # see above

        app()
    except KeyboardInterrupt:  # while it loads, which takes a second
        sys.exit(ExitCode.INTERRUPTED)
