"""What interrupts a rehearsal does so at once, except within a clean-up, after which it does so all the same."""

from __future__ import annotations

import os
import signal

import pytest

from rehearsal import interruption

pytestmark = pytest.mark.pure

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruption.interruptible():
        send(number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_clean_up_is_finished_before_it_is_interrupted(number: signal.Signals) -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruption.interruptible():  # noqa: PT012  # what comes after counts
        with interruption.deferred():
            send(number)
            send(number)
            done.append("clean-up")
        done.append("more")
    assert done == ["clean-up"]


def test_what_the_starter_had_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruption.interruptible(), interruption.deferred():
            send(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
