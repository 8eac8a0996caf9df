"""A PNG file as the chunks that make its picture (PNG, third edition, 5 and 11).

What programs put beside them is left out before a decoder sees it: texts, of which some are
compressed and can grow a thousandfold, times, hints. None of it is decompressed but EXIF, within a
bound, so it costs nothing however large it claims to be, and broken it does no harm.
"""

import binascii
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from hangtag.errors import FormatUnsupported, ImageUndecodable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS, PROFILE = b"IDAT", b"iCCP"
# Cameras write at most 64 KB of EXIF, some programs several pieces of it.
MAX_EXIF_BYTES = 1_000_000
_MAX_CHUNKS = 65_536
BESIDE_PIXELS = frozenset({b"PLTE", b"tRNS", PROFILE, b"eXIf"})
_PICTURE = BESIDE_PIXELS | {b"IHDR", PIXELS, b"acTL", b"fcTL", b"fdAT", b"IEND"}
_TEXT, _COMPRESSED_TEXT, _UNICODE_TEXT = b"tEXt", b"zTXt", b"iTXt"
# As it is, or as hexadecimal digits after a name and a length.
_EXIF_TEXT = b"exif"
_EXIF_KEYWORDS = (b"exif\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")
_MAX_EXIF_TEXTS = 16
# Two digits a byte, and line ends; of all texts together.
_MAX_TEXT_BYTES = 3 * MAX_EXIF_BYTES
_EXIF_STARTS = (b"Exif\0\0", b"II*\0", b"MM\0*")


@dataclass(frozen=True)
class PngFile:
    """A file without what is not its picture, and all EXIF that was in its texts."""

    data: bytes
    exifs: tuple[bytes, ...]
    is_cut_short: bool


class Chunk(NamedTuple):
    """Kind and content; from `place` to `end` with length and checksum, cut at the file's end."""

    kind: bytes
    place: int
    start: int
    content_end: int
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to the last one, or to what is none.

    Raises
    ------
    ImageUndecodable : if there are absurdly many.
    """
    place = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, place)
        if not kind.isalnum():
            return
        start, end = place + 8, place + 12 + length
        yield Chunk(kind, place, start, min(start + length, len(data)), min(end, len(data)))
        if kind == b"IEND":
            return
        place = end
    raise ImageUndecodable("The photo has absurdly many chunks; save it anew and send that.")


def chunk_of(kind: bytes, content: bytes) -> bytes:
    """Return a whole chunk with its length and checksum."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def filled_content(data: bytes, chunk: Chunk, max_bytes: int) -> bytes:
    """Return what a chunk holds, with zeros up to its length where the file ends before it."""
    (length,) = struct.unpack_from(">I", data, chunk.place)
    return data[chunk.start : chunk.content_end].ljust(min(length, max_bytes), b"\0")


def read_png(data: bytes) -> PngFile:
    """Leave out what is not the picture.

    Raises
    ------
    ImageUndecodable : if there are absurdly many chunks.
    FormatUnsupported : if it is a PNG that only Apple's devices read.
    """
    found = list(chunks(data))
    if found and found[0].kind == b"CgBI":
        raise FormatUnsupported("This is a PNG packed for an iPhone app; send the original PNG.")
    profiles = (chunk for chunk in found if data.startswith(_EXIF_KEYWORDS, chunk.start))
    exifs = _exifs(
        (chunk.kind, data[chunk.start : chunk.content_end])
        for chunk in islice(profiles, _MAX_EXIF_TEXTS)
    )
    is_whole = bool(found) and found[-1].kind == b"IEND" and found[-1].end == found[-1].place + 12
    return PngFile(_with(data, found, _PICTURE), exifs, not is_whole)


def without_profile(data: bytes) -> bytes | None:
    """Return a PNG file without its colour profile, or None if there is none."""
    if not data.startswith(SIGNATURE):
        return None
    found = list(chunks(data))
    if all(chunk.kind != PROFILE for chunk in found):
        return None
    return _with(data, found, _PICTURE - {PROFILE})


def _with(data: bytes, found: Iterable[Chunk], kinds: frozenset[bytes]) -> bytes:
    if all(chunk.kind in kinds for chunk in found):
        return data
    kept = (data[chunk.place : chunk.end] for chunk in found if chunk.kind in kinds)
    return SIGNATURE + b"".join(kept)


def _exifs(texts: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Return the EXIF that texts of any kind hold, decompressed within one bound for all."""
    budget_bytes, exifs = _MAX_TEXT_BYTES, []
    for kind, content in texts:
        text = _text_of(kind, content, budget_bytes)
        budget_bytes -= len(text)
        exif = text if content.startswith(_EXIF_TEXT + b"\0") else _from_digits(text)
        if exif.startswith(_EXIF_STARTS):
            exifs.append(exif)
    return tuple(exifs)


def _text_of(kind: bytes, content: bytes, max_bytes: int) -> bytes:
    _, _, text = content.partition(b"\0")
    if kind == _COMPRESSED_TEXT:
        return _inflate(text[1:], max_bytes)
    if kind == _UNICODE_TEXT:
        is_compressed, text = text[:1] == b"\1", text[2:].split(b"\0", 2)[-1]
        return _inflate(text, max_bytes) if is_compressed else text[:max_bytes]
    return text[:max_bytes] if kind == _TEXT else b""


def _inflate(compressed: bytes, max_bytes: int) -> bytes:
    try:
        # No bound at all is what zero would mean.
        return zlib.decompressobj().decompress(compressed, max_bytes) if max_bytes > 0 else b""
    except zlib.error:
        return b""


def _from_digits(profile: bytes) -> bytes:
    """Read what follows a name and a length; of a text that is cut short, whole bytes."""
    digits = b"".join(profile.split(None, 2)[2:]).translate(None, b" \t\r\n\v\f")
    try:
        return binascii.unhexlify(digits[: len(digits) // 2 * 2])
    except ValueError:
        return b""
