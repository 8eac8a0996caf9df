"""PNGs with much beside their picture, which is not looked at."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import FormatUnsupported
from hangtag.images.decode import DecodedImage, ImageLimits, decode_image
from tests.tiny_tagger import RED

HEADER_END = 33
XMP_KEYWORD = b"XML:com.adobe.xmp"


def png_chunk(kind: bytes, content: bytes, *, is_sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + content) ^ (0 if is_sound else 1)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or Image.new("RGB", (48, 48), RED)).save(buffer, "PNG", **options)
    return buffer.getvalue()


def with_chunks(*chunks: bytes, is_late: bool = False) -> bytes:
    data = png()
    place = len(data) - 12 if is_late else HEADER_END
    return data[:place] + b"".join(chunks) + data[place:]


def decode(data: bytes) -> DecodedImage:
    return decode_image(data, ImageLimits(), 32)


def assert_red(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.facts.warnings == ()
    assert (np.asarray(decoded.rgb) == RED).all()


def xmp_text(size_bytes: int) -> bytes:
    """What a photo editor's history looks like: much of the same, with numbers that differ."""
    lines = "".join(f"<li stEvt:changed='{n * 7919 % 99_991}'/>\n" for n in range(size_bytes // 32))
    return lines.encode()


TEXTS = {
    "tEXt": png_chunk(b"tEXt", b"Comment\0" + xmp_text(3_000_000)),
    "zTXt": png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(xmp_text(3_000_000))),
    "iTXt": png_chunk(b"iTXt", XMP_KEYWORD + bytes(5) + xmp_text(6_000_000)),
    "compressed iTXt": png_chunk(
        b"iTXt", XMP_KEYWORD + b"\0\1\0\0\0" + zlib.compress(xmp_text(6_000_000))
    ),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_large_text_is_left_out(kind: str, is_late: bool) -> None:
    assert_red(with_chunks(TEXTS[kind], is_late=is_late))


def test_many_texts_are_left_out() -> None:
    text = png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(xmp_text(1_000_000)))
    assert_red(with_chunks(*[text] * 80))


@pytest.mark.parametrize("keyword", [b"k", b"Raw profile type exif", b"Raw profile type APP1"])
def test_texts_that_grow_a_thousandfold_cost_nothing(keyword: bytes) -> None:
    bomb = png_chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(bytes(20_000_000), 9))
    data = with_chunks(*[bomb] * 500)
    started = time.thread_time()
    assert_red(data)
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize("piece", [b"a ", b"00", b"  ", b"0\n"])
def test_profiles_of_many_pieces_cost_nothing(piece: bytes) -> None:
    bomb = b"Raw profile type exif\0\0" + zlib.compress(piece * 1_500_000, 9)
    data = with_chunks(*[png_chunk(b"zTXt", bomb)] * 16)
    started = time.thread_time()
    assert_red(data)
    assert time.thread_time() - started < 0.2


def test_profiles_that_are_not_compressed_share_the_bound() -> None:
    text = png_chunk(b"tEXt", b"Raw profile type exif\0" + b"0 " * 600_000)
    started = time.thread_time()
    assert_red(with_chunks(*[text] * 16))
    assert time.thread_time() - started < 0.2


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"tEXt", b"k\0v", is_sound=False),
        png_chunk(b"tIME", b"", is_sound=False),
        png_chunk(b"gAMA", b""),
        png_chunk(b"cHRM", b"short"),
        png_chunk(b"pHYs", b"short"),
        png_chunk(b"zTXt", b"k\0\7unknown compression"),
        png_chunk(b"iTXt", b"no end"),
        png_chunk(b"prVt", bytes(100_000)),
    ],
)
def test_what_is_broken_beside_the_picture_does_no_harm(chunk: bytes) -> None:
    assert_red(with_chunks(chunk))


def test_what_belongs_to_the_picture_is_kept() -> None:
    image = Image.new("P", (48, 48), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    data = png(image, transparency=b"\xff\x80")
    data = data[:HEADER_END] + TEXTS["zTXt"] + data[HEADER_END:]
    assert (np.asarray(decode(data).rgb) == (227, 127, 127)).all()


def test_a_png_packed_for_an_app_is_named() -> None:
    data = png()
    with pytest.raises(FormatUnsupported, match="iPhone app"):
        decode(data[:8] + png_chunk(b"CgBI", b"\x50\0\x20\x06") + data[8:])


def grey_row(bits: int, levels: list[int]) -> bytes:
    return int("".join(f"{level:0{bits}b}" for level in levels), 2).to_bytes(
        len(levels) * bits // 8, "big"
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_transparent_level_of_a_grey_png_is_white_at_every_depth(bits: int) -> None:
    white = (1 << bits) - 1
    levels = [0, white, white // 2, 0, white, 0, 0, white]
    header = struct.pack(">IIBBBBB", len(levels), 1, bits, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" + grey_row(bits, levels))
    for transparent in {0, white // 2, white}:
        data = b"".join(
            [
                png()[:8],
                png_chunk(b"IHDR", header),
                png_chunk(b"tRNS", struct.pack(">H", transparent)),
                png_chunk(b"IDAT", pixels),
                png_chunk(b"IEND", b""),
            ]
        )
        expected = [255 if each == transparent else each * 255 // white for each in levels]
        assert np.asarray(decode(data).rgb)[0, :, 0].tolist() == expected


def test_the_transparent_colour_of_a_16_bit_png_is_white() -> None:
    colours = [(40_000, 512, 768), (1000, 1000, 1000), (0, 0, 0)]
    pixels = zlib.compress(b"\0" + struct.pack(">9H", *sum(colours, ())))
    data = b"".join(
        [
            png()[:8],
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 16, 2, 0, 0, 0)),
            png_chunk(b"tRNS", struct.pack(">3H", *colours[0])),
            png_chunk(b"IDAT", pixels),
            png_chunk(b"IEND", b""),
        ]
    )
    assert np.asarray(decode(data).rgb)[0].tolist() == [[255] * 3, [3] * 3, [0] * 3]
