"""Small files of very many pieces: refused at once; files as programs write them: read."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from hangtag.errors import FormatUnsupported, ImageUndecodable
from hangtag.images.decode import ImageLimits, decode_image
from tests.tiny_tagger import GREEN, RED, photo

LIMITS = ImageLimits(max_image_bytes=20_000_000)
# Each file took between 1 s and an hour before it was refused.
MAX_REFUSAL_S = 0.7
JPEG = photo()
PNG = photo(format="PNG")
BMP_HEADER_BYTES = 54


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def jpeg_with(segment: bytes, count: int) -> bytes:
    return JPEG[:2] + segment * count + JPEG[2:]


def exif_segment(content: bytes) -> bytes:
    return struct.pack(">HH", 0xFFE1, 2 + 6 + len(content)) + b"Exif\0\0" + content


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(Image.new("RGB", (1000, 1000), RED), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def png_chunk(kind: bytes, content: bytes = b"") -> bytes:
    body = kind + content
    return struct.pack("!I", len(content)) + body + struct.pack("!I", zlib.crc32(body))


def png_with(chunk: bytes, count: int) -> bytes:
    after_header = 8 + 25
    return PNG[:after_header] + chunk * count + PNG[after_header:]


def gif_with(blocks: bytes) -> bytes:
    data = saved(Image.new("P", (48, 48)), "GIF")
    after_palette = 13 + (3 << ((data[10] & 7) + 1))
    return data[:after_palette] + blocks + data[after_palette:]


def tiff(tags: dict[int, tuple[int, int, int]], content: bytes = b"") -> bytes:
    """A grey TIFF of 48 x 48 pixels with these tags (type, count, value), then `content`.

    A value of -1 stands for the place of `content`.
    """
    plain = {256: (4, 1, 48), 257: (4, 1, 48), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
             273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, 48)}  # fmt: skip
    tags = dict(sorted({**plain, **tags}.items()))
    place = 8 + 2 + 12 * len(tags) + 4
    directory = b"".join(
        struct.pack("<HHII", number, kind, count, place if value == -1 else value)
        for number, (kind, count, value) in tags.items()
    )
    header = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return header + directory + bytes(4) + content + bytes(48 * 48)


def compressed_tile(side_px: int) -> bytes:
    zeros = zlib.compress(bytes(min(side_px**2, 10_000_000)))
    tags = {259: (3, 1, 8), 322: (4, 1, side_px), 323: (4, 1, side_px), 324: (4, 1, -1),
            325: (4, 1, len(zeros))}  # fmt: skip
    return tiff(tags, zeros)


def exif_tiff(kind: int, count: int) -> bytes:
    """A TIFF whose EXIF directory has one tag of that type and many values."""
    exif = struct.pack("<HHHII", 1, 0xA432, kind, count, 8) + bytes(4)
    return tiff({34665: (4, 1, -1)}, exif + bytes(8 * count))


def rle_bmp(runs: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, 48, 48, 1, 8, 1, 0, 0, 0, 256, 0)
    start = BMP_HEADER_BYTES + 1024
    # "Move by nothing", then 48 rows of 48 pixels.
    rows = b"\0\2\0\0" * runs + (b"\x30\0" + b"\0\0") * 48 + b"\0\1"
    total = start + len(rows)
    return b"BM" + struct.pack("<IHHI", total, 0, 0, start) + header + bytes(1024) + rows


def avif_with_items(count: int) -> bytes:
    """An AVIF that places `count` items that it does not have."""
    data = saved(Image.new("RGB", (48, 48), RED), "AVIF")
    meta, iloc = data.index(b"meta") - 4, data.index(b"iloc") - 4
    (meta_bytes,), (iloc_bytes,) = (
        struct.unpack_from(">I", data, meta),
        struct.unpack_from(">I", data, iloc),
    )
    added = b"".join(struct.pack(">HHH", 1000 + number, 0, 0) for number in range(count))
    (items,) = struct.unpack_from(">H", data, iloc + 14)
    places = bytearray(data[iloc + 16 : iloc + iloc_bytes])
    # version 0: item, reference, number of places, then offset and length of each
    (offset,) = struct.unpack_from(">I", places, 6)
    struct.pack_into(">I", places, 6, offset + len(added))
    new_iloc = data[iloc : iloc + 14] + struct.pack(">H", items + count) + places + added
    new_iloc = struct.pack(">I", len(new_iloc)) + new_iloc[4:]
    new_meta = data[meta:iloc] + new_iloc + data[iloc + iloc_bytes : meta + meta_bytes]
    new_meta = struct.pack(">I", len(new_meta)) + new_meta[4:]
    return data[:meta] + new_meta + data[meta + meta_bytes :]


REFUSED: dict[str, Callable[[], bytes]] = {
    "jpeg of empty segments": lambda: jpeg_with(b"\xff\xe5\0\2", 4_000_000),
    "jpeg of small EXIF pieces": lambda: jpeg_with(exif_segment(bytes(40)), 100_000),
    "jpeg of padding": lambda: jpeg_with(b"\xff", 15_000_000),
    "jpeg of junk without a picture": lambda: b"\xff\xd8\xff\xe5\0\2" + bytes(15_000_000),
    "jpeg of scans": lambda: many_scans(5000),
    "png of empty chunks": lambda: png_with(png_chunk(b"prVt"), 1_500_000),
    "png of empty pixel chunks": lambda: png_with(png_chunk(b"IDAT"), 1_500_000),
    "png of texts": lambda: png_with(png_chunk(b"tEXt", b"k\0v"), 1_000_000),
    "gif of comment pieces": lambda: gif_with(b"!\xfe" + b"\1a" * 8_000_000 + b"\0"),
    "gif of extensions": lambda: gif_with(b"!\1\1a\0" * 3_000_000),
    "gif of junk": lambda: gif_with(b"\1" * 15_000_000),
    "tiff of strips": lambda: tiff({278: (4, 1, 1), 273: (4, 2_000_000, -1)}, bytes(8_000_000)),
    "tiff of strips that lie over each other": lambda: tiff({273: (4, 7, -1)}, bytes(28)),
    "tiff of tiles": lambda: tiff(
        {322: (4, 1, 16), 323: (4, 1, 16), 324: (4, 55, -1)}, bytes(220)
    ),
    "tiff of fractions": lambda: tiff({282: (5, 1_000_000, -1)}, bytes(8_000_000)),
    "tiff of EXIF fractions": lambda: exif_tiff(5, 1_000_000),
    "tiff of a huge tile": lambda: compressed_tile(30_000),
    "tiff of 64-bit offsets": lambda: b"MM\0\x2b\0\x08\0\0" + bytes(100_000),
    "run-length bmp": lambda: rle_bmp(2_000_000),
    "avif of items": lambda: avif_with_items(60_000),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_absurdly_many_pieces_is_refused_at_once(name: str) -> None:
    data = REFUSED[name]()
    started = time.thread_time()
    with pytest.raises(ImageUndecodable, match=r"photo has .*; save it anew and send that\.$"):
        decode_image(data, LIMITS, 32)
    assert time.thread_time() - started < MAX_REFUSAL_S


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "jpeg of many segments": lambda: jpeg_with(b"\xff\xe5\0\2", 500),
    "jpeg with EXIF in two pieces": lambda: jpeg_with(exif_segment(b""), 2),
    "jpeg with padding": lambda: jpeg_with(b"\xff", 1000),
    "jpeg of 60 scans": lambda: many_scans(50),
    "png of many chunks": lambda: png_with(png_chunk(b"IDAT"), 3000),
    "gif with a comment": lambda: gif_with(b"!\xfe" + b"\1a" * 5000 + b"\0"),
    "tiff of one strip": lambda: tiff({}),
    "tiff of one strip a row": lambda: tiff({278: (4, 1, 1), 273: (4, 48, -1)}, bytes(192)),
    "tiff with EXIF": lambda: exif_tiff(5, 4),
    "tiff of a tile larger than the picture": lambda: compressed_tile(256),
    "small run-length bmp": lambda: rle_bmp(10),
    "avif of a few items": lambda: avif_with_items(100),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_of_a_sound_number_of_pieces_is_read(name: str) -> None:
    decoded = decode_image(ACCEPTED[name](), LIMITS, 32)
    assert decoded.rgb.size in {(48, 48), (1000, 1000), (125, 125)}


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("JPEG", {"progressive": True, "quality": 95}),
        ("JPEG", {"restart_marker_rows": 1}),
        ("JPEG", {"comment": b"c" * 60_000, "xmp": b"x" * 60_000}),
        ("PNG", {"compress_level": 0}),
        ("GIF", {"interlace": 1}),
        ("TIFF", {"compression": "tiff_lzw", "tiffinfo": {278: 1}}),
        ("TIFF", {"compression": "jpeg"}),
        ("TIFF", {"big_tiff": True}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 90}),
    ],
)
def test_what_programs_write_is_read(image_format: str, options: dict[str, object]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 700, 3), np.uint8)
    decoded = decode_image(saved(Image.fromarray(noise), image_format, **options), LIMITS, 700)
    assert decoded.facts.warnings == ()
    assert (decoded.facts.width_px, decoded.facts.height_px) == (700, 900)


def test_a_profile_in_many_segments_is_put_together() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Bytes beyond the tags belong to no tag.
    data = photo(icc_profile=profile + bytes(3_000_000))
    assert data.count(b"ICC_PROFILE\0") > 40
    assert decode_image(data, LIMITS, 32).facts.warnings == ()


def test_what_follows_a_jpeg_is_not_looked_at() -> None:
    """Phones append a film, in which any bytes may look like a scan."""
    decoded = decode_image(photo(GREEN) + b"\xff\xda" * 5000, LIMITS, 32)
    assert np.allclose(np.asarray(decoded.rgb), GREEN, atol=3)


def test_texts_are_never_decompressed() -> None:
    """A hundred of 20 MB, each of which takes 20 KB in the file."""
    text = zlib.compress(bytes(20_000_000))
    texts = [png_chunk(b"zTXt", b"%d\0\0" % number + text) for number in range(100)]
    data = PNG[: 8 + 25] + b"".join(texts) + PNG[8 + 25 :]
    tracemalloc.start()
    started = time.thread_time()
    decoded = decode_image(data, LIMITS, 32)
    assert time.thread_time() - started < MAX_REFUSAL_S
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert decoded.facts.warnings == ()


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_a_fax_is_refused(compression: str) -> None:
    """Of a broken one libtiff writes half a gigabyte to stderr."""
    fax = saved(Image.new("1", (64, 64), 1), "TIFF", compression=compression)
    with pytest.raises(FormatUnsupported, match="fax"):
        decode_image(fax, LIMITS, 32)
