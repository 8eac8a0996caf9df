"""Photo bytes -> RGB -> model input, the same function in training and in serving.

Normalisation (mean, standard deviation) is not here: it is part of model.onnx, whose input is
the uint8 array that `Preprocessing.to_model_input` returns. So it cannot differ between the two.
"""

from __future__ import annotations

import codecs
import io
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from hangtag.errors import (
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUndecodable,
)

SUPPORTED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_SUPPORTED_NAMES = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
_WHITE = (255, 255, 255)

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
_DECODE_ERRORS = (
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
# Above it Pillow refuses to open a photo, whatever our limit.
_PILLOW_MAX_PIXELS = 178_956_970
_EXIF_ORIENTATION = 0x0112


# EXIF orientation -> what turns the photo upright (JEITA CP-3451, tag 0x0112).
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = tuple(_TURNS[orientation] for orientation in (5, 6, 7, 8))


class ImageLimits(BaseModel):
    """What a photo may cost; checked before memory is spent on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_image_bytes: int = Field(20_000_000, gt=0)
    max_image_pixels: int = Field(64_000_000, gt=0, le=_PILLOW_MAX_PIXELS)


@dataclass(frozen=True)
class ImageFacts:
    """What an answer says of a photo: its size as a file, seen upright, and warnings."""

    width_px: int
    height_px: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecodedImage:
    """An upright RGB photo; large, so it should not be kept longer than needed."""

    rgb: Image.Image
    facts: ImageFacts


class Preprocessing(BaseModel):
    """How an RGB photo becomes the model's input: data that travels with the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_px: int = Field(224, ge=32, le=1024)
    # `pad` keeps the whole product and its proportions, on white as catalogue photos have it.
    fit: Literal["pad"] = "pad"
    interpolation: Literal["bicubic"] = "bicubic"

    def to_model_input(self, rgb: Image.Image) -> npt.NDArray[np.uint8]:
        """Return the photo as a uint8 array of shape (3, size_px, size_px)."""
        # reducing_gap shrinks large photos by whole factors first: same picture, far less work.
        scale = self.size_px / max(rgb.size)
        width, height = (max(1, round(side * scale)) for side in rgb.size)
        if rgb.size != (width, height):
            rgb = rgb.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        canvas = Image.new("RGB", (self.size_px, self.size_px), _WHITE)
        canvas.paste(rgb, ((self.size_px - width) // 2, (self.size_px - height) // 2))
        return np.ascontiguousarray(np.asarray(canvas).transpose(2, 0, 1))


def decode_image(data: bytes, limits: ImageLimits, smallest_side_px: int) -> DecodedImage:
    """Decode a photo of any supported format to upright RGB on white.

    Parameters
    ----------
    data : the file's bytes
    limits : bytes and pixels that a photo may have
    smallest_side_px : the side that the model sees; JPEGs far larger are decoded at a reduced
        scale (DCT scaling), never below twice this side, and smaller photos get a warning.

    Raises
    ------
    ImageTooLarge, ImageTooManyPixels, FormatUnsupported, ImageUndecodable
    """
    if len(data) > limits.max_image_bytes:
        raise ImageTooLarge(
            f"The photo has {len(data):,} bytes, more than the {limits.max_image_bytes:,} that "
            "are taken; send it smaller."
        )
    image = _open(data, limits)
    _check_pixels(image.size, limits)
    width_px, height_px = image.size
    warnings = []
    try:
        if getattr(image, "n_frames", 1) > 1:
            warnings.append("several_frames_first_used")
        turn = _TURNS.get(_orientation(image))
        image.draft("RGB", (2 * smallest_side_px, 2 * smallest_side_px))
        rgb = _flatten(image)
    except _DECODE_ERRORS as error:
        raise ImageUndecodable(
            f"The {image.format} photo is broken or cut short ({error}); send it again."
        ) from error
    if turn is not None:
        rgb = rgb.transpose(turn)
    if turn in _SIDEWAYS:
        width_px, height_px = height_px, width_px
    if max(width_px, height_px) < smallest_side_px:
        warnings.append("smaller_than_model_input")
    return DecodedImage(rgb, ImageFacts(width_px, height_px, tuple(warnings)))


def _open(data: bytes, limits: ImageLimits) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=SUPPORTED_FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            f"The photo has more than the {limits.max_image_pixels:,} pixels that are decoded; "
            "send it smaller."
        ) from error
    except _DECODE_ERRORS as error:
        refused = _refused_format(data)
        if refused:
            raise FormatUnsupported(f"This is {refused}; send {_SUPPORTED_NAMES}.") from error
        raise ImageUndecodable(
            f"The bytes are not a readable photo; send {_SUPPORTED_NAMES}."
        ) from error


def _check_pixels(size: tuple[int, int], limits: ImageLimits) -> None:
    if size[0] * size[1] > limits.max_image_pixels:
        raise ImageTooManyPixels(
            f"The photo has {size[0]} x {size[1]} pixels, more than the "
            f"{limits.max_image_pixels:,} that are decoded; send it smaller."
        )


def _flatten(image: Image.Image) -> Image.Image:
    """Return RGB: transparency on white, 16-bit scaled down instead of clipped."""
    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image, dtype=np.float64)
        scaled = levels * (255 / _full_scale(image.mode, float(levels.max(initial=0))))
        image = Image.fromarray(np.nan_to_num(scaled).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        canvas = Image.new("RGBA", rgba.size, (*_WHITE, 255))
        return Image.alpha_composite(canvas, rgba).convert("RGB")
    return image.convert("RGB")


def _full_scale(mode: str, peak: float) -> float:
    """Return the level that is white: integers have 16 bits, floats one of the usual ranges."""
    usual = (1.0, 255.0, 65535.0) if mode == "F" else (65535.0,)
    return next((level for level in usual if peak <= level), peak)


def _orientation(image: Image.Image) -> object:
    try:
        return image.getexif().get(_EXIF_ORIENTATION)
    except _DECODE_ERRORS:
        # Broken metadata does not make a photo unreadable; it is seen as it lies.
        return None


def _refused_format(data: bytes) -> str | None:
    head = data[:512].removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if data[4:8] == b"ftyp":
        return _REFUSED_BRANDS.get(bytes(data[8:12]))
    return next((name for mark, name in _REFUSED_SIGNATURES.items() if head.startswith(mark)), None)
