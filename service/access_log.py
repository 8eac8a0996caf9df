"""One exchange as a line of JSON in the access log.

Never the query or a body: photos, product ids and texts are the callers' own. What is the caller's
text has a bounded length.
"""

import datetime
import json
import logging
import logging.handlers
import re
import sys
from contextlib import suppress
from pathlib import Path

PLAIN_TEXT = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_METHOD, _MAX_PATH = 16, 128
_FILE_BYTES, _FILES = 20_000_000, 5


def plain_text(value: bytes | None) -> str | None:
    """Return what a caller says of itself, if it is short and plain enough to be echoed."""
    text = value.decode("latin-1") if value is not None else ""
    return text if PLAIN_TEXT.fullmatch(text) else None


def trace_of(value: bytes | None) -> str | None:
    """Return a traceparent that keeps to its form."""
    text = value.decode("latin-1") if value is not None else ""
    return text if _TRACEPARENT.fullmatch(text) else None


def shortened(text: str, length: int) -> str:
    """Return a text of any length, shortened."""
    return text if len(text) <= length else text[:length] + "..."


class RotatingLog(logging.handlers.RotatingFileHandler):
    """A log file of bounded size, whose full disk harms nobody: lost lines are counted."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", delay=True
        )
        self.lost_lines = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Count a line that could not be written; the next one may be."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)
            return
        self.lost_lines += 1
        # A line that was written in part must not swallow the next one: the file is opened anew.
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()


class AccessLog:
    """Writes the lines of one edge."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def write(self, fields: dict[str, str | int | None]) -> None:
        """Write a line; what is None is left out."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = {"time": now.replace("+00:00", "Z")}
        line |= {name: value for name, value in fields.items() if value is not None}  # type: ignore[misc]
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False)
        record = logging.LogRecord("access", logging.INFO, "", 0, text, None, None)
        self._handler.handle(record)


def asked_for(method: str, path: str) -> dict[str, str | int | None]:
    """Return the fields that say what was asked for."""
    return {"method": shortened(method, _MAX_METHOD), "path": shortened(path, _MAX_PATH)}
