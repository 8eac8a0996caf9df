"""PNGs whose end is missing: how much it is, is counted in the decompressed rows."""

import struct
import zlib

from hangtag.errors import ImageUndecodable
from hangtag.images.missing_share import Loss
from hangtag.images.png_chunks import (
    BESIDE_PIXELS,
    MAX_EXIF_BYTES,
    PIXELS,
    SIGNATURE,
    chunk_of,
    chunks,
    filled_content,
)

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HEADER_END = 33
_COMPRESSED_PIECE_BYTES, _INFLATED_PIECE_BYTES = 256, 1 << 20
# Interlaced: first column and row, and steps, of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip


def mend_png(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a PNG file that is whole, of the rows that are there.

    Raises
    ------
    ImageUndecodable : if more than MAX_MISSING_SHARE is missing.
    """
    found = list(chunks(data))
    pixels = b"".join(data[each.start : each.content_end] for each in found if each.kind == PIXELS)
    header = data[len(SIGNATURE) + 8 : _HEADER_END - 4]
    loss = _png_loss(header, pixels, size)
    loss.check("PNG")
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


def _png_loss(header: bytes, pixels: bytes, size: tuple[int, int]) -> Loss:
    width, height = size
    bits, colour, _, _, is_interlaced = header[8:13]
    pixel_bits = bits * _PNG_CHANNELS.get(colour, 4)
    if is_interlaced:
        needed = _interlaced_bytes(width, height, pixel_bits)
        if _inflated_bytes(pixels, needed) < needed:
            # Each pass covers all rows: none is whole until the last pass is.
            raise ImageUndecodable("The interlaced PNG photo is cut short; send it again.")
        return Loss(height, 0.0)
    row_bytes = _row_bytes(width, pixel_bits)
    rows = _inflated_bytes(pixels, height * row_bytes) // row_bytes
    return Loss(min(height, rows), 1 - min(height, rows) / height)


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
