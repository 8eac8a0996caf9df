"""Signals as one wish to stop."""

import os
import signal
import time

import pytest

from server.signals import STOPPING, StopSignals


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_ends_the_next_sleep(number: signal.Signals) -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), number)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            signals.sleep(30)
    assert time.monotonic() - began < 1


def test_the_next_signal_ends_the_next_sleep() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signals.sleep(30)
        told = [signals.last]
        # The first one has been told.
        signals.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signals.sleep(30)
        assert [*told, signals.last] == [signal.SIGTERM, signal.SIGINT]


def test_without_a_signal_it_sleeps() -> None:
    with StopSignals() as signals:
        began = time.monotonic()
        signals.sleep(0.15)
    assert 0.15 <= time.monotonic() - began < 2


def test_the_former_handlers_come_back() -> None:
    former = [signal.getsignal(number) for number in STOPPING]
    with StopSignals():
        pass
    assert [signal.getsignal(number) for number in STOPPING] == former
