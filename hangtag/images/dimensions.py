"""How many pixels a photo has, from its first bytes alone: no decoder is asked."""

import struct

from hangtag.images.jpeg_structure import START_OF_IMAGE, segments
from hangtag.images.png_chunks import SIGNATURE as PNG_SIGNATURE

_GIFS = (b"GIF87a", b"GIF89a")
# Of AVIF and HEIF, the box of a picture's size: a version, width, height (ISO 23008-12, 6.5.3).
_SIZE_BOX = b"ispe"
_MAX_BOXES = 64


def pixels_of(beginning: bytes) -> int:
    """Return width times height; 0 where the bytes do not say, as those of TIFFs, or are no photo.

    Parameters
    ----------
    beginning : of the file; as much as headers take
    """
    try:
        return _pixels_of(beginning)
    except (struct.error, IndexError):
        # They end before it.
        return 0


def _pixels_of(data: bytes) -> int:
    if data.startswith(START_OF_IMAGE):
        return _of_jpeg(data)
    if data.startswith(PNG_SIGNATURE):
        return _product(struct.unpack_from(">II", data, 16))
    if data.startswith(_GIFS):
        return _product(struct.unpack_from("<HH", data, 6))
    if data.startswith(b"BM"):
        return abs(_product(struct.unpack_from("<ii", data, 18)))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _of_webp(data)
    if data[4:8] == b"ftyp":
        return _of_heif(data)
    return 0


def _of_jpeg(data: bytes) -> int:
    for segment in segments(data):
        content = data[segment.start : segment.end]
        if 0xC0 <= segment.marker <= 0xCF and segment.marker not in (0xC4, 0xC8, 0xCC):
            return _product(struct.unpack_from(">HH", content, 1))
    return 0


def _of_webp(data: bytes) -> int:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (
            int.from_bytes(each, "little") for each in struct.unpack_from("3s3s", data, 24)
        )
        return (width + 1) * (height + 1)
    if kind == b"VP8L":
        bits = int(struct.unpack_from("<I", data, 21)[0])
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return int(width & 0x3FFF) * int(height & 0x3FFF)


def _of_heif(data: bytes) -> int:
    """Return the largest of the pictures in the file: thumbnails and tiles have sizes, too."""
    largest, at = 0, -1
    for _ in range(_MAX_BOXES):
        at = data.find(_SIZE_BOX, at + 1)
        if at < 0 or at + 16 > len(data):
            break
        largest = max(largest, _product(struct.unpack_from(">II", data, at + 8)))
    return largest


def _product(sides: tuple[int, ...]) -> int:
    width, height = sides
    return width * height
