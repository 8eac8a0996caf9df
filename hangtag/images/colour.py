"""Decoded pixels of any kind -> 8-bit sRGB on white.

First depth, then transparency, then the colour profile that the file carries. PNG's gAMA and cHRM
are not heeded: where they differ from sRGB they are mostly wrong, and few programs heed them.
"""

import hashlib
import io
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

# The largest profiles of printing presses have 3 MB.
MAX_PROFILE_BYTES = 4_000_000
_CACHED_PROFILES = 16
# Two sRGB profiles of different makers differ by one level.
_SRGB_TOLERANCE_LEVELS = 2

_WHITE = (255, 255, 255, 255)
_BAND_PIXELS = 1 << 17
_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "F")
# A profile's colour space -> the Pillow mode that it describes.
_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}

Box = tuple[int, int, int, int]


def to_srgb(image: Image.Image, smallest_side_px: int) -> tuple[Image.Image, bool]:
    """Return the photo as RGB, and whether a colour profile of its had to be ignored.

    Where a profile is applied, the photo is reduced by a whole factor first, since the cost is
    per pixel; its longest side stays at least `smallest_side_px`. An sRGB profile changes nothing.
    """
    is_grey = image.mode in _GREY_MODES
    if image.mode == "La":
        image = image.convert("LA")
    opaque = _opaque_8_bit(image)
    if "icc_profile" not in image.info:
        return _without_profile(opaque), False
    transform = _transform_of(image.info["icc_profile"])
    if transform is None or not _describes(transform, opaque, is_grey):
        return _without_profile(opaque), True
    if transform.is_srgb:
        return _without_profile(opaque), False
    pixels = opaque if opaque.mode == transform.mode else opaque.convert(transform.mode)
    return transform.apply(_reduce(pixels, smallest_side_px)), False


def _without_profile(opaque: Image.Image) -> Image.Image:
    if opaque.mode == "LAB":
        return _lab_to_srgb().apply(opaque)
    return opaque if opaque.mode == "RGB" else opaque.convert("RGB")


def _reduce(image: Image.Image, smallest_side_px: int) -> Image.Image:
    factor = max(image.size) // smallest_side_px
    return image.reduce(factor) if factor > 1 else image


# Depth and transparency


def _opaque_8_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _eight_bit(image)
    return _on_white(image) if image.has_transparency_data else image


def _on_white(image: Image.Image) -> Image.Image:
    rgb = Image.new("RGB", image.size)
    for box, band in _bands(image):
        rgba = band.convert("RGBA")
        white = Image.new("RGBA", rgba.size, _WHITE)
        rgb.paste(Image.alpha_composite(white, rgba).convert("RGB"), box)
    return rgb


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return 16-bit, 32-bit and float levels scaled to 8 bits, not clipped."""
    scale = 255 / _full_scale(image)
    transparent_level = image.info.get("transparency")
    grey = Image.new("L", image.size)
    for box, band in _bands(image):
        levels = _levels(image, band)
        scaled = np.nan_to_num(levels * np.float32(scale), posinf=255, neginf=0)
        pixels = np.rint(scaled.clip(0, 255)).astype(np.uint8)
        if isinstance(transparent_level, int):
            pixels[levels == transparent_level] = 255
        grey.paste(Image.fromarray(pixels), box)
    return grey


def _full_scale(image: Image.Image) -> float:
    """Return the level that is white: integers have 16 bits, floats one of the usual ranges."""
    if white_level := image.info.get("white_level"):
        return float(white_level)
    if image.mode.startswith("I;16"):
        return 65535.0
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0,)
    peak = max(_peak(_levels(image, band)) for _, band in _bands(image))
    return next((level for level in usual if peak <= level), peak)


def _levels(image: Image.Image, band: Image.Image) -> npt.NDArray[Any]:
    levels = np.asarray(band)
    return levels.view(np.uint32) if image.info.get("is_unsigned") else levels


def _peak(levels: npt.NDArray[np.generic]) -> float:
    return float(np.max(levels, initial=0, where=np.isfinite(levels)))


def _bands(image: Image.Image) -> Iterator[tuple[Box, Image.Image]]:
    """Yield the photo in strips, so that no step needs a second copy of a large one."""
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        yield box, image.crop(box)


# Colour profiles


@dataclass(frozen=True)
class _Transform:
    """From a profile's colours, in pixels of `mode`, to sRGB.

    Threads may share it: Little CMS changes nothing in a transform that it applies.
    """

    mode: str
    to_srgb: ImageCms.ImageCmsTransform
    is_srgb: bool = False

    def apply(self, image: Image.Image) -> Image.Image:
        rgb = Image.new("RGB", image.size)
        # Not ImageCmsTransform.apply, which also embeds the profile of sRGB.
        self.to_srgb.transform.apply(image.getim(), rgb.getim())
        return rgb


class _CachedTransform:
    """The transform of one profile, built when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_built = False
        self._transform: _Transform | None = None

    def get(self, profile: bytes) -> _Transform | None:
        with self._lock:
            if not self._is_built:
                self._transform = _build_transform(profile)
                self._is_built = True
            return self._transform


@lru_cache(maxsize=_CACHED_PROFILES)
def _cached_transform(profile_sha256: bytes) -> _CachedTransform:  # noqa: ARG001 - the cache's key
    return _CachedTransform()


def _transform_of(profile: object) -> _Transform | None:
    """Return None for a profile that cannot be used; Pillow gives None for a broken one."""
    if not isinstance(profile, bytes) or len(profile) > MAX_PROFILE_BYTES:
        return None
    return _cached_transform(hashlib.sha256(profile).digest()).get(profile)


def _build_transform(profile: bytes) -> _Transform | None:
    if _has_processing_elements(profile):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space.strip(), "")
        transform = _Transform(mode, _build(source, mode)) if mode else None
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None
    if transform is None or mode == "CMYK":
        return transform
    return _Transform(mode, transform.to_srgb, is_srgb=_changes_nothing(transform))


def _build(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsTransform(source, srgb, mode, "RGB", ImageCms.Intent.PERCEPTUAL)


@lru_cache(maxsize=1)
def _lab_to_srgb() -> _Transform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return _Transform("LAB", _build(lab, "LAB"))


def _describes(transform: _Transform, image: Image.Image, is_grey: bool) -> bool:
    if transform.mode == "L":
        return is_grey
    if transform.mode == "CMYK":
        return image.mode == "CMYK"
    return image.mode not in ("CMYK", "LAB")


def _changes_nothing(transform: _Transform) -> bool:
    """Tell by trying: there are dozens of sRGB profiles, under many names."""
    levels = np.linspace(0, 255, 16).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(64, 64, 3)
    probe = Image.fromarray(colours).convert(transform.mode)
    seen = np.asarray(transform.apply(probe), np.int16)
    return bool(np.abs(seen - np.asarray(probe.convert("RGB"))).max() <= _SRGB_TOLERANCE_LEVELS)


def _has_processing_elements(profile: bytes) -> bool:
    """Tell whether any tag is a chain of steps (ICC.1:2022, 10.16).

    A profile of a few MB can have so many that building its transform takes minutes. Photos carry
    none.
    """
    tag_count = min(int.from_bytes(profile[128:132], "big"), (len(profile) - 132) // 12)
    table = profile[132 : 132 + 12 * max(0, tag_count)]
    starts = (offset for _, offset, _ in struct.iter_unpack(">4sII", table))
    return any(profile.startswith(b"mpet", start) for start in starts)
