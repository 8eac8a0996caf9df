"""How much work a request is, in ordinary photos: seen from the beginnings of its own."""

import base64
import re
from collections.abc import Iterator

from hangtag.images.dimensions import pixels_of
from hangtag.recognition.lookalikes import is_photo

# A photo for the network, and as much again for each so many pixels that are to be decoded.
_PIXELS_PER_COST = 4_000_000
# Each byte may be pixels of a format that is not recognised from its beginning.
_BYTES_PER_COST = 2_000_000
# What is more is refused before it is worked on: a header may claim any size.
_MAX_COST = 80.0
_SMALL_BODY_BYTES = 100_000
_BEGINNING_BYTES = 1 << 16
_MAX_PHOTOS = 64
_PART = re.compile(rb"\r\n\r\n")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_BASE64 = re.compile(rb'"(?:data:[^,"]{0,200},)?([A-Za-z0-9+/_\-\\]{200})')


def cost_of(body: bytes) -> float:
    """Return the cost of a request's body, whichever of the three forms it has."""
    return min(_cost_of(body), _MAX_COST)


def _cost_of(body: bytes) -> float:
    if is_photo(body[:16]):
        return _of_photo(body[:_BEGINNING_BYTES], len(body))
    if len(body) < _SMALL_BODY_BYTES:
        return 1.0
    costs = [_of_photo(beginning, 0) for beginning in _beginnings(body)]
    return max(sum(costs), len(body) / _BYTES_PER_COST, 1.0)


def _beginnings(body: bytes) -> Iterator[bytes]:
    if body.lstrip()[:1] in (b"{", b"["):
        for count, found in enumerate(_BASE64.finditer(body)):
            if count == _MAX_PHOTOS:
                return
            text = body[found.start(1) : found.start(1) + _BEGINNING_BYTES]
            beginning = _decoded(text.partition(b'"')[0])
            if is_photo(beginning[:16]):
                yield beginning
        return
    for count, found in enumerate(_PART.finditer(body)):
        beginning = body[found.end() : found.end() + _BEGINNING_BYTES]
        if is_photo(beginning[:16]):
            yield beginning
        if count == _MAX_PHOTOS:
            return


def _decoded(text: bytes) -> bytes:
    # Some clients escape each slash.
    text = text.translate(_URL_SAFE, b"\\")
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except ValueError:
        return b""


def _of_photo(beginning: bytes, size: int) -> float:
    pixels = pixels_of(beginning)
    return 1.0 + max(pixels / _PIXELS_PER_COST, size / _BYTES_PER_COST)
