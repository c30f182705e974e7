"""A queue of jobs to look at: each at most once in it and at most once at work, a bounded number at work in all.

What wakes a job that is being looked at makes it looked at once more afterwards, so that nothing is missed. A look that
fails is repeated after a delay that doubles, with jitter, so that many jobs don't knock at a sick API server together.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp
from kubernetes.aio.client import ApiException

from operators.observed import JobKey

logger = logging.getLogger(__name__)

WORKERS = 16
"""Jobs looked at side by side; each look is a few requests, and the API server has other clients."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0
"""Seconds until a failed look is repeated: the first time, and at the most."""


API_TROUBLE = (ApiException, aiohttp.ClientError, OSError, TimeoutError)
"""What goes wrong between here and the API server, which a traceback says nothing about."""


class WorkQueue:
    """Jobs that wait to be looked at."""

    def __init__(self, look: Callable[[JobKey], Awaitable[float | None]], *, workers: int = WORKERS) -> None:
        """`look` works on one job and returns the seconds after which to look again, or None."""
        self._look = look
        self._workers = workers
        self._ready: asyncio.Queue[JobKey] = asyncio.Queue()
        self._waiting: set[JobKey] = set()
        self._working: set[JobKey] = set()
        self._woken: set[JobKey] = set()
        self._timers: dict[JobKey, asyncio.TimerHandle] = {}
        self._failures: Counter[JobKey] = Counter()

    def add(self, key: JobKey) -> None:
        """Look at a job as soon as possible."""
        self._cancel_timer(key)
        if key in self._working:
            self._woken.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_later(self, key: JobKey, after_s: float) -> None:
        """Look at a job after a while, unless something wakes it earlier."""
        self._cancel_timer(key)
        self._timers[key] = asyncio.get_running_loop().call_later(after_s, self.add, key)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            for key in list(self._timers):
                self._cancel_timer(key)

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._working.add(key)
            try:
                again_s = await self._look(key)
                self._failures.pop(key, None)
            except Exception as error:  # whatever fails for one job stops no other
                self._failures[key] += 1
                again_s = delay_s(self._failures[key])
                logger.error(  # noqa: TRY400 - with a traceback where that tells something
                    "job %s: failed; trying again in %.1f s: %s",
                    "/".join(key), again_s, " ".join(str(error).split()) or type(error).__name__,
                    exc_info=not isinstance(error, API_TROUBLE),
                )  # fmt: skip
            self._working.discard(key)
            if key in self._woken:
                self._woken.discard(key)
                if key not in self._failures:
                    self.add(key)
                    again_s = None
            if again_s is not None:
                self.add_later(key, again_s)
            # A look that asks the API server for nothing never waits: without this, a look at all of many jobs would
            # keep events and probes waiting.
            await asyncio.sleep(0)

    def _cancel_timer(self, key: JobKey) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()


def delay_s(failures: int) -> float:
    """Seconds until the look after that many failures: doubled each time, and spread over half to all of it."""
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load; no secret
