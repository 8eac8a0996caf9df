"""The boxes of AVIF and HEIC files (ISO 14496-12, 23008-12), read without their decoders."""

import struct
from collections.abc import Iterator

from hangtag.errors import ImageUndecodable

_MAX_BOXES = 4096
_MAX_INDEX_BYTES = 65_536
_MAX_MOVIE_BYTES = 262_144
_INDICES = (b"iloc", b"iinf", b"iref", b"ipma", b"grpl")
# A version and flags come first in some boxes.
_VERSION_BYTES = 4


def check_heif(data: bytes) -> None:
    """Check how many boxes, items and frames a file is made of.

    Raises
    ------
    ImageUndecodable : if there are absurdly many.
    """
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"moov" and end - start > _MAX_MOVIE_BYTES:
            raise _absurd("many frames")
        if kind == b"meta":
            _check_items(data, start + _VERSION_BYTES, end)


def largest_size(data: bytes) -> tuple[int, int]:
    """Return width and height of the largest picture in a file, as it is stored.

    Which one is the photo takes more reading; it is never larger, and decoders refuse a photo that
    is not as large as it says.

    Raises
    ------
    ImageUndecodable : if there is none.
    """
    sizes = [
        struct.unpack_from(">II", data, start + _VERSION_BYTES)
        for kind, start, end in _properties(data)
        if kind == b"ispe" and end - start >= _VERSION_BYTES + 8
    ]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    if width * height == 0:
        raise ImageUndecodable("The photo is broken or cut short; send it again.")
    return width, height


def _properties(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    for meta, meta_start, meta_end in _boxes(data, 0, len(data)):
        if meta != b"meta":
            continue
        for kind, start, end in _boxes(data, meta_start + _VERSION_BYTES, meta_end):
            if kind == b"iprp":
                for container, inner_start, inner_end in _boxes(data, start, end):
                    if container == b"ipco":
                        yield from _boxes(data, inner_start, inner_end)


def _check_items(data: bytes, start: int, end: int) -> None:
    for kind, box_start, box_end in _boxes(data, start, end):
        if kind == b"iprp":
            _check_items(data, box_start, box_end)
        elif kind == b"ipco":
            for _ in _boxes(data, box_start, box_end):
                pass
        elif kind in _INDICES and box_end - box_start > _MAX_INDEX_BYTES:
            raise _absurd("many items")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each box's content (ISO 14496-12, 4.2)."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        header_bytes = 8
        if size == 1:
            size, header_bytes = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        box_end = min(end, start + size) if size else end
        yield kind, start + header_bytes, box_end
        if box_end < start + header_bytes:
            return
        start = box_end
    raise _absurd("many boxes")


def _absurd(pieces: str) -> ImageUndecodable:
    return ImageUndecodable(f"The photo has absurdly {pieces}; save it anew and send that.")
