"""What we log -> one JSON object a line, with the requests that it is about."""

import datetime
import json
import logging
import os
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The first step of our loggers' names; the handler's module is at the archive's top.
_OURS = ("hangtag", "handlers", "tagger_handler", "service", "asyncio")
# Characters; a stack is some thousands.
_MAX_TEXT = 8000

_request_ids: ContextVar[tuple[str, ...]] = ContextVar("request_ids", default=())


class JsonLines(logging.Formatter):
    """Our records as JSON; others, among them the metrics that TorchServe reads, as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        if record.name.split(".")[0] not in _OURS:
            return super().format(record)
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        event = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "worker": os.getpid(),
            "message": record.getMessage()[:_MAX_TEXT],
        }
        if request_ids := _request_ids.get():
            event["request_ids"] = request_ids
        if record.exc_info and record.exc_info[1]:
            # Its end says what went wrong.
            event["error"] = _stack(record.exc_info[1])[-_MAX_TEXT:]
        return json.dumps(event)


def _stack(error: BaseException) -> str:
    """Frames and types, the cause first; never what an exception says, which may quote a caller."""
    cause = error.__cause__ or error.__context__
    before = f"{_stack(cause)}\n" if cause else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"


def log_as_json() -> None:
    """Change what TorchServe has set up for a worker: a handler that writes to its stdout."""
    for handler in logging.getLogger().handlers:
        # Not those of a test, which are of other types.
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(JsonLines())


@contextmanager
def about_requests(request_ids: Iterable[str]) -> Iterator[None]:
    """Name the requests in all that is logged within; a batch has several."""
    token = _request_ids.set(tuple(request_ids))
    try:
        yield
    finally:
        _request_ids.reset(token)
