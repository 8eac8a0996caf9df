"""How the edge and a worker of its own speak: a JSON head, and the bodies that it tells of.

4 bytes   length of the head, big-endian
head      JSON: {"items": [{…, "size": bytes of its body}, …]}, or a worker's first words
bodies    one after the other
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import fields
from typing import IO, Any

from hangtag.handover import HandedAnswer, HandedRequest, Measured

LENGTH = struct.Struct(">I")
_HEADERS = [field.name for field in fields(HandedRequest) if field.name != "body"]


def frame_of_requests(requests: Sequence[HandedRequest]) -> list[bytes]:
    """Return a batch in pieces; its bodies are not copied."""
    items = []
    for request in requests:
        # Not asdict, which would copy the body.
        item = {name: getattr(request, name) for name in _HEADERS}
        items.append({**item, "size": len(request.body)})
    return [_head({"items": items}), *(request.body for request in requests)]


def frame_of_answers(answers: Sequence[HandedAnswer]) -> list[bytes]:
    """Return the answers of a batch in pieces."""
    items = [
        {
            "status": answer.status,
            "measured": answer.measured.model_dump(exclude_defaults=True),
            "size": len(answer.body),
        }
        for answer in answers
    ]
    return [_head({"items": items}), *(answer.body for answer in answers)]


def frame_of_words(**words: str) -> list[bytes]:
    """Return a frame without items: `ready`, or `failed` with the reason."""
    return [_head(words)]


def read_requests(stream: IO[bytes]) -> list[HandedRequest]:
    """Read a batch; empty at the end of the stream.

    Raises
    ------
    EOFError : if the stream ends within a frame.
    """
    length = stream.read(LENGTH.size)
    if not length:
        return []
    items = json.loads(_exactly(stream, LENGTH.unpack(length)[0]))["items"]
    return [HandedRequest(body=_exactly(stream, item.pop("size")), **item) for item in items]


def answers_of(items: Sequence[dict[str, Any]], bodies: Sequence[bytes]) -> list[HandedAnswer]:
    """Return the answers that a head and its bodies are."""
    return [
        HandedAnswer(item["status"], body, Measured.model_validate(item["measured"]))
        for item, body in zip(items, bodies, strict=True)
    ]


def _head(words: dict[str, Any]) -> bytes:
    text = json.dumps(words, separators=(",", ":")).encode()
    return LENGTH.pack(len(text)) + text


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("The edge has ended within a frame.")
    return data
