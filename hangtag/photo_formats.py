"""Which photo files are opened: by their content, whatever they are called."""

from __future__ import annotations

import codecs
import io
import struct
import zlib

from PIL import Image, ImageFile

from hangtag.errors import FormatUnsupported, ImageTooManyPixels, ImageUndecodable

SUPPORTED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_SUPPORTED_NAMES = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
# Above it Pillow refuses to open a photo, whatever our limit.
PILLOW_MAX_PIXELS = 178_956_970

# Formats that suppliers do send and that are recognised only to be refused by name.
_REFUSED_SIGNATURES: dict[bytes, str] = {
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML document",
    b"<!DOC": "an HTML page",
    b"<html": "an HTML page",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x1aE\xdf\xa3": "a video",
    b"II*\x00\x10\x00\x00\x00CR": "a raw camera file",
    b"\xff\x0a": "a JPEG XL photo",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL photo",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 photo",
    b"\x00\x00\x01\x00": "an icon",
    b"%!PS": "a PostScript document",
}
_REFUSED_BRANDS: dict[bytes, str] = {
    b"heic": "a HEIC photo",
    b"heix": "a HEIC photo",
    b"hevc": "a HEIC photo",
    b"msf1": "a HEIF photo",
    b"mif1": "a HEIF photo",
    b"isom": "a video",
    b"mp42": "a video",
    b"qt  ": "a video",
}

# What Pillow raises on broken bytes, besides OSError: each was met with a mutated photo.
# RuntimeError includes NotImplementedError and RecursionError.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def open_photo(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read a photo's header; its pixels are decoded when they are asked for.

    A PNG whose colour profile Pillow chokes on is opened without it: `info["icc_profile"]` is
    then None.

    Raises
    ------
    ImageTooManyPixels, FormatUnsupported, ImageUndecodable
    """
    try:
        try:
            return _open(data)
        except DECODE_ERRORS:
            without_profile = _cut_png_profile(data)
            if without_profile is None:
                raise
            image = _open(without_profile)
            image.info["icc_profile"] = None
            return image
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            f"The photo has more than the {max_pixels:,} pixels that are decoded; send it smaller."
        ) from error
    except DECODE_ERRORS as error:
        refused = _refused_format(data)
        if refused:
            raise FormatUnsupported(f"This is {refused}; send {_SUPPORTED_NAMES}.") from error
        raise ImageUndecodable(
            f"The bytes are not a readable photo; send {_SUPPORTED_NAMES}."
        ) from error


def _open(data: bytes) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(data), formats=SUPPORTED_FORMATS)


def _cut_png_profile(data: bytes) -> bytes | None:
    """Return a PNG file without its colour profile, or None if there is none."""
    kept, has_profile = [data[:8]], False
    position = 8 if data.startswith(b"\x89PNG\r\n\x1a\n") else len(data)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind == b"iCCP":
            has_profile = True
        else:
            kept.append(data[position:end])
        position = end
    return b"".join(kept) if has_profile else None


def _refused_format(data: bytes) -> str | None:
    head = data[:512].removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if data[4:8] == b"ftyp":
        return _REFUSED_BRANDS.get(bytes(data[8:12]))
    return next((name for mark, name in _REFUSED_SIGNATURES.items() if head.startswith(mark)), None)
