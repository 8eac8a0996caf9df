"""Legal photos of few bytes that take seconds to decode."""

import functools
import struct
import zlib
from pathlib import Path

from chaos.fuzzing.bombs import many_scans

_START_OF_FRAME, _START_OF_SCAN = b"\xff\xc9", b"\xff\xda"
_END_OF_IMAGE = b"\xff\xd9"
_FIRST_RESTART = 0xD0
_BLOCK_PX = 8
# Two rows of blocks of 4000 x 16 px, that noise is repeated in; of Pillow's JPEG, by
# `jpegtran -arithmetic -restart 1`.
_ROWS = Path(__file__).with_name("arithmetic_rows.jpg.z")
_SCANS, _LARGEST_SIDE_PX = 80, 8_000


def scanned_photo() -> bytes:
    """Return a JPEG of 64 MP and 0.26 MB in 86 scans, each a pass over all pixels."""
    return many_scans(_LARGEST_SIDE_PX, _SCANS)


@functools.cache
def arithmetic_photo(height_px: int = 4_000) -> bytes:
    """Return a JPEG that is arithmetic coded, 4000 px wide; 16 MP have 17.5 MB."""
    two_rows = zlib.decompress(_ROWS.read_bytes())
    begin = two_rows.index(_START_OF_SCAN)
    (length,) = struct.unpack(">H", two_rows[begin + 2 : begin + 4])
    head, rows = two_rows[: begin + 2 + length], two_rows[begin + 2 + length :]
    at = head.index(_START_OF_FRAME) + 5
    head = head[:at] + struct.pack(">H", height_px) + head[at + 2 :]
    # The coder begins anew at each restart, so that all rows are the same bytes.
    row = rows[: rows.index(bytes([0xFF, _FIRST_RESTART]))]
    count = height_px // _BLOCK_PX
    restarts = [bytes([0xFF, _FIRST_RESTART + number % 8]) for number in range(count - 1)]
    return head + b"".join(row + restart for restart in (*restarts, _END_OF_IMAGE))
