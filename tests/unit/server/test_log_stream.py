"""Log files, printed as they grow."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.log_stream import LogStream


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_what_is_added_is_printed_and_what_was_there_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(tmp_path / "ts_log.log", "of an earlier start\n")
    with LogStream(tmp_path, wanted=True):
        append(tmp_path / "ts_log.log", "a new line\n")
        # Made only now.
        append(tmp_path / "access_log.log", "a request\n")
    assert sorted(capsys.readouterr().out.splitlines()) == ["a new line", "a request"]


def test_nothing_is_printed_unless_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LogStream(tmp_path, wanted=False):
        append(tmp_path / "ts_log.log", "a new line\n")
    assert capsys.readouterr().out == ""


def test_a_line_is_printed_when_it_is_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], eventually_printed: Callable[[str], None]
) -> None:
    log = tmp_path / "model_log.log"
    with LogStream(tmp_path, wanted=True):
        append(log, "first\nhalf")
        eventually_printed("first\n")
        append(log, " a line\n")
    assert capsys.readouterr().out == "half a line\n"


def test_a_file_that_is_rolled_over_loses_no_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], eventually_printed: Callable[[str], None]
) -> None:
    log = tmp_path / "access_log.log"
    append(log, "")
    with LogStream(tmp_path, wanted=True):
        append(log, "1\n")
        eventually_printed("1\n")
        append(log, "2\n")
        log.rename(tmp_path / "access_log.1.log")
        append(log, "3\n")
    assert capsys.readouterr().out == "2\n3\n"


@pytest.fixture
def eventually_printed(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Waits until exactly this was printed since the last look."""

    def wait(text: str) -> None:
        printed, give_up_at = "", time.monotonic() + 5
        while printed != text and time.monotonic() < give_up_at:
            time.sleep(0.02)
            printed += capsys.readouterr().out
        assert printed == text

    return wait
