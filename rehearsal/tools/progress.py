"""What a person sees while tools are made ready: a bar at a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class Reporter(Protocol):
    """Is told how the work on missing tools goes. Nothing is told when none is missing.

    There may be two rounds of `begin` to `end`: one for Go itself, one for the tools.
    """

    def begin(self, total: int) -> None:
        """So many tools are missing and will now be made."""

    def start(self, tool: str) -> None:
        """Work on this tool starts."""

    def wait(self, tool: str) -> None:
        """Another process makes this tool; we wait for it."""

    def activity(self, text: str) -> None:
        """What the work on the current tool is at, in a few words."""

    def finish(self, tool: str) -> None:
        """The tool is there."""

    def end(self) -> None:
        """No more to come: all done, or failed."""


class PlainReporter:
    """One line when a tool starts and one when it ends, with seconds; for pipes and logs."""

    def __init__(self, write_line: Callable[[str], None]) -> None:
        self._write_line = write_line
        self._total = 0
        self._number = 0
        self._began_s = 0.0
        self._started_s = 0.0

    def begin(self, total: int) -> None:
        """See Reporter."""
        self._total = total
        self._number = 0
        self._began_s = time.monotonic()
        self._write_line(f"tools: {total} to make; each is made once and kept")

    def start(self, tool: str) -> None:
        """See Reporter."""
        self._number += 1
        self._started_s = time.monotonic()
        self._write_line(f"tools: {self._number}/{self._total} {tool}: started")

    def wait(self, tool: str) -> None:
        """See Reporter."""
        self._write_line(f"tools: {tool}: another process is making it; waiting for that")

    def activity(self, text: str) -> None:
        """Not shown: a log is no place for it."""

    def finish(self, tool: str) -> None:
        """See Reporter."""
        now_s = time.monotonic()
        self._write_line(
            f"tools: {self._number}/{self._total} {tool}: ready after "
            f"{now_s - self._started_s:.0f} s ({now_s - self._began_s:.0f} s in all)"
        )

    def end(self) -> None:
        """See Reporter."""


class BarReporter:
    """A bar with which of how many, what it is at, and the time so far."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("tools"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._task: TaskID | None = None
        self._tool = ""
        self._started_s = 0.0

    def begin(self, total: int) -> None:
        """See Reporter."""
        if self._task is not None:  # an earlier round's bar
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def start(self, tool: str) -> None:
        """See Reporter."""
        self._tool = tool
        self._started_s = time.monotonic()
        self._describe(tool)

    def wait(self, tool: str) -> None:
        """See Reporter."""
        self._describe(f"{tool}: another process is making it; waiting for that")

    def activity(self, text: str) -> None:
        """See Reporter."""
        self._describe(f"{self._tool}: {text}")

    def finish(self, tool: str) -> None:
        """See Reporter."""
        seconds = time.monotonic() - self._started_s
        self._progress.console.print(f"  {tool} ready after {seconds:.0f} s", highlight=False)
        if self._task is not None:
            self._progress.advance(self._task)

    def end(self) -> None:
        """See Reporter."""
        self._progress.stop()

    def _describe(self, text: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, description=text)


def for_console(console: Console) -> Reporter:
    """The bar for a terminal, plain lines for anything else."""
    if console.is_terminal:
        return BarReporter(console)
    return PlainReporter(lambda line: console.print(line, highlight=False, soft_wrap=True))
