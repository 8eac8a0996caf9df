"""Which way is up: EXIF says it, wherever a format keeps it, and nothing else does."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hangtag.images.decode import ImageLimits, decode_image
from hangtag.images.png_chunks import chunk_of
from tests.tiny_tagger import GREEN, RED

# As programs write it: an element, and an attribute.
XMP = {
    "element": b"<x:xmpmeta><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>",
    "attribute": b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>',
}
TURNED = 6


def upright(size: tuple[int, int] = (64, 40)) -> Image.Image:
    """Red above green."""
    image = Image.new("RGB", size, GREEN)
    image.paste(RED, (0, 0, size[0], size[1] // 2))
    return image


def exif_of(orientation: int | None) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    if orientation is not None:
        exif[0x0112] = orientation
    return exif.tobytes()


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    quality = {"quality": 95} if image_format != "TIFF" else {}
    image.save(buffer, image_format, **quality, **options)
    return buffer.getvalue()


def assert_upright(data: bytes) -> None:
    decoded = decode_image(data, ImageLimits(), 32)
    assert (decoded.facts.width_px, decoded.facts.height_px) == (64, 40) == decoded.rgb.size
    places = ((5, 5), (58, 5), (5, 34), (58, 34))
    colours = [decoded.rgb.getpixel(place) for place in places]
    assert np.allclose(np.array(colours), [RED, RED, GREEN, GREEN], atol=8)


def tiff_with_xmp(xmp: bytes) -> bytes:
    return saved(upright(), "TIFF", tiffinfo={700: xmp})


def png_with(
    keyword: str, text: str, kind: str, *, is_late: bool = False, **options: object
) -> bytes:
    """A PNG with a text of that kind, before or after the pixels."""
    name, content = keyword.encode(), text.encode()
    chunks = {
        "tEXt": name + b"\0" + content,
        "zTXt": name + b"\0\0" + zlib.compress(content),
        "iTXt": name + b"\0\0\0\0\0" + content,
        "compressed iTXt": name + b"\0\1\0\0\0" + zlib.compress(content),
    }
    info = PngInfo()
    info.add(kind.removeprefix("compressed ").encode(), chunks[kind], after_idat=is_late)
    stored = options.pop("stored", upright())
    assert isinstance(stored, Image.Image)
    return saved(stored, "PNG", pnginfo=info, **options)


@pytest.mark.parametrize("xmp", XMP.values(), ids=XMP)
@pytest.mark.parametrize("orientation", [None, 1])
@pytest.mark.parametrize("image_format", ["JPEG", "WEBP", "AVIF"])
def test_xmp_alone_turns_nothing(image_format: str, orientation: int | None, xmp: bytes) -> None:
    assert_upright(saved(upright(), image_format, xmp=xmp, exif=exif_of(orientation)))
    assert_upright(saved(upright(), image_format, xmp=xmp))


@pytest.mark.parametrize("xmp", XMP.values(), ids=XMP)
def test_xmp_turns_no_tiff(xmp: bytes) -> None:
    assert_upright(tiff_with_xmp(xmp))
    assert_upright(saved(upright(), "TIFF", tiffinfo={700: xmp}, compression="tiff_lzw"))


@pytest.mark.parametrize("kind", ["iTXt", "compressed iTXt"])
@pytest.mark.parametrize("is_late", [False, True])
def test_xmp_turns_no_png(kind: str, is_late: bool) -> None:
    for xmp in XMP.values():
        assert_upright(png_with("XML:com.adobe.xmp", xmp.decode(), kind, is_late=is_late))


def test_exif_holds_whatever_xmp_says() -> None:
    sideways = upright().transpose(Image.Transpose.ROTATE_90)
    xmp = XMP["element"].replace(b"6", b"1")
    for image_format in ("JPEG", "WEBP", "TIFF"):
        options = {"tiffinfo": {700: xmp, 274: TURNED}} if image_format == "TIFF" else {"xmp": xmp}
        assert_upright(saved(sideways, image_format, exif=exif_of(TURNED), **options))


def raw_profile(name: str, exif: bytes) -> str:
    """As ImageMagick writes it: a name, a length, lines of hexadecimal digits."""
    digits = exif.hex()
    lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
    return "\n".join(["", name, f"{len(exif):8d}", *lines, ""])


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "compressed iTXt"])
@pytest.mark.parametrize("name", ["exif", "APP1"])
@pytest.mark.parametrize("is_late", [False, True])
def test_exif_in_the_texts_of_a_png_turns_it(kind: str, name: str, is_late: bool) -> None:
    sideways = upright().transpose(Image.Transpose.ROTATE_90)
    for exif in (exif_of(TURNED), exif_of(TURNED).removeprefix(b"Exif\0\0")):
        text = raw_profile(name, exif)
        keyword = f"Raw profile type {name}"
        assert_upright(png_with(keyword, text, kind, is_late=is_late, stored=sideways))


@pytest.mark.parametrize("xmp", XMP.values(), ids=XMP)
def test_xmp_in_a_raw_profile_turns_no_png(xmp: bytes) -> None:
    profile = raw_profile("APP1", b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    assert_upright(png_with("Raw profile type APP1", profile, "zTXt"))


def test_the_chunk_made_for_exif_holds_over_a_raw_profile() -> None:
    profile = raw_profile("exif", exif_of(TURNED))
    assert_upright(png_with("Raw profile type exif", profile, "zTXt", exif=exif_of(1)))


@pytest.mark.parametrize("orientation", [None, 0])
def test_exif_that_names_no_orientation_hides_none(orientation: int | None) -> None:
    sideways = upright().transpose(Image.Transpose.ROTATE_90)
    profile = raw_profile("exif", exif_of(TURNED))
    data = png_with(
        "Raw profile type exif", profile, "zTXt", exif=exif_of(orientation), stored=sideways
    )
    assert_upright(data)
    silent = raw_profile("APP1", exif_of(orientation)).encode()
    text = b"tEXt", b"Raw profile type APP1\0" + silent
    assert_upright(data[:33] + chunk_of(*text) + data[33:])


@pytest.mark.parametrize(
    "text", ["", "no digits", "\nexif\n  10\nzz", "\nexif\n", "\nAPP1\n4\nffffffff"]
)
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "compressed iTXt"])
def test_a_broken_raw_profile_does_no_harm(text: str, kind: str) -> None:
    assert_upright(png_with("Raw profile type exif", text, kind))


def test_a_raw_profile_that_is_a_bomb_does_no_harm() -> None:
    assert_upright(png_with("Raw profile type exif", "0" * 30_000_000, "zTXt"))


def test_exif_behind_another_segment_of_a_jpeg_turns_it() -> None:
    sideways = upright().transpose(Image.Transpose.ROTATE_90)
    data = saved(sideways, "JPEG", exif=exif_of(TURNED))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP["element"].replace(b"6", b"3")
    assert_upright(data[:2] + struct.pack(">HH", 0xFFE1, 2 + len(xmp)) + xmp + data[2:])
