"""What a person sees while a rehearsal runs: numbered steps with elapsed times; plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Step:
    """One step while it runs."""

    def __init__(self, console: Console, title: str, status: Status | None) -> None:
        self._console = console
        self._title = title
        self._status = status
        self._began = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._began

    def doing(self, text: str) -> None:
        """Show what is being done now; in a pipe nothing."""
        if self._status:
            self._status.update(f"{escape(self._title)}  [dim]{escape(text)}[/dim]")

    def note(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._console.print(f"  [dim]{self.elapsed_s:6.1f} s[/dim]  {escape(text)}", highlight=False, soft_wrap=True)


class Progress:
    """Counts the steps and times them."""

    def __init__(self, console: Console, *, steps: int) -> None:
        self.console = console
        self._steps = steps
        self._number = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run one step: its title before, its time after."""
        self._number += 1
        heading = f"{self._number}/{self._steps}  {title}"
        self.console.print(f"[bold]{escape(heading)}[/bold]", highlight=False)
        if self.console.is_terminal:
            with self.console.status(escape(title)) as status:
                step = Step(self.console, title, status)
                yield step
        else:
            step = Step(self.console, title, None)
            yield step
        self.console.print(f"  [green]{step.elapsed_s:6.1f} s  done[/green]", highlight=False)
