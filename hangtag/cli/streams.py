"""What a command prints never fails it, whatever stdout and stderr are.

A terminal that lacks a character shows another one. Where the reader has gone, the disk behind `>`
is full or there never was a stream, what is printed is lost, and the command goes on.
"""

import codecs
import io
import os
import select
import sys
from typing import Any, TextIO

_STANDARD_FILES = 3
_HANDLER = "hangtag.shown_otherwise"
_UNKNOWN = "?"
_SHOWN = {
    "…": "...", "–": "-", "—": "-", "−": "-", "·": "-", "•": "-", "→": "->", "×": "x", "÷": "/",
    "±": "+-", "≥": ">=", "≤": "<=", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ",
}  # fmt: skip


def make_streams_lenient() -> None:
    """Replace `sys.stdout` and `sys.stderr` by streams on the same files that never raise."""
    _occupy_standard_files()
    codecs.register_error(_HANDLER, _show_otherwise)
    sys.stdout, sys.stderr = _lenient(sys.stdout, 1), _lenient(sys.stderr, 2)


def _occupy_standard_files() -> None:
    # What is opened next would else get the number of a closed one, and be printed into.
    while (file := os.open(os.devnull, os.O_RDWR)) < _STANDARD_FILES:
        pass
    os.close(file)


def _lenient(stream: TextIO | None, number: int) -> TextIO:
    if stream is not None and not isinstance(stream, io.TextIOWrapper):
        # Not a file: a notebook's, or what a test captures with.
        return stream
    if stream is not None:
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_LenientFile(number, "w", closefd=False)),
        encoding=stream.encoding if stream else "utf-8",
        errors=_HANDLER,
        line_buffering=stream is not None and (stream.line_buffering or stream.write_through),
    )


class _LenientFile(io.FileIO):
    """A file in which what cannot be written is lost."""

    def write(self, data: Any, /) -> int:
        """Write some of `data`, or drop all of it; return how many bytes."""
        try:
            return self._write_when_possible(data)
        except OSError:
            return memoryview(data).nbytes

    def _write_when_possible(self, data: Any) -> int:
        while (written := super().write(data)) is None:
            # Full for now, and somebody who shares it has set it not to block.
            select.select([], [self], [])
        return written


def _show_otherwise(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        # A byte of a file's name that is no text here: as it is.
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return _SHOWN.get(character, _UNKNOWN), error.start + 1
