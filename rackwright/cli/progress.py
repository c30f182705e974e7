"""Progress on a terminal's standard error, for work that may take more than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from rackwright.cli.output import console


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done; yields what takes the words of each step."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda _: None
        return
    with out.status(Text(what)) as status:
        yield lambda step: status.update(Text(f"{what}: {step}"))
