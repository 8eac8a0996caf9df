"""A WebP file whose last chunks are missing (WebP Container Specification): libwebp reads none."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER_BYTES = 12
_MAX_CHUNKS = 65_536


@dataclass(frozen=True)
class WebpFile:
    """A file of whole chunks, and whether there were to be more."""

    data: bytes
    is_cut_short: bool


def is_webp(data: bytes) -> bool:
    """Tell whether a file begins as a WebP does."""
    return data.startswith(b"RIFF") and data.startswith(b"WEBP", 8)


def read_webp(data: bytes) -> WebpFile:
    """Leave out a last chunk that is cut short, such as XMP; pixels that are, libwebp refuses."""
    (announced,) = struct.unpack_from("<I", data, 4)
    if len(data) >= 8 + announced:
        return WebpFile(data, is_cut_short=False)
    whole = b"".join(_whole_chunks(data))
    return WebpFile(b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WEBP" + whole, True)


def _whole_chunks(data: bytes) -> Iterator[bytes]:
    start = _HEADER_BYTES
    for _ in range(_MAX_CHUNKS):
        if start + 8 > len(data):
            return
        (size,) = struct.unpack_from("<I", data, start + 4)
        end = start + 8 + size
        if end > len(data):
            return
        # Chunks begin at even places; the last byte of a file may be such a filler.
        yield data[start:end] + bytes(size % 2)
        start = end + size % 2
