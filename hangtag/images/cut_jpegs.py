"""JPEGs whose end is missing: how much it is, is measured.

They are decoded twice, with two ends put to them, nothing and noise: what is the same in both was
in the file.
"""

import io
import math
import struct
from typing import NamedTuple

import numpy as np
from PIL import JpegImagePlugin

from hangtag.arrays import BoolArray, Pixels
from hangtag.errors import ImageUndecodable
from hangtag.images.jpeg_structure import END_OF_IMAGE, Scans, before_end, read_scans
from hangtag.images.missing_share import Loss

# Such a photo is decoded three times; whole ones may have three times as many.
_MAX_SCANS = 32
# Decoded for comparison at a reduced scale, but not so far that only the blocks' means are left.
_COMPARED_SIDE_PX = 1024
_NOISE = bytes(np.random.default_rng(0).integers(0, 255, 256, np.uint8))
# Noise again after each number that a restart marker may have.
_NOISY_END = _NOISE + b"".join(b"\xff" + bytes([0xD0 + n]) + _NOISE for n in range(8))
# More of them may be what was set aside for a file and never written.
_MAX_ZEROS = 16
_ZEROS_AT_END = bytes(_MAX_ZEROS + 1) + END_OF_IMAGE
_MIN_FLAT_SHARE = 0.95
# Or its inverse.
_GREY = (127, 128)


def is_secretly_cut(data: bytes, last_pixel: object, *, is_progressive: bool) -> bool:
    """Whether a lossy JPEG lacks a part before its end marker, as programs leave that repair one.

    `last_pixel` is the one at the lower right of what it decodes to, a level or a tuple of them.
    """
    levels = last_pixel if isinstance(last_pixel, tuple) else (last_pixel,)
    # What libjpeg puts in place of missing blocks; others end in that grey, too.
    is_suspect = all(level in _GREY for level in levels) or _ZEROS_AT_END in data
    scans = read_scans(data) if is_suspect or is_progressive else None
    if scans is None:
        return False
    if is_progressive and not scans.has_begun_all:
        return True
    if not is_suspect or len(scans.sizes_bytes) > _MAX_SCANS:
        return False
    written = _without_padding(before_end(data)).rstrip(b"\xff")
    return _missing(written, scans).place is not None


def mend_jpeg(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a JPEG file that is whole, of the rows that are there.

    Raises
    ------
    ImageUndecodable : if more than MAX_MISSING_SHARE is missing.
    """
    data = before_end(data)
    scans = _begun_scans(data)
    # Half a marker, which libjpeg trips over.
    written = _without_padding(data).rstrip(b"\xff")
    scans.sizes_bytes[-1] -= len(data) - len(written)
    missing = _missing(written, scans)
    if scans.is_detail:
        # All rows are there; what is missing is detail of some.
        _loss_of_detail(missing, scans).check("JPEG")
        return written + END_OF_IMAGE
    loss = missing.loss(size)
    loss.check("JPEG")
    place = scans.frame.height_place
    return written[:place] + struct.pack(">H", loss.rows) + written[place + 2 :] + END_OF_IMAGE


def _begun_scans(data: bytes) -> Scans:
    scans = read_scans(data)
    if scans and scans.frame.is_lossless:
        # A few bytes of them may claim millions of pixels, and decode at the full scale only.
        raise ImageUndecodable("The lossless JPEG photo is cut short; send it again.")
    if scans is None or not scans.has_begun_all or len(scans.sizes_bytes) > _MAX_SCANS:
        raise ImageUndecodable(
            "The JPEG photo is cut short, before its last scan began; send it again."
        )
    return scans


# What is missing


class _Missing(NamedTuple):
    """From the block at `top` and `left` on, all of a decoded picture; nothing, if that is None."""

    pixels: Pixels
    place: tuple[int, int] | None
    block_rows: int

    @property
    def mask(self) -> BoolArray:
        """Where pixels are missing, of shape (H, W)."""
        mask = np.zeros(self.pixels.shape[:2], np.bool_)
        if self.place:
            top, left = self.place
            mask[top : top + self.block_rows, left:] = True
            mask[top + self.block_rows :] = True
        return mask

    def loss(self, size: tuple[int, int]) -> Loss:
        height, width = self.pixels.shape[:2]
        if self.place is None:
            return Loss(size[1], 0.0)
        top, left = self.place
        # A row of blocks of which most are there is kept, with grey for the others.
        rows = min(height, top + self.block_rows) if left > width // 2 else top
        return Loss(max(1, rows * size[1] // height), float(self.mask.mean()))


def _missing(data: bytes, scans: Scans) -> _Missing:
    pixels = _pixels(data + END_OF_IMAGE)
    differs = _differs(pixels, _pixels(data + _NOISY_END + END_OF_IMAGE))
    block_rows = -(-scans.frame.block_rows_px * pixels.shape[0] // scans.frame.height)
    if not differs.any():
        return _Missing(pixels, None, block_rows)
    top = int(np.argmax(differs.any(axis=1)))
    left = int(np.argmax(differs[top : top + block_rows].any(axis=0)))
    return _Missing(pixels, (top, left), block_rows)


def _loss_of_detail(missing: _Missing, scans: Scans) -> Loss:
    """Return the share of all compressed bytes: areas of one colour take hardly any."""
    detailed = _detailed(missing.pixels)
    share = int((detailed & missing.mask).sum()) / max(1, int(detailed.sum()))
    *others, last = scans.sizes_bytes
    whole = last / max(1 - share, 1 / (1 + last))
    share_of_last = whole / (sum(others) + whole) if whole else 0.0
    return Loss(len(detailed), share * share_of_last)


def _detailed(pixels: Pixels) -> BoolArray:
    """Return where pixels differ from those left of them or above them, (H, W)."""
    mask = np.zeros(pixels.shape[:2], np.bool_)
    mask[:, 1:] = _differs(pixels[:, 1:], pixels[:, :-1])
    mask[1:] |= _differs(pixels[1:], pixels[:-1])
    return mask


def _without_padding(data: bytes) -> bytes:
    """Leave out zeros at the end that are no picture."""
    written = data.rstrip(b"\0")
    if len(data) - len(written) <= _MAX_ZEROS or _are_picture(data, written):
        return data
    return written


def _are_picture(data: bytes, written: bytes) -> bool:
    """Whether zeros stand for an area of one colour, as they may if tables are made to measure.

    Then there are just as many as the area takes.
    """
    pixels = _pixels(data + END_OF_IMAGE)
    noisy = _pixels(data + _NOISY_END + END_OF_IMAGE)
    shorter = _pixels(data[: -_MAX_ZEROS - 1] + _NOISY_END + END_OF_IMAGE)
    missing, of_last = _differs(pixels, noisy), _differs(pixels, shorter)
    of_zeros = _differs(pixels, _pixels(written + _NOISY_END + END_OF_IMAGE)) & ~missing
    return bool(of_last.sum() > missing.sum() and _is_flat(pixels[of_zeros]))


def _is_flat(pixels: Pixels) -> bool:
    if len(pixels) == 0:
        return False
    is_near = np.abs(pixels - np.median(pixels, axis=0)).max(axis=-1) <= 1
    return bool(is_near.mean() > _MIN_FLAT_SHARE)


def _differs(pixels: Pixels, others: Pixels) -> BoolArray:
    differs: BoolArray = np.any(pixels != others, axis=-1)
    return differs


def _pixels(data: bytes) -> Pixels:
    """Decode to uint8 (H, W, C), reduced."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    width, height = image.size
    factor = max(width, height) / _COMPARED_SIDE_PX
    if factor > 1:
        image.draft("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    image.decodermaxblock = len(data)
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)
