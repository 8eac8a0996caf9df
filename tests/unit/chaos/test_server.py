"""Faults done to real processes."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from chaos.server import eventually, kill, paused


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as sleeping:
        try:
            yield psutil.Process(sleeping.pid)
        finally:
            sleeping.kill()


def test_a_paused_process_goes_on_afterwards(process: psutil.Process) -> None:
    with paused([process]):
        assert eventually(lambda: process.status() == psutil.STATUS_STOPPED, 5)
    assert eventually(lambda: process.status() != psutil.STATUS_STOPPED, 5)


def test_a_paused_process_goes_on_after_an_error(process: psutil.Process) -> None:
    with pytest.raises(ZeroDivisionError), paused([process]):
        raise ZeroDivisionError
    assert eventually(lambda: process.status() != psutil.STATUS_STOPPED, 5)


def test_a_process_that_ended_while_it_was_paused_is_no_error(process: psutil.Process) -> None:
    with paused([process]):
        kill(process)
        process.wait(5)
    assert not process.is_running()


def test_waiting_ends_in_time() -> None:
    began = time.monotonic()
    assert not eventually(lambda: False, 0.1)
    assert 0.1 <= time.monotonic() - began < 5
