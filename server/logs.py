"""What one start has written into its log files, and the line in them that says what is wrong."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO

_EXCEPTION = re.compile(r"^(?:\w+[.$])*(\w+)(?:: (.*))?$")
# Java's own end, as -XX:+ExitOnOutOfMemoryError has it.
_TERMINATED = "Terminating due to "
# TorchServe's own words over the error that a worker has already told.
_ECHO = re.compile(r"^RuntimeError: 50[07] - ")


class Logs:
    """The log files of one server; they may hold lines of earlier starts, which do not count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self.server = folder / "ts_log.log"
        self.workers = folder / "model_log.log"
        self._begins_at = {each: _size_bytes(each) for each in (self.server, self.workers)}

    def open_console(self) -> IO[bytes]:
        """Return the file for what Java and the edge themselves print, emptied."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.console.open("wb")

    def server_lines(self) -> list[str]:
        """What TorchServe has logged since this start."""
        return self._lines(self.server)

    def last_error_of_a_worker(self) -> str | None:
        """The error that the last worker to die has ended with, as `Kind: message`."""
        return last_exception(self._lines(self.workers))

    def last_words(self) -> str | None:
        """What Java or the edge ended with.

        Why it had to, an exception, or else the last line that it printed, warnings of the runtime
        left out.
        """
        printed = self.console.read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [line for line in _told(printed) if line.strip()]
        lines = [line for line in lines if not line.startswith("WARNING: ")]
        terminated = next((line for line in lines if line.startswith(_TERMINATED)), None)
        return terminated or last_exception(lines) or (lines[-1] if lines else None)

    def _lines(self, file: Path) -> list[str]:
        begins_at = self._begins_at[file]
        if _size_bytes(file) < begins_at:
            # Rolled over since.
            begins_at = 0
        try:
            with file.open("rb") as stream:
                stream.seek(begins_at)
                text = stream.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return _told(text.splitlines())


def last_exception(lines: Iterable[str]) -> str | None:
    """Return the last line that names a raised exception: the unindented one after a stack.

    Java's stacks come the other way round: there it is the line above the first `at`.

    >>> last_exception(["Traceback (most recent call last):", "    load()", "m.Broken: no file"])
    'Broken: no file'
    """
    found, previous = None, ""
    for line in lines:
        if previous.startswith("  ") and not line.startswith(" "):
            found = _exception(line) or found
        elif line.startswith("\tat ") and not previous.startswith("\tat "):
            found = _exception(previous) or found
        previous = line
    return found


def _told(lines: Iterable[str]) -> list[str]:
    """What log4j2.xml wraps into JSON, line by line: messages, with the stacks that follow them."""
    told: list[str] = []
    for line in lines:
        told += _unwrapped(line)
    return told


def _unwrapped(line: str) -> list[str]:
    try:
        event = json.loads(line)
    except ValueError:
        return [line]
    if not isinstance(event, dict) or "message" not in event:
        return [line]
    return f"{event['message']}\n{event.get('error', '')}".splitlines()


def _exception(line: str) -> str | None:
    match = _EXCEPTION.match(line)
    if match is None or _ECHO.match(line):
        return None
    kind, message = match.groups()
    return f"{kind}: {message}" if message else kind


def _size_bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
