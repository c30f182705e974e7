"""The `rackwright` command."""


def main() -> None:
    """Run the command line: the console entry."""
    from rackwright.cli.app import app  # noqa: PLC0415  # a plain `import rackwright.cli` must not load the command line

    app()
