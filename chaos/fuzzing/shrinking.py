"""A request that is answered wrongly -> a smaller one that is answered as wrongly."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from chaos.fuzzing.cases import FuzzCase

_HEAD_END = b"\r\n\r\n"


def shrink(case: FuzzCase, is_still_wrong: Callable[[FuzzCase], bool], budget_s: float) -> FuzzCase:
    """Return the smallest request found before the time is over.

    Headers are left out and pieces of the body cut, with Content-Length kept true where it was.
    """
    give_up_at = time.monotonic() + budget_s
    smaller: FuzzCase | None = case
    while smaller is not None:
        case = smaller
        smaller = next(
            (
                candidate
                for candidate in _smaller(case)
                if time.monotonic() < give_up_at and is_still_wrong(candidate)
            ),
            None,
        )
    return case


def _smaller(case: FuzzCase) -> Iterator[FuzzCase]:
    head, end, body = case.request.partition(_HEAD_END)
    start, *lines = head.split(b"\r\n")
    for number in range(len(lines)):
        if not lines[number].lower().startswith(b"content-length:"):
            rest = lines[:number] + lines[number + 1 :]
            yield replace(case, request=b"\r\n".join([start, *rest]) + end + body)
    piece_bytes = len(body) // 2
    while piece_bytes >= max(1, len(body) // 32):
        for begin in range(0, len(body), piece_bytes):
            rest_of_body = body[:begin] + body[begin + piece_bytes :]
            yield replace(case, request=_with_body(start, lines, len(body), rest_of_body))
        piece_bytes //= 2


def _with_body(start: bytes, lines: list[bytes], old_length: int, body: bytes) -> bytes:
    was_true = b"Content-Length: %d" % old_length
    kept_true = [b"Content-Length: %d" % len(body) if line == was_true else line for line in lines]
    return b"\r\n".join([start, *kept_true]) + _HEAD_END + body
