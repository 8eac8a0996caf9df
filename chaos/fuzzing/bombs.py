"""Small files that ask for much: memory, time, or recursion, in every format that is read.

Each stays below the limit on a photo's bytes, so that what refuses it is not its size.
"""

from __future__ import annotations

import functools
import random
import struct
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

from chaos.fuzzing.cases import FuzzCase, post
from loadtest.client.photos import encoded

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _RGBA = 0, 2, 6
# Scans of a progressive JPEG; a camera writes about ten.
JPEG_SCANS = 60_000
_JPEG_SIDE_PX = 7_000
GIF_FRAMES = 1_000_000
TIFF_DIRECTORIES = 180_000
_TIFF_PIXEL_BYTES = 100
_NOISE_BYTES = 10_000


def bombs() -> dict[str, Callable[[], bytes]]:
    """Return what makes each bomb, by name; made only when needed, for some have megabytes."""
    return {
        "png-too-many-pixels": lambda: png(65_535, 65_535),
        "png-largest-dimensions": lambda: png(2**31 - 1, 2**31 - 1),
        "png-zero-width": lambda: png(0, 100),
        "png-one-pixel-high": lambda: png(60_000_000, 1, rows=1),
        "png-at-the-limit": lambda: png(8_000, 8_000, kind=_GREY, rows=8_000),
        "png-at-the-limit-alpha": lambda: png(8_000, 8_000, kind=_RGBA, rows=8_000),
        "png-16-bit": lambda: png(7_900, 7_900, depth=16, rows=7_900),
        "png-more-data-than-pixels": lambda: png(10, 10, rows=3_000_000),
        "png-text-bomb": lambda: png(10, 10, rows=10, before=_text_bombs()),
        "png-profile-bomb": lambda: png(10, 10, rows=10, before=_profile_bomb()),
        "png-many-chunks": lambda: png(10, 10, rows=10, before=_chunk(b"tEXt", b"a\0b") * 300_000),
        "gif-too-many-pixels": lambda: gif((65_535, 65_535), (65_535, 65_535)),
        "gif-large-screen": lambda: gif((65_535, 65_535), (1, 1)),
        "gif-frame-beyond-screen": lambda: gif((10, 10), (65_535, 65_535)),
        "gif-many-frames": lambda: gif((8, 8), (1, 1), frames=GIF_FRAMES),
        "jpeg-too-many-pixels": lambda: _resized_jpeg(65_500, 65_500),
        "jpeg-zero-height": lambda: _resized_jpeg(100, 0),
        "jpeg-many-scans": many_scans,
        "jpeg-many-scans-small": lambda: many_scans(256, 3_000),
        "jpeg-many-markers": lambda: _with_markers(b"\xff\xe1\x00\x10Exif\x00\x00" + b"M" * 8),
        "jpeg-many-profiles": lambda: _with_markers(b"\xff\xe2\x00\x10ICC_PROFILE\0\1"),
        "webp-too-many-pixels": lambda: webp(16_384, 16_384),
        "webp-lossless-at-the-limit": lambda: _flat("WEBP", (8_000, 8_000), lossless=True),
        "webp-largest-canvas": lambda: webp(2**24, 2**24),
        "bmp-too-many-pixels": lambda: bmp(65_535, 65_535),
        "bmp-negative-height": lambda: bmp(10, -(2**31)),
        "bmp-run-length": lambda: bmp(8_000, 8_000, compression=1),
        "tiff-too-many-pixels": lambda: tiff([(256, 65_535), (257, 65_535)]),
        "tiff-deflate": lambda: _flat("TIFF", (8_000, 8_000), compression="tiff_adobe_deflate"),
        "tiff-directory-loop": lambda: tiff([(256, 10), (257, 10)], next_directory=8),
        "tiff-many-directories": many_directories,
        "tiff-huge-count": lambda: tiff([(256, 10), (257, 10), (273, 2**32 - 1, 2**32 - 1)]),
        "tiff-many-samples": lambda: tiff([(256, 10), (257, 10), (277, 65_535)]),
        "tiff-one-row-strips": lambda: tiff([(256, 1), (257, 60_000_000), (278, 1)]),
        # libtiff goes on after a bad code word, and writes a line to stderr for each.
        "tiff-fax-of-bad-words": lambda: fax(8, 8_000_000),
        "avif-at-the-limit": lambda: _flat("AVIF", (7_900, 7_900), speed=10),
        "exif-loop": lambda: _with_markers(_exif_loop(), times=1),
    }


def bomb_cases(*, short: bool) -> list[FuzzCase]:
    """Return the bombs as requests; short: only those that are made and refused in no time."""
    made = bombs()
    names = [name for name in made if not short or name.endswith(("-pixels", "-loop", "-bomb"))]
    return [post(name, made[name](), "application/octet-stream") for name in names]


def png(
    width: int,
    height: int,
    *,
    kind: int = _RGB,
    depth: int = 8,
    rows: int = 0,
    before: bytes = b"",
) -> bytes:
    """Return a PNG whose header claims a size; `rows` rows of zeros follow."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    samples = {_GREY: 1, _RGB: 3, _RGBA: 4}[kind]
    row_bytes = 1 + width * samples * depth // 8 if rows else 0
    pixels = _zeros(row_bytes * rows)
    return b"".join(
        (_PNG_MAGIC, _chunk(b"IHDR", header), before, _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    )


def gif(screen: tuple[int, int], frame: tuple[int, int], frames: int = 1) -> bytes:
    """Return a GIF whose frames hold one pixel each, whatever they claim."""
    header = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    one = b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\x00"
    return header + one * frames + b";"


def webp(width: int, height: int) -> bytes:
    """Return an extended WebP that claims a canvas, with a frame of another size in it."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + canvas
    frame = encoded(Image.new("RGB", (8, 8)), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(extended) + len(frame)) + b"WEBP" + extended + frame


def bmp(width: int, height: int, compression: int = 0) -> bytes:
    """Return a BMP without pixels."""
    information = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, 0, 0, 0, 0, 0)
    palette = bytes(1024)
    offset = 14 + len(information) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset, 0, 0, offset) + information + palette


def tiff(entries: list[tuple[int, ...]], next_directory: int = 0) -> bytes:
    """Return a little-endian TIFF of one directory, with the least that a photo needs.

    Parameters
    ----------
    entries : (tag, value) or (tag, value, count), over the defaults
    """
    defaults = {
        258: (8, 1),
        259: (1, 1),
        262: (1, 1),
        273: (8, 1),
        277: (1, 1),
        279: (_TIFF_PIXEL_BYTES, 1),
    }
    given = {tag: (rest[0], rest[1] if len(rest) > 1 else 1) for tag, *rest in entries}
    merged = sorted({**defaults, **given}.items())
    long_type = 4
    body = b"".join(
        struct.pack("<HHII", tag, long_type, count, value) for tag, (value, count) in merged
    )
    directory = struct.pack("<H", len(merged)) + body + struct.pack("<I", next_directory)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(_TIFF_PIXEL_BYTES)


def fax(width: int, height: int) -> bytes:
    """Return a TIFF of one strip, compressed as faxes are (Group 3), that holds noise."""
    noise = random.Random(0).randbytes(_NOISE_BYTES)  # noqa: S311 - no secret is made here
    tags = {256: width, 257: height, 258: 1, 259: 3, 262: 0, 278: height, 279: len(noise)}
    begin = len(tiff([*tags.items()])) - _TIFF_PIXEL_BYTES
    return tiff([*tags.items(), (273, begin)])[:begin] + noise


def many_directories(directories: int = TIFF_DIRECTORIES) -> bytes:
    """Return a TIFF that is a long chain of small photos."""
    alone = tiff([(256, 10), (257, 10)])[8:-_TIFF_PIXEL_BYTES]
    starts = [8 + len(alone) * number for number in range(1, directories)]
    links = (struct.pack("<I", start) for start in (*starts, 0))
    return b"II*\0" + struct.pack("<I", 8) + b"".join(alone[:-4] + link for link in links)


@functools.cache
def many_scans(side_px: int = _JPEG_SIDE_PX, scans: int = JPEG_SCANS) -> bytes:
    """Return a progressive JPEG whose last scan is repeated: each costs a pass over all pixels."""
    sound = encoded(Image.new("L", (side_px, side_px), 128), "JPEG", progressive=True)
    begin = sound.rindex(b"\xff\xda")
    # With the table that the scan needs, if one comes right before it.
    scan = sound[begin:-2]
    return sound[:-2] + scan * scans + sound[-2:]


def _resized_jpeg(width: int, height: int) -> bytes:
    sound = encoded(Image.new("RGB", (16, 16)), "JPEG")
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + struct.pack(">HH", height, width) + sound[at + 4 :]


def _with_markers(marker: bytes, times: int = 300_000) -> bytes:
    sound = encoded(Image.new("RGB", (16, 16)), "JPEG")
    return sound[:2] + marker * times + sound[2:]


def _exif_loop() -> bytes:
    """An EXIF segment whose sub-directory is the directory itself."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    data = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def _flat(image_format: str, size: tuple[int, int], **options: object) -> bytes:
    return encoded(Image.new("RGB", size), image_format, **options)


def _text_bombs() -> bytes:
    text = _zeros(60_000_000)
    return _chunk(b"zTXt", b"Comment\0\0" + text) + _chunk(b"iTXt", b"a\0\1\0\0\0" + text)


def _profile_bomb() -> bytes:
    return _chunk(b"iCCP", b"profile\0\0" + _zeros(200_000_000))


def _zeros(count: int) -> bytes:
    compressor = zlib.compressobj(9)
    step = bytes(1_000_000)
    return b"".join(_compressed(compressor, step, count)) + compressor.flush()


def _compressed(compressor: zlib._Compress, step: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count // len(step)):
        yield compressor.compress(step)
    yield compressor.compress(step[: count % len(step)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
