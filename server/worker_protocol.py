"""TorchServe's wire format between its JVM and a worker: the answers of one batch.

As written by `create_predict_response` in ts/protocol/otf_message_handler.py (TorchServe 0.12).
"""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerResponse:
    """The answer to one request of a batch."""

    request_id: str
    content_type: str
    status: int
    body: bytes
    # With the handler's own, names in lower case.
    headers: dict[str, str]


class _Reader:
    def __init__(self, message: bytes) -> None:
        self._message = message
        self._position = 0

    def integer(self) -> int:
        (value,) = struct.unpack_from("!i", self._message, self._position)
        self._position += 4
        return int(value)

    def block(self) -> bytes:
        length = self.integer()
        start, self._position = self._position, self._position + length
        return bytes(self._message[start : self._position])

    @property
    def finished(self) -> bool:
        (mark,) = struct.unpack_from("!i", self._message, self._position)
        return bool(mark == -1)


def decode_responses(message: bytes) -> list[WorkerResponse]:
    """Return the answers of a batch, in order."""
    reader = _Reader(message)
    reader.integer()  # status of the batch as a whole
    reader.block()  # its message
    responses = []
    while not reader.finished:
        request_id, content_type, status = reader.block(), reader.block(), reader.integer()
        reader.block()  # reason phrase
        pairs = [(reader.block(), reader.block()) for _ in range(reader.integer())]
        headers = {name.decode().lower(): value.decode() for name, value in pairs}
        responses.append(
            WorkerResponse(
                request_id.decode(), content_type.decode(), status, reader.block(), headers
            )
        )
    return responses
