"""The segments and scans of a JPEG file (ITU-T T.81, annex B), read without decoding them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hangtag.errors import FormatUnsupported

START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8\xff", b"\xff\xd9"

# What is followed by a length: not the bare markers, not the escaped 0xFF of compressed data.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
_END, SCAN = 0xD9, 0xDA
_HUFFMAN_TABLE, _ARITHMETIC_TABLE, _RESERVED = 0xC4, 0xCC, 0xC8
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_HUFFMAN_TABLE, _ARITHMETIC_TABLE, _RESERVED}
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_LOSSLESS = frozenset({0xC3, 0xCB})
_ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB})
_HIERARCHICAL = frozenset({0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF})
_COEFFICIENTS = 64
# No scan has as many zeros in a row, unless its commonest code is that of a block without detail.
_HOLE = bytes(256)
_HUFFMAN_SEQUENTIAL = frozenset({0xC0, 0xC1})
_DETAIL_TABLE, _NO_DETAIL = 0x10, 0


@dataclass(frozen=True)
class Segment:
    """A marker and its content; `gap_bytes` lie between it and the segment before."""

    marker: int
    place: int
    start: int
    end: int
    gap_bytes: int


@dataclass(frozen=True)
class Frame:
    """What the start of a frame says of the picture; `height_place` is where its height stands."""

    marker: int
    height: int
    components: bytes
    sampling: bytes
    block_rows_px: int
    height_place: int

    @property
    def is_progressive(self) -> bool:
        """Whether several scans refine the whole picture."""
        return self.marker in _PROGRESSIVE

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is coded as hardly anybody does, in a way that takes long to decode."""
        return self.marker in _ARITHMETIC

    def samples_per_pixel(self, scan: bytes) -> float:
        """Return how many samples a scan goes over for each pixel, by what its header holds."""
        names = scan[1 : 1 + 2 * scan[0] : 2] if scan else b""
        widths, heights = (
            [each >> 4 for each in self.sampling],
            [each & 15 for each in self.sampling],
        )
        areas = [
            width * height
            # A frame that is cut short may name one that it does not describe.
            for name, width, height in zip(self.components, widths, heights, strict=False)
            if name in names
        ]
        largest = max(widths, default=1) * max(heights, default=1)
        return sum(areas) / max(1, largest)

    @property
    def is_lossless(self) -> bool:
        """Whether it cannot be decoded at a reduced scale."""
        return self.marker in _LOSSLESS


@dataclass
class Scans:
    """Which of a picture's coefficients the scans hold that have at least begun.

    `is_detail` tells whether the last one adds only to what the others hold: not the blocks' means.
    """

    frame: Frame
    lacking: dict[int, set[int]] = field(default_factory=dict)
    sizes_bytes: list[int] = field(default_factory=list)
    is_detail: bool = False

    def __post_init__(self) -> None:
        kept = range(_COEFFICIENTS if self.frame.is_progressive else 1)
        self.lacking = {component: set(kept) for component in self.frame.components}

    def add(self, content: bytes, size_bytes: int) -> None:
        """Take in a scan by what its header holds."""
        count = content[0]
        first, last, approximation = content[1 + 2 * count : 4 + 2 * count]
        self.is_detail = self.frame.is_progressive and (first > 0 or approximation >> 4 > 0)
        self.sizes_bytes.append(size_bytes)
        if self.frame.is_progressive and approximation & 15:
            return
        found = range(first, last + 1) if self.frame.is_progressive else (0,)
        for component in content[1 : 1 + 2 * count : 2]:
            self.lacking.get(component, set()).difference_update(found)

    @property
    def has_begun_all(self) -> bool:
        """Whether every coefficient has been sent to its last bit, or is being sent."""
        return bool(self.sizes_bytes) and not any(self.lacking.values())


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments up to the end of the image, which is not among them."""
    position = 2
    while found := _MARKER.search(data, position):
        start = found.end()
        end = start + int.from_bytes(data[start : start + 2], "big")
        marker = data[start - 1]
        if marker == _END:
            return
        yield Segment(marker, found.start(), start + 2, end, found.start() - position)
        position = end


def read_frame(data: bytes, segment: Segment) -> Frame | None:
    """Return the frame that a segment starts, or None if it is another or cut short.

    Raises
    ------
    FormatUnsupported : if it is a kind that no decoder here reads.
    """
    content = data[segment.start : segment.end]
    if segment.marker not in _FRAMES or len(content) < 6:
        return None
    bits, count = content[0], content[5]
    if bits != 8:
        raise _unsupported(f"{bits} bits a channel")
    if count not in (1, 3, 4):
        raise _unsupported(f"{count} channels")
    if segment.marker in _HIERARCHICAL:
        raise _unsupported("several resolutions")
    sampling = content[7 : 6 + 3 * count : 3]
    return Frame(
        marker=segment.marker,
        height=int.from_bytes(content[1:3], "big"),
        components=content[6 : 6 + 3 * count : 3],
        sampling=sampling,
        block_rows_px=8 * max((each & 15 for each in sampling), default=1),
        height_place=segment.start + 1,
    )


def read_scans(data: bytes) -> Scans | None:
    """Return what the scans of a file hold, or None if it has none that can be understood."""
    scans, begun = None, None
    for segment in segments(data):
        if scans and begun:
            scans.add(data[begun.start : begun.end], segment.place - begun.end)
        begun = segment if segment.marker == SCAN and segment.end <= len(data) else None
        frame = read_frame(data, segment) if scans is None else None
        scans = Scans(frame) if frame else scans
    if scans and begun:
        scans.add(data[begun.start : begun.end], len(data) - begun.end)
    return scans


def has_hole(data: bytes) -> bool:
    """Whether zeros lie in the middle of the one scan of a JPEG where no picture has them."""
    if _HOLE not in data:
        return False
    frame, commonest = None, None
    for segment in segments(data):
        content = data[segment.start : segment.end]
        frame = frame or read_frame(data, segment)
        if segment.marker == _HUFFMAN_TABLE:
            commonest = _commonest_codes(content).get(_DETAIL_TABLE, commonest)
        if segment.marker == SCAN:
            is_known = frame is not None and frame.marker in _HUFFMAN_SEQUENTIAL
            is_only = frame is not None and content[:1] == bytes([len(frame.components)])
            after = _MARKER.search(data, segment.end)
            scan = data[segment.end : after.start() if after else len(data)].rstrip(b"\0")
            return is_known and is_only and commonest not in (None, _NO_DETAIL) and _HOLE in scan
    return False


def _commonest_codes(content: bytes) -> dict[int, int]:
    """Return for each table of a segment the symbol whose code is zeros, the shortest one."""
    codes, place = {}, 0
    while place + 17 < len(content):
        codes[content[place]] = content[place + 17]
        place += 17 + sum(content[place + 1 : place + 17])
    return codes


def before_end(data: bytes) -> bytes:
    """Return a file up to the end of its image, without the marker and what follows it."""
    position = 2
    for segment in segments(data):
        position = segment.end
    found = _MARKER.search(data, position)
    return data[: found.start()] if found else data


def _unsupported(kind: str) -> FormatUnsupported:
    return FormatUnsupported(f"This is a JPEG of {kind}; save it with 8 bits a channel as RGB.")
