"""TIFF files made tag by tag, of kinds that no library here writes."""

import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

SHORT, LONG, BYTE = 3, 4, 1
_FORMS = {BYTE: "B", SHORT: "H", LONG: "I"}
NO_COMPRESSION, DEFLATE = 1, 8
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}

Samples = npt.NDArray[Any]


def tiff(
    samples: Samples,
    photometric: int,
    *,
    extra: tuple[int, ...] = (),
    planar: bool = False,
    order: str = "<",
    compression: int = NO_COMPRESSION,
    bits: int | None = None,
    rows_per_strip: int | None = None,
    tags: Mapping[int, tuple[int, tuple[int, ...]]] | None = None,
) -> bytes:
    """Return a TIFF of samples of shape (H, W, S), with `bits` a sample if these are fewer."""
    height, width, count = samples.shape
    bits = bits or 8 * samples.itemsize
    planes = [samples[..., [band]] for band in range(count)] if planar else [samples]
    rows = rows_per_strip or height
    strips = [
        _compress(_packed(plane[top : top + rows], bits, order), compression)
        for plane in planes
        for top in range(0, height, rows)
    ]
    offsets = 8 + np.cumsum([0, *map(len, strips)])
    directory = {
        256: (LONG, (width,)),
        257: (LONG, (height,)),
        258: (SHORT, (bits,) * count),
        259: (SHORT, (compression,)),
        262: (SHORT, (photometric,)),
        273: (LONG, tuple(int(offset) for offset in offsets[:-1])),
        277: (SHORT, (count,)),
        278: (LONG, (rows,)),
        279: (LONG, tuple(map(len, strips))),
        284: (SHORT, (2 if planar else 1,)),
        339: (SHORT, (_SAMPLE_FORMATS[samples.dtype.kind],) * count),
        **({338: (SHORT, extra)} if extra else {}),
        **(tags or {}),
    }
    return tiff_file(directory, b"".join(strips), order)


def tiff_file(
    directory: Mapping[int, tuple[int, tuple[int, ...]]], content: bytes, order: str = "<"
) -> bytes:
    """Return a TIFF whose content begins at byte 8, and whose one directory follows it."""
    content += bytes(len(content) % 2)
    place = 8 + len(content) + 2 + 12 * len(directory) + 4
    entries, values = b"", b""
    for number, (kind, numbers) in sorted(directory.items()):
        value = struct.pack(f"{order}{len(numbers)}{_FORMS[kind]}", *numbers)
        entries += struct.pack(f"{order}HHI", number, kind, len(numbers))
        if len(value) > 4:
            entries += struct.pack(f"{order}I", place + len(values))
            values += value + bytes(len(value) % 2)
        else:
            entries += value.ljust(4, b"\0")
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8 + len(content))
    return head + content + struct.pack(f"{order}H", len(directory)) + entries + bytes(4) + values


def _packed(samples: Samples, bits: int, order: Any) -> bytes:
    if bits == 8 * samples.itemsize:
        return samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    # (H, W * S, bits), the highest bit first; each row begins with a new byte.
    rows = samples.reshape(len(samples), -1, 1)
    shifts = np.arange(bits - 1, -1, -1)
    single = (rows.astype(np.uint32) >> shifts.astype(np.uint32)) & 1
    return np.packbits(single.reshape(len(samples), -1).astype(np.uint8), axis=1).tobytes()


def _compress(strip: bytes, compression: int) -> bytes:
    return zlib.compress(strip) if compression == DEFLATE else strip
