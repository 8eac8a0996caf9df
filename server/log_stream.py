"""The log files of a server as one stream on stdout, where a container's log is read."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import IO

_NAMES = (
    "access_log.log",
    "service_log.log",
    "application_log.log",
    "model_log.log",
    "ts_log.log",
)
_LOOK_INTERVAL_S = 0.2


class LogStream:
    """Prints the lines that are added to the log files, from the start of the block to its end.

    Parameters
    ----------
    folder : of the log files; they need not be there yet
    wanted : whether anything is printed at all
    """

    def __init__(self, folder: Path, wanted: bool) -> None:
        self._tails = [_Tail(folder / name) for name in _NAMES] if wanted else []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="log-stream", daemon=True)

    def __enter__(self) -> LogStream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while self._tails and not self._ended.wait(_LOOK_INTERVAL_S):
            self._print()
        # What was logged last.
        self._print()
        for tail in self._tails:
            tail.close()

    def _print(self) -> None:
        for tail in self._tails:
            sys.stdout.write(tail.read())
        sys.stdout.flush()


class _Tail:
    """What is added to one file, which may be missing, or begin anew under the same name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] = io.BytesIO()
        self._unfinished = b""
        if path.exists():
            self._file = path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def read(self) -> str:
        """Return the lines that were added since the last call."""
        added = self._file.read()
        if self._begins_anew():
            # What came between reading and rolling over.
            added += self._file.read()
            self.close()
            self._file = self._path.open("rb")
            added += self._file.read()
        lines, newline, self._unfinished = (self._unfinished + added).rpartition(b"\n")
        return (lines + newline).decode(errors="replace")

    def close(self) -> None:
        """Read no further."""
        self._file.close()

    def _begins_anew(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        if isinstance(self._file, io.BytesIO):
            return True
        return not os.path.samestat(there, os.fstat(self._file.fileno()))
