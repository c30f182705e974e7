"""Progress is a line at each end of a tool's making where no terminal shows a bar."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rehearsal.tools.progress import BarReporter, Reporter, for_console

pytestmark = pytest.mark.pure


def _make_two(reporter: Reporter) -> None:
    reporter.begin(2)
    reporter.start("etcd v3.7.3")
    reporter.activity("12 packages compiled")
    reporter.finish("etcd v3.7.3")
    reporter.start("kwok v0.8.0")
    reporter.wait("kwok v0.8.0")
    reporter.finish("kwok v0.8.0")
    reporter.end()


def test_a_pipe_gets_plain_lines() -> None:
    output = io.StringIO()
    _make_two(for_console(Console(file=output)))
    assert output.getvalue().splitlines() == [
        "tools: 2 to make; each is made once and kept",
        "tools: 1/2 etcd v3.7.3: started",
        "tools: 1/2 etcd v3.7.3: ready after 0 s (0 s in all)",
        "tools: 2/2 kwok v0.8.0: started",
        "tools: kwok v0.8.0: another process is making it; waiting for that",
        "tools: 2/2 kwok v0.8.0: ready after 0 s (0 s in all)",
    ]


def test_a_terminal_gets_a_bar_that_says_which_of_how_many() -> None:
    output = io.StringIO()
    reporter = for_console(Console(file=output, force_terminal=True, width=120))
    assert isinstance(reporter, BarReporter)
    _make_two(reporter)
    assert "2/2" in output.getvalue()
    assert "etcd v3.7.3 ready after" in output.getvalue()
