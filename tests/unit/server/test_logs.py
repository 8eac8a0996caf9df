"""Finding the line that says what is wrong."""

import json
from pathlib import Path

import pytest

from server.logs import Logs, last_exception

DEATH = [
    "Backend worker process died.",
    "Traceback (most recent call last):",
    '  File "bundle.py", line 3, in load',
    "    manifest = files[name]",
    "KeyError: 'tagger.json'",
    "",
    "The above exception was the direct cause of the following exception:",
    "",
    "Traceback (most recent call last):",
    '  File "worker.py", line 9, in run',
    "    raise BundleInvalid(text)",
    "hangtag.errors.BundleInvalid: tagger.json is missing; make the bundle again.",
]


def logged(message: str, **more: str) -> str:
    """A line as log4j2.xml writes it."""
    event = {"time": "2026-01-31T12:00:00.000Z", "level": "INFO", "message": message, **more}
    return json.dumps(event) + "\n"


def test_the_last_of_chained_exceptions_is_found() -> None:
    expected = "BundleInvalid: tagger.json is missing; make the bundle again."
    assert last_exception(DEATH) == expected


def test_torchserves_echo_of_an_error_is_passed_over() -> None:
    echo = ["  File worker.py", "    raise", "RuntimeError: 500 - Unknown exception"]
    assert last_exception([*DEATH, *echo]) == last_exception(DEATH)


def test_a_java_exception_is_found_above_its_stack() -> None:
    lines = [
        "Backend worker error",
        "a.b.C$Failed: no answer",
        "\tat a.b.C.run(C.java:9)",
        "\tat x",
    ]
    assert last_exception(lines) == "Failed: no answer"


@pytest.mark.parametrize("lines", [[], ["all well"], ["Error: without a stack"]])
def test_lines_without_a_stack_hold_no_exception(lines: list[str]) -> None:
    assert last_exception(lines) is None


def test_lines_of_earlier_starts_do_not_count(tmp_path: Path) -> None:
    worker_log = tmp_path / "model_log.log"
    worker_log.write_text("".join(logged(line) for line in DEATH))
    logs = Logs(tmp_path)
    assert logs.last_error_of_a_worker() is None
    with worker_log.open("a") as file:
        file.writelines(logged(line) for line in DEATH)
    assert logs.last_error_of_a_worker() == last_exception(DEATH)


def test_a_log_that_rolled_over_is_read_from_its_beginning(tmp_path: Path) -> None:
    server_log = tmp_path / "ts_log.log"
    server_log.write_text(logged("old line") * 9)
    logs = Logs(tmp_path)
    server_log.write_text(logged("new line"))
    assert logs.server_lines() == ["new line"]


def test_javas_last_words_leave_the_runtimes_warnings_out(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs")
    with logs.open_console() as console:
        console.write(b"Invalid configuration: no such port\n\nWARNING: restricted method\n")
    assert logs.last_words() == "Invalid configuration: no such port"


def test_java_may_end_without_a_word(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    logs.open_console().close()
    assert logs.last_words() is None


def test_javas_last_words_are_why_it_had_to_end(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    with logs.open_console() as console:
        console.write(logged("Refused", error="a.B: long ago\n\tat a.B.run(B.java:9)\n").encode())
        console.write(b"Terminating due to java.lang.OutOfMemoryError: Java heap space\n")
    assert logs.last_words() == ("Terminating due to java.lang.OutOfMemoryError: Java heap space")


def test_a_stack_follows_its_message(tmp_path: Path) -> None:
    stack = "a.b.C$Failed: no answer\n\tat a.b.C.run(C.java:9)\n"
    server_log = tmp_path / "ts_log.log"
    server_log.write_text("")
    logs = Logs(tmp_path)
    server_log.write_text(logged("Failed to load model: x.mar", error=stack) + "cut off")
    assert logs.server_lines() == ["Failed to load model: x.mar", *stack.splitlines(), "cut off"]


def test_javas_last_words_may_be_a_line_of_the_log(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    with logs.open_console() as console:
        console.write(logged("The heap is too small.").encode())
    assert logs.last_words() == "The heap is too small."
