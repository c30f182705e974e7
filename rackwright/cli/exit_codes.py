"""The exit codes of the command. Loads nothing else: Ctrl-C may end the command while it loads."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What scripts can go by."""

    OK = 0
    FAILURE = 1
    """The work failed: a job, `pulumi up`, a rehearsal."""
    USAGE = 2
    """Unknown command or option, or an option without a value."""
    REFUSED = 3
    """The input was understood and can't be taken; nothing was changed."""
    NOT_FOUND = 4
    """No such job, namespace, file of a checkout, …"""
    UNREACHABLE = 5
    """The cluster can't be reached."""
    DENIED = 6
    """The cluster doesn't let this user do it."""
    INTERRUPTED = 130
    """Ctrl-C ended it (128 + SIGINT, as in shells)."""


EXIT_CODES = (
    "Exit codes: 0 done · 1 the work failed · 2 usage · 3 input refused, nothing changed · 4 not found · "
    "5 cluster unreachable · 6 access denied · 130 interrupted"
)
"""`ExitCode` in one line, for the help."""
