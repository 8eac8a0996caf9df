"""A WebP file whose last chunks are missing (WebP Container Specification): libwebp reads none."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hangtag.images.png_chunks import MAX_EXIF_BYTES

_HEADER_BYTES = 12
_MAX_CHUNKS = 65_536
_ANIMATION = 2


@dataclass(frozen=True)
class WebpFile:
    """A file of whole chunks, and whether there were to be more, and further frames."""

    data: bytes
    is_cut_short: bool = False
    is_cut_animation: bool = False


def is_webp(data: bytes) -> bool:
    """Tell whether a file begins as a WebP does."""
    return data.startswith(b"RIFF") and data.startswith(b"WEBP", 8)


def read_webp(data: bytes) -> WebpFile:
    """Leave out a last chunk that is cut short, such as XMP; pixels that are, libwebp refuses.

    EXIF is kept as far as it goes: the orientation stands at its start.
    """
    (announced,) = struct.unpack_from("<I", data, 4)
    if len(data) >= 8 + announced:
        return WebpFile(data)
    whole = b"".join(_whole_chunks(data))
    return WebpFile(
        b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WEBP" + whole,
        is_cut_short=True,
        is_cut_animation=whole.startswith(b"VP8X") and bool(whole[8] & _ANIMATION),
    )


def _whole_chunks(data: bytes) -> Iterator[bytes]:
    start = _HEADER_BYTES
    for _ in range(_MAX_CHUNKS):
        if start + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, start)
        end = start + 8 + size
        if end > len(data) and (kind != b"EXIF" or size > MAX_EXIF_BYTES):
            return
        # Chunks begin at even places; the last byte of a file may be such a filler.
        yield data[start:end].ljust(8 + size + size % 2, b"\0")
        start = end + size % 2
