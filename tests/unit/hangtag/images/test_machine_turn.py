"""One large photo at a time: of threads, and of processes that share a folder."""

import logging
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hangtag.errors import DeadlineExceeded
from hangtag.images import machine_turn as module
from hangtag.images.machine_turn import lock_path, machine_turn

PROGRAM = """
import sys
from hangtag.images.machine_turn import machine_turn
with machine_turn():
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def other_process(folder: Path) -> "subprocess.Popen[str]":
    """A process that has the turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def take_turn(taken: list[float]) -> None:
    with machine_turn():
        taken.append(time.monotonic())
        time.sleep(0.2)


def test_threads_take_turns() -> None:
    taken: list[float] = []
    threads = [threading.Thread(target=take_turn, args=(taken,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second, third = sorted(taken)
    assert second - first >= 0.19
    assert third - second >= 0.19


def test_processes_take_turns_and_one_that_is_killed_holds_nobody_up(folder: Path) -> None:
    taken: list[float] = []
    with other_process(folder) as other:
        thread = threading.Thread(target=take_turn, args=(taken,))
        thread.start()
        thread.join(0.5)
        assert not taken
        other.kill()
        thread.join(10)
    assert taken


def test_who_waits_for_too_long_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    with other_process(folder) as other:
        with pytest.raises(DeadlineExceeded, match="before the turn of this one came"):
            take_turn([])
        other.kill()
    monkeypatch.undo()


def test_a_thread_that_waits_for_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    errors: list[Exception] = []

    def try_to_take_it() -> None:
        try:
            take_turn([])
        except DeadlineExceeded as error:
            errors.append(error)

    with machine_turn():
        thread = threading.Thread(target=try_to_take_it)
        thread.start()
        thread.join(10)
    assert len(errors) == 1


def test_a_file_that_was_left_behind_means_nothing() -> None:
    lock_path().write_bytes(b"stale")
    taken: list[float] = []
    take_turn(taken)
    assert taken
    assert lock_path().read_bytes() == b"stale"


def test_only_its_user_may_use_the_file() -> None:
    take_turn([])
    assert stat.S_IMODE(lock_path().stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "no folder"])
def test_where_there_can_be_no_file_photos_are_decoded_all_the_same(
    folder: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    victim = folder / "victim"
    if kind == "link":
        victim.write_bytes(b"of somebody else")
        lock_path().symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(lock_path())
    elif kind == "folder":
        lock_path().mkdir()
    else:
        monkeypatch.setattr("tempfile.tempdir", str(folder / "gone"))
    taken: list[float] = []
    with caplog.at_level(logging.WARNING):
        take_turn(taken)
    assert taken
    assert "may decode large photos at the same time" in caplog.text
    assert kind != "link" or victim.read_bytes() == b"of somebody else"


def test_no_descriptors_are_lost() -> None:
    take_turn([])
    before = len([*Path("/proc/self/fd").iterdir()])
    take_turn([])
    assert len([*Path("/proc/self/fd").iterdir()]) == before
