"""One watch of the API server, and what becomes of it when it breaks, falls silent or is too old to go on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from rackwright.jobs.connection import ANSWER_S

WATCH_S = 240
"""Seconds after which a watch is begun anew: under the API server's least of 1,800, and seen by proxies as alive."""

SILENCE_S = 10
"""Seconds that the end of a watch may be late, before its connection counts as dead."""

MAX_BREAKS = 3
"""Watches in a row that may break without having brought a change: more, and something between cuts them all."""


def changes(
    listing: Callable[..., Any],
    *arguments: object,
    since: str,
    for_s: float,
    **options: str,
) -> Iterator[dict[str, Any]]:
    """What changes in a listing after the version `since`, until `for_s` or `WATCH_S` have passed."""
    from kubernetes.watch import Watch  # noqa: PLC0415  # loaded only with a cluster

    reach_s, _ = ANSWER_S
    watch_s = max(1, math.ceil(min(for_s, WATCH_S)))
    events = Watch().stream(  # type: ignore[no-untyped-call]  # the package's watch has no types
        listing,
        *arguments,
        resource_version=since,
        timeout_seconds=watch_s,
        _request_timeout=(reach_s, watch_s + SILENCE_S),
        **options,
    )
    for event in events:
        if event is not None:  # as the package yields for an empty line
            yield event


class Breaks:
    """Counts watches that broke, so that one may be begun anew, but not for ever."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def forget(self) -> None:
        """Take note of a change: the watch works."""
        self._in_a_row = 0

    @contextmanager
    def survived(self) -> Iterator[None]:
        """Go on after a watch that broke, fell silent, or whose version is too old: list again."""
        from kubernetes.client import ApiException  # noqa: PLC0415  # loaded only with a cluster
        from urllib3.exceptions import ProtocolError, ReadTimeoutError  # noqa: PLC0415  # comes with the client

        try:
            yield
        except ApiException as error:
            if error.status != HTTPStatus.GONE:
                raise
        except (ProtocolError, ReadTimeoutError):
            self._in_a_row += 1
            if self._in_a_row > MAX_BREAKS:
                raise
        else:
            self._in_a_row = 0
