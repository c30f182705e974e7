from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.queueing import FIRST_DELAY_S, LONGEST_DELAY_S, WorkQueue, delay_s

pytestmark = pytest.mark.pure

A, B = ("team-a", "a"), ("team-a", "b")


async def working(queue: WorkQueue, until: Callable[[], Awaitable[object]]) -> None:
    """Let the queue work until the awaited thing has happened."""
    task = asyncio.create_task(queue.run())
    await until()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_a_job_woken_many_times_before_its_look_is_looked_at_once() -> None:
    looks: list[tuple[str, str]] = []

    async def scenario() -> None:
        done = asyncio.Event()

        async def look(key: tuple[str, str]) -> None:
            looks.append(key)
            if key == B:
                done.set()

        queue = WorkQueue(look, workers=1)
        for key in (A, A, A, B):
            queue.add(key)
        await working(queue, done.wait)

    asyncio.run(scenario())
    assert looks == [A, B]


def test_a_job_woken_during_its_look_is_looked_at_once_more_and_never_twice_at_a_time() -> None:
    looks = 0
    at_work = 0

    async def scenario() -> None:
        done = asyncio.Event()

        async def look(key: tuple[str, str]) -> None:
            nonlocal looks, at_work
            looks += 1
            at_work += 1
            assert at_work == 1
            if looks == 1:
                queue.add(key)
                queue.add(key)
            await asyncio.sleep(0)
            at_work -= 1
            if looks == 2:
                done.set()

        queue = WorkQueue(look, workers=4)
        queue.add(A)
        await working(queue, done.wait)

    asyncio.run(scenario())
    assert looks == 2


def test_a_failed_look_is_repeated_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operators.queueing.delay_s", lambda _: 0.0)
    looks: list[tuple[str, str]] = []

    async def scenario() -> None:
        done = asyncio.Event()

        async def look(key: tuple[str, str]) -> None:
            looks.append(key)
            if key == A and looks.count(A) < 3:
                raise RuntimeError("the API server is sick")
            if looks.count(A) == 3 and B in looks:
                done.set()

        queue = WorkQueue(look, workers=1)
        queue.add(A)
        queue.add(B)
        await working(queue, done.wait)

    asyncio.run(scenario())
    assert looks.count(A) == 3
    assert looks.count(B) == 1


def test_what_a_look_asks_for_later_comes_and_a_wake_comes_before_it() -> None:
    looks = 0

    async def scenario() -> None:
        done = asyncio.Event()

        async def look(key: tuple[str, str]) -> float | None:
            nonlocal looks
            looks += 1
            if looks == 1:
                return 0.0
            if looks == 2:
                asyncio.get_running_loop().call_soon(queue.add, key)
                return 3600.0
            done.set()
            return None

        queue = WorkQueue(look, workers=1)
        queue.add(A)
        await working(queue, done.wait)

    asyncio.run(scenario())
    assert looks == 3


@given(failures=st.integers(1, 1000))
def test_delays_grow_and_stay_bounded(failures: int) -> None:
    assert FIRST_DELAY_S / 2 <= delay_s(failures) <= LONGEST_DELAY_S
