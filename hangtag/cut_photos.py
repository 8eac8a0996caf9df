"""Photos whose end is missing, as interrupted downloads and full disks leave them.

One of which nearly all is there is read as far as it goes. How much that is the decoders do not
say. Of a PNG it is counted in the decompressed rows. A JPEG is decoded twice, with two ends put to
it, nothing and noise: what is the same in both was in the file.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import JpegImagePlugin

from hangtag.errors import ImageUndecodable
from hangtag.jpeg_structure import END_OF_IMAGE, START_OF_IMAGE, Frame, Scans, read_scans
from hangtag.png_chunks import (
    BESIDE_PIXELS,
    MAX_EXIF_BYTES,
    PIXELS,
    SIGNATURE,
    chunk_of,
    chunks,
    filled_content,
)

# Of a photo's area; of a JPEG's finest scan, that refines what is there, of all its bytes.
MAX_MISSING_SHARE = 0.05

# Such a photo is decoded three times; whole ones may have three times as many.
_MAX_SCANS = 32
# Decoded for comparison at a reduced scale, but not so far that only the blocks' means are left.
_COMPARED_SIDE_PX = 1024
_NOISE = bytes(np.random.default_rng(0).integers(0, 255, 256, np.uint8))
# Noise again after each number that a restart marker may have.
_NOISY_END = _NOISE + b"".join(b"\xff" + bytes([0xD0 + n]) + _NOISE for n in range(8))
# More of them are what was set aside for a file and never written.
_MAX_ZEROS = 16
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HEADER_END = 33
_COMPRESSED_PIECE_BYTES, _INFLATED_PIECE_BYTES = 256, 1 << 20
# Interlaced: first column and row, and steps, of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Loss:
    """Rows that are there, and the share of the photo that is missing."""

    rows: int
    share: float


def mend(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a JPEG or PNG file that is whole, of the rows that are there; others as they are.

    Parameters
    ----------
    data : the file that lacks its end
    size : the width and height that its header tells

    Raises
    ------
    ImageUndecodable : if more than MAX_MISSING_SHARE is missing.
    """
    if data.startswith(SIGNATURE):
        return _mend_png(data, size)
    return _mend_jpeg(_without_zeros(data), size) if data.startswith(START_OF_IMAGE) else data


def _without_zeros(data: bytes) -> bytes:
    written = data.rstrip(b"\0")
    return written if len(data) - len(written) > _MAX_ZEROS else data


def _check(image_format: str, share: float) -> None:
    if share > MAX_MISSING_SHARE:
        raise ImageUndecodable(
            f"The {image_format} photo is cut short: about {share:.1%} of it is missing, more "
            f"than {MAX_MISSING_SHARE:.0%}; send it again."
        )


# JPEG


def _mend_jpeg(data: bytes, size: tuple[int, int]) -> bytes:
    # Half a marker, which libjpeg trips over.
    data = data.rstrip(b"\xff")
    scans = read_scans(data)
    if scans is None or not scans.has_begun_all or len(scans.sizes_bytes) > _MAX_SCANS:
        raise ImageUndecodable(
            "The JPEG photo is cut short, before its last scan began; send it again."
        )
    loss = _jpeg_loss(data, scans.frame, size)
    if scans.is_refinement:
        # All rows are there; what is missing is the last bit of some.
        share = loss.share * _share_of_last(scans, loss.share)
        _check("JPEG", share)
        return data + END_OF_IMAGE
    _check("JPEG", loss.share)
    place = scans.frame.height_place
    rows = struct.pack(">H", loss.rows)
    return data[:place] + rows + data[place + 2 :] + END_OF_IMAGE


def _share_of_last(scans: Scans, missing_share: float) -> float:
    """Return what share of all compressed bytes the last scan would have had."""
    *others, last = scans.sizes_bytes
    whole = last / max(1 - missing_share, 1 / (1 + last))
    return whole / (sum(others) + whole) if whole else 0.0


def _jpeg_loss(data: bytes, frame: Frame, size: tuple[int, int]) -> _Loss:
    differs = np.any(
        _pixels(data + END_OF_IMAGE, frame) != _pixels(data + _NOISY_END + END_OF_IMAGE, frame),
        axis=-1,
    )
    height, width = differs.shape
    if not differs.any():
        return _Loss(size[1], 0.0)
    top = int(np.argmax(differs.any(axis=1)))
    block_rows = -(-frame.block_rows_px * height // size[1])
    bottom = min(top + block_rows, height)
    left = int(np.argmax(differs[top:bottom].any(axis=0)))
    missing = (height - top) * width - left * (bottom - top)
    # A row of blocks of which most are there is kept, with grey for the others.
    rows = bottom if left > width // 2 else top
    return _Loss(max(1, rows * size[1] // height), missing / (width * height))


def _pixels(data: bytes, frame: Frame) -> Pixels:
    """Decode to uint8 (H, W, C), reduced."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    width, height = image.size
    factor = max(width, height) / _COMPARED_SIDE_PX
    if factor > 1 and not frame.is_lossless:
        image.draft("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    image.decodermaxblock = len(data)
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)


# PNG


def _mend_png(data: bytes, size: tuple[int, int]) -> bytes:
    found = list(chunks(data))
    pixels = b"".join(data[each.start : each.content_end] for each in found if each.kind == PIXELS)
    header = data[len(SIGNATURE) + 8 : _HEADER_END - 4]
    loss = _png_loss(header, pixels, size)
    _check("PNG", loss.share)
    # In one piece: a decoder trips over a last one that is cut short, even if it needs none of it.
    beside = b"".join(
        chunk_of(each.kind, filled_content(data, each, MAX_EXIF_BYTES))
        for each in found
        if each.kind in BESIDE_PIXELS
    )
    header = header[:4] + struct.pack(">I", loss.rows) + header[8:]
    return b"".join(
        (
            SIGNATURE,
            chunk_of(b"IHDR", header),
            beside,
            chunk_of(PIXELS, pixels),
            chunk_of(b"IEND", b""),
        )
    )


def _png_loss(header: bytes, pixels: bytes, size: tuple[int, int]) -> _Loss:
    width, height = size
    bits, colour, _, _, is_interlaced = header[8:13]
    pixel_bits = bits * _PNG_CHANNELS.get(colour, 4)
    if is_interlaced:
        needed = _interlaced_bytes(width, height, pixel_bits)
        if _inflated_bytes(pixels, needed) < needed:
            # Each pass covers all rows: none is whole until the last pass is.
            raise ImageUndecodable("The interlaced PNG photo is cut short; send it again.")
        return _Loss(height, 0.0)
    row_bytes = _row_bytes(width, pixel_bits)
    rows = _inflated_bytes(pixels, height * row_bytes) // row_bytes
    return _Loss(min(height, rows), 1 - min(height, rows) / height)


def _row_bytes(width: int, pixel_bits: int) -> int:
    # The number of its filter comes first.
    return 1 + -(-width * pixel_bits // 8)


def _interlaced_bytes(width: int, height: int, pixel_bits: int) -> int:
    total = 0
    for left, top, step_x, step_y in _PASSES:
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        total += rows * _row_bytes(columns, pixel_bits) if columns > 0 and rows > 0 else 0
    return total


def _inflated_bytes(compressed: bytes, needed: int) -> int:
    """Count the bytes that pixels decompress to, up to those that are needed."""
    inflater, count = zlib.decompressobj(), 0
    # Little at a time: what comes before broken bytes is lost if it comes together with them.
    for start in range(0, len(compressed), _COMPRESSED_PIECE_BYTES):
        piece = compressed[start : start + _COMPRESSED_PIECE_BYTES]
        while piece and count < needed:
            try:
                count += len(inflater.decompress(piece, _INFLATED_PIECE_BYTES))
            except zlib.error:
                return count
            piece = inflater.unconsumed_tail
    return count
