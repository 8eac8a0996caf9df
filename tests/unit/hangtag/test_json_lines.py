"""Our log lines in a worker, beside TorchServe's."""

import json
import logging
import sys
from typing import Any

from hangtag.json_lines import JsonLines, about_requests, log_as_json


def record(name: str, message: str, *values: object, error: bool = False) -> logging.LogRecord:
    return logging.LogRecord(
        name, logging.ERROR, "file.py", 1, message, values, sys.exc_info() if error else None
    )


def line(record: logging.LogRecord) -> Any:
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_record_of_ours_is_one_line_of_json() -> None:
    event = line(record("hangtag.engine", "Two\nlines of %s", "text"))
    assert event["time"].endswith("Z")
    assert (
        event.items()
        >= {
            "level": "ERROR",
            "logger": "hangtag.engine",
            "message": "Two\nlines of text",
        }.items()
    )
    assert "request_ids" not in event
    assert "error" not in event


def test_others_records_stay_as_torchserve_reads_them() -> None:
    metric = "[METRICS]hangtag_requests_total.Count:1|#model_name:tagger"
    assert JsonLines().format(record("ts.metrics.caching_metric", metric)) == metric


def test_a_record_names_the_requests_that_it_is_about() -> None:
    with about_requests(["a", "b"]):
        assert line(record("tagger_handler", "Something"))["request_ids"] == ["a", "b"]
    assert "request_ids" not in line(record("tagger_handler", "Something"))


def fail(secret: str, depth: int = 0) -> None:
    # Two places in turn: of one that is repeated a stack leaves most out.
    if depth % 2:
        fail(secret, depth - 1)
    if depth:
        fail(secret, depth - 1)
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f"{secret} at last") from error


def test_an_error_is_its_frames_and_its_types_without_what_it_says() -> None:
    try:
        fail("hush")
    except ValueError:
        event = line(record("hangtag.isolation", "Failed", error=True))
    assert event["error"].endswith("\nValueError")
    assert event["error"].index("\nKeyError\n") < event["error"].index("fail(")
    assert "hush at last" not in event["error"]


def test_the_end_of_a_long_stack_is_kept() -> None:
    try:
        fail("hush", depth=200)
    except ValueError:
        event = line(record("hangtag.isolation", "Failed", error=True))
    assert event["error"].endswith("\nValueError")
    assert len(event["error"]) == 8000


def test_only_the_workers_own_handler_is_changed() -> None:
    root, worker, tests = logging.getLogger(), logging.StreamHandler(), OtherHandler()
    root.handlers += [worker, tests]
    try:
        log_as_json()
        assert isinstance(worker.formatter, JsonLines)
        assert tests.formatter is None
    finally:
        root.handlers.remove(worker)
        root.handlers.remove(tests)


class OtherHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """As pytest has them."""
