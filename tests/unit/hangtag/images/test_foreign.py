"""What is no photo, or more than one: refused by a sentence that names it, or read all the same."""

import base64
import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import FormatUnsupported, ImageUndecodable, RequestError
from hangtag.images.decode import ImageLimits, decode_image
from hangtag.recognition.lookalikes import is_photo
from tests.tiny_tagger import RED, photo

# Which formats a refusal names depends on what is installed.
pytestmark = pytest.mark.usefixtures("without_heic")

JPEG, PNG = photo(), photo(format="PNG")
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"]


def refusal(data: bytes, error: type[Exception]) -> str:
    with pytest.raises(error) as raised:
        decode_image(data, ImageLimits(), 32)
    assert type(raised.value) is error
    return str(raised.value)


def saved(image_format: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), RED).convert(mode).save(buffer, image_format, **options)
    return buffer.getvalue()


def media(brand: bytes, *listed: bytes) -> bytes:
    """The first box of a file, and what comes after it."""
    content = brand + bytes(4) + b"".join(listed)
    return struct.pack(">I", 8 + len(content)) + b"ftyp" + content + b"\0\0\1\0meta" + bytes(300)


BRANDS = {
    "HEIC photo": [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"],
    "HEIF photo": [b"mif1", b"msf1", b"miaf"],
    "video": [b"mp41", b"mp42", b"isom", b"iso2", b"iso5", b"M4V ", b"qt  ", b"3gp4", b"3gp5",
              b"avc1", b"MSNV", b"dash", b"f4v "],
    "JPEG 2000 photo": [b"jp2 ", b"jpx "],
    "JPEG XL photo": [b"jxl "],
    "raw camera file": [b"crx "],
    "sound": [b"M4A "],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "brand"), [(name, brand) for name, brands in BRANDS.items() for brand in brands]
)
def test_each_brand_of_media_file_is_named(name: str, brand: bytes) -> None:
    message = refusal(media(brand, b"mif1", b"iso8"), FormatUnsupported)
    assert f" {name}; send JPEG, PNG, WebP" in message


@pytest.mark.parametrize("brand", [b"mif1", b"msf1"])
def test_a_container_with_heic_inside_is_named_so(brand: bytes) -> None:
    assert "a HEIC photo" in refusal(media(brand, b"mif1", b"heic"), FormatUnsupported)


def test_avif_in_a_plain_container_is_read() -> None:
    data = saved("AVIF")
    assert data[8:12] == b"avif"
    decoded = decode_image(data[:8] + b"mif1" + data[12:], ImageLimits(), 32)
    assert np.allclose(np.asarray(decoded.rgb), RED, atol=6)
    assert decoded.facts.warnings == ()


@pytest.mark.parametrize("brand", [b"avif", b"avis", b"mif1"])
def test_a_broken_avif_is_not_called_another_format(brand: bytes) -> None:
    message = refusal(media(brand, b"avif", b"mif1"), ImageUndecodable)
    assert message == "The photo is broken or cut short; send it again."


NAMED: dict[str, tuple[bytes, ...]] = {
    "a JPEG 2000 photo": (
        b"\xff\x4f\xff\x51\0\x29" + bytes(100), b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100)
    ),
    "a JPEG XL photo": (b"\xff\x0a\xfa\x7f" + bytes(100), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)),
    "a JPEG-LS photo": (b"\xff\xd8\xff\xf7\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0" + bytes(100),),
    "a JPEG XR photo": (b"II\xbc\x01\x08\0\0\0" + bytes(100),),
    "a raw camera file": (
        b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIRS\x08\0\0\0", b"IIU\0\x18\0\0\0",
        b"II\x1a\0\0\0HEAPCCDR", b"FOVb\0\0\2\0", b"\0MRM\0\0\1\2",
    ),
    "a Photoshop document": (b"8BPS\0\1" + bytes(100), b"8BPS\0\2" + bytes(100)),
    "a PDF document": (b"%PDF-1.7\n", b"\xef\xbb\xbf%PDF-1.4", b"\r\n%PDF-1.4"),
    "a PostScript document": (b"%!PS-Adobe-3.0 EPSF-3.0\n",),
    "an EPS document": (b"\xc5\xd0\xd3\xc6" + bytes(100),),
    "an SVG drawing": (
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?>\n<!-- a drawing -->\n<svg/>",
        b"<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'>\n<svg/>",
        b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
    ),
    "an HTML page": (
        b"<!DOCTYPE html><title>404</title>", b"<html>", b"\n\n<HTML><BODY>", b"<!doctype HTML>",
        b"<head><title>Access denied</title>", b"<!-- cached --><html>",
        b"<?xml version='1.0'?><!DOCTYPE html>",
    ),
    "an XML document": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",),
    "a GIMP picture": (b"gimp xcf v011\0",),
    "an icon": (saved("ICO"), saved("ICNS")),
    "a cursor": (b"\0\0\2\0\1\0\x20\x20\0\0" + bytes(50),),
    "a DDS texture": (saved("DDS"),),
    "a PCX picture": (saved("PCX"), saved("PCX", "L")),
    "a QOI picture": (saved("QOI"),),
    "a PNM picture": (saved("PPM"), saved("PPM", "L"), saved("PPM", "1"), b"P3\n1 1\n255\n9 9 9\n"),
    "a farbfeld picture": (b"farbfeld\0\0\0\1\0\0\0\1" + bytes(8),),
    "a TGA picture": (saved("TGA"), saved("TGA")[:-26], saved("TGA", "L"), saved("TGA", "RGBA")),
    "an SGI picture": (saved("SGI"),),
    "a WMF drawing": (b"\xd7\xcd\xc6\x9a" + bytes(50), b"\1\0\x09\0\0\3" + bytes(50)),
    "an EMF drawing": (b"\1\0\0\0\x6c\0\0\0" + bytes(32) + b" EMF" + bytes(50),),
    "a CorelDRAW drawing": (b"RIFF\x10\0\0\0CDRAvrsn" + bytes(50),),
    "an InDesign document": (b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5",),
    "an Office document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50),),
    "a ZIP archive": (b"PK\3\4" + bytes(50),),
    "a gzip archive": (b"\x1f\x8b\x08\0" + bytes(50),),
    "a RAR archive": (b"Rar!\x1a\x07\x01\0",),
    "a tar archive": (b"a.jpg".ljust(257, b"\0") + b"ustar\0" + bytes(250),),
    "a video": (
        b"\x1aE\xdf\xa3" + bytes(50), b"RIFF\x10\0\0\0AVI LIST" + bytes(50),
        b"\0\0\0\x08wide\0\0\1\0mdat" + bytes(50), b"\0\0\1\xba" + bytes(50),
        b"FLV\1\5" + bytes(50),
    ),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",),
    "the file that macOS puts beside a photo": (b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(50),),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_each_format_that_is_not_read_is_named(name: str) -> None:
    for data in NAMED[name]:
        message = refusal(data, FormatUnsupported)
        assert message.startswith(f"This is {name}")
        assert message.endswith("; send JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF.")


# A photo with something before it


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize(
    "before", [b"\n", b"\r\n", b"\r\n\r\n", b"   ", b"\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"]
)
def test_a_little_space_before_a_photo_is_dropped(image_format: str, before: bytes) -> None:
    data = saved(image_format)
    plain, led = (decode_image(each, ImageLimits(), 32) for each in (data, before + data))
    assert led.facts == plain.facts
    assert np.array_equal(np.asarray(led.rgb), np.asarray(plain.rgb))


@pytest.mark.parametrize("before", [b"", b"\r\n", b"  ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n\t"])
def test_what_comes_before_a_photo_is_the_same_for_all_who_look(before: bytes) -> None:
    big_tiff = saved("TIFF", big_tiff=True)
    assert big_tiff.startswith(b"II+")
    for data in (*map(saved, FORMATS), big_tiff):
        assert is_photo(before + data)
    assert decode_image(before + big_tiff, ImageLimits(), 32).facts.warnings == ()
    assert refusal(before + b"%PDF-1.7", FormatUnsupported).startswith("This is a PDF document")
    assert "a data URL" in refusal(before + b"data:image/png;base64,AAAA", ImageUndecodable)


def test_much_space_before_a_photo_is_not() -> None:
    refusal(b"\n" * 17 + JPEG, ImageUndecodable)
    refusal(b"\n" * 1_000_000 + JPEG, ImageUndecodable)
    refusal(b"\n", ImageUndecodable)


# What was done to a photo on its way


MANGLED: dict[str, tuple[bytes, ...]] = {
    "a photo in base64": (
        *(base64.b64encode(saved(name)) for name in ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"]),
        base64.encodebytes(JPEG),
        b"\n" + base64.encodebytes(PNG),
        base64.b64encode(JPEG * 20),
    ),
    "a data URL": (
        b"data:image/jpeg;base64," + base64.b64encode(JPEG),
        b"DATA:image/png;base64," + base64.b64encode(PNG),
        b"data:,x",
    ),
    "a photo in hexadecimal digits": (
        JPEG.hex().encode(), PNG.hex().upper().encode(), b"0xffd8ff00"
    ),
    "Python's notation of bytes": (
        repr(JPEG).encode(), repr(PNG).encode(), b"b'" + base64.b64encode(JPEG) + b"'"
    ),
    "a multipart form": (
        b'--boundary7\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + JPEG,
        b"------WebKitFormBoundaryX\r\ncontent-type: image/jpeg\r\n\r\n" + JPEG,
    ),
    "lines of an HTTP header": (
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG,
        b"Content-Type: image/jpeg\r\n\r\n" + JPEG,
        b"HTTP/2 404\n\n",
    ),
    "a URL": (b"https://cdn.example/a.jpg", b"s3://bucket/a.jpg"),
    "the name of a file": (b"photos/front.jpg", b"C:\\photos\\front.JPG\r\n"),
    "JSON": (b'{"images": [{"content": "/9j/"}]}', b'[{"content": "x"}]', b"{}", b'"/9j/4AAQ"'),
    "a PNG whose line ends were changed": (
        PNG.replace(b"\r\n", b"\n"), PNG.replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\r\n"),
    ),
    "a photo that was read as text": (
        JPEG.decode("utf-8", "replace").encode(),
        PNG.decode("utf-8", "replace").encode(),
        JPEG.decode("latin-1").encode(),
        PNG.decode("latin-1").encode(),
        JPEG.decode("ascii", "replace").encode("ascii", "replace"),
    ),
    "nothing but zeros": (bytes(5000), b"\0"),
    "plain text": (b"not a photo", b"Not Found", b"upstream timed out\n", b"true"),
}  # fmt: skip


@pytest.mark.parametrize("name", MANGLED)
def test_what_was_done_to_a_photo_is_named(name: str) -> None:
    for data in MANGLED[name]:
        message = refusal(data, ImageUndecodable)
        assert message.startswith(f"In place of a photo this is {name}"), data[:40]


def test_a_photo_behind_other_bytes_is_named() -> None:
    for before in (b"\0" * 20, b"<?php ?>\n", b"\x01\x02\x03", b"\n" * 17):
        for data in (JPEG, PNG):
            message = refusal(before + data, ImageUndecodable)
            assert message.startswith("In place of a photo this is a photo behind other bytes")


@pytest.mark.parametrize(
    "piece", [b"<?xml ", b"<!-- ", b"<", b"a: ", b"/9j/ ", b"data:", b"{", b"\n "]
)
def test_texts_made_to_be_hard_to_tell_are_told_at_once(piece: bytes) -> None:
    started = time.thread_time()
    with pytest.raises(RequestError):
        decode_image(piece * 100_000, ImageLimits(), 32)
    assert time.thread_time() - started < 0.3


def test_a_sentence_never_repeats_what_was_sent() -> None:
    assert "secret" not in refusal(b"secret words", ImageUndecodable)
    assert "secret" not in refusal(b"https://host/?secret", ImageUndecodable)


def test_bytes_without_any_likeness_are_refused_as_before() -> None:
    message = refusal(bytes(range(200, 256)) * 5, ImageUndecodable)
    assert message.startswith("The bytes are not a readable photo; send JPEG")
