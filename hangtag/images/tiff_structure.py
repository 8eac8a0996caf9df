"""How much the tags of a TIFF file may claim, checked before Pillow and libtiff believe them.

Pillow makes a Python object of every strip offset and every number of a tag that it reads, and
libtiff allocates a whole tile at once, however small the picture is.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hangtag.errors import FormatUnsupported, ImageUndecodable
from hangtag.images.tiff_kinds import KIND_TAGS, TiffKind, tiff_kind

_MAX_TAGS = 4096
# A colour map has 196,608; a picture of 65,535 rows in strips of one row, fewer.
_MAX_NUMBERS = 262_144
_MAX_RATIONALS = 4096
_MAX_SAMPLES = 6

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
_DIRECTORY, _LONG8, _DIRECTORY8 = 13, 16, 18
_SIZES = {_SHORT: 2, _LONG: 4, _DIRECTORY: 4, _LONG8: 8, _DIRECTORY8: 8}
# A picture's kind is told by tags of a number for each channel, or of fewer.
_MAX_KIND_VALUES = 8

_WIDTH, _HEIGHT = 256, 257
_COMPRESSION = 259
# Of faxes. libtiff goes on after a bad code word and writes a line to stderr for each: half a
# gigabyte for a file of 10 kB.
_FAX_COMPRESSIONS = (2, 3, 4, 32_771)
_STRIP_OFFSETS, _ROWS_PER_STRIP = 273, 278
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS = 322, 323, 324
_GEOMETRY = (_WIDTH, _HEIGHT, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_HEIGHT)
_OF_PICTURE = {*_GEOMETRY, _STRIP_OFFSETS, _TILE_OFFSETS, *KIND_TAGS} - {_COMPRESSION}
_CANON_RAW = b"II*\0\x10\0\0\0CR"
_EXIF, _GPS, _INTEROPERABILITY = 34665, 34853, 40965
_DIRECTORIES = (_EXIF, _GPS, _INTEROPERABILITY)


@dataclass(frozen=True)
class _Tag:
    number: int
    kind: int
    count: int
    # The value, or where it lies.
    content: bytes


@dataclass(frozen=True)
class _Layout:
    """Byte order and widths of the two kinds of TIFF."""

    byte_order: str
    is_big: bool

    def read(self, content: bytes) -> int:
        return int.from_bytes(content, "little" if self.byte_order == "<" else "big")

    def values(self, data: bytes, tag: _Tag) -> tuple[int, ...]:
        """Return the first numbers of a tag."""
        size = _SIZES.get(tag.kind, 1)
        count = min(tag.count, _MAX_KIND_VALUES)
        start = self.read(tag.content)
        lies_inside = size * tag.count <= len(tag.content)
        values = tag.content if lies_inside else data[start : start + size * count]
        return tuple(self.read(values[size * n : size * (n + 1)]) for n in range(count))

    def tags(self, data: bytes, offset: int) -> Iterator[_Tag]:
        """Yield the tags of a directory, as far as the file goes."""
        count_bytes, tag = (8, "HHQ8s") if self.is_big else (2, "HHI4s")
        tag_count = self.read(data[offset : offset + count_bytes])
        form = struct.Struct(self.byte_order + tag)
        for index in range(tag_count):
            start = offset + count_bytes + index * form.size
            if start + form.size > len(data):
                return
            if index >= _MAX_TAGS:
                raise _absurd(f"{tag_count:,} tags")
            yield _Tag(*form.unpack_from(data, start))


def check_tiff(data: bytes, max_pixels: int) -> TiffKind:
    """Check the tags of a TIFF file's first picture; broken files are left to the decoder.

    Raises
    ------
    ImageUndecodable : if a tag claims absurdly much.
    FormatUnsupported : if the picture is a fax, raw, or of a kind that would come out wrong.
    """
    if data.startswith(b"MM\0\x2b"):
        # Pillow reads these as if the offsets had 32 bits, libtiff as they are.
        raise _absurd("big-endian 64-bit offsets")
    layout = _Layout("<" if data.startswith(b"II") else ">", is_big=data.startswith(b"II\x2b"))
    first = layout.read(data[8:16] if layout.is_big else data[4:8])
    geometry: dict[int, int] = {}
    offset_counts: dict[int, int] = {}
    kind_tags: dict[int, tuple[int, ...]] = {}
    for tag in _all_tags(data, layout, first):
        _check_size(tag)
        if tag.number == _COMPRESSION:
            _check_compression(tag, layout)
        if tag.number in KIND_TAGS:
            kind_tags.setdefault(tag.number, layout.values(data, tag))
        if tag.number in _GEOMETRY:
            _note_geometry(tag, layout, geometry)
        if tag.number in (_STRIP_OFFSETS, _TILE_OFFSETS):
            offset_counts[tag.number] = max(tag.count, offset_counts.get(tag.number, 0))
    _check_geometry(geometry, offset_counts, max_pixels)
    kind = tiff_kind(
        kind_tags,
        is_big_endian=layout.byte_order == ">",
        is_raw=data.startswith(_CANON_RAW),
    )
    kind.check()
    return kind


def _all_tags(data: bytes, layout: _Layout, offset: int) -> Iterator[_Tag]:
    """Yield the tags of the first picture and of its EXIF directories."""
    directories = [offset]
    # EXIF holds one further directory; none holds more.
    for depth in (0, 1, 2):
        found: list[int] = []
        for directory in directories:
            for tag in layout.tags(data, directory):
                if tag.number in _DIRECTORIES:
                    found.append(_number(tag, layout))
                if depth == 0 or tag.number not in _OF_PICTURE:
                    yield tag
        if len(found) > len(_DIRECTORIES):
            raise _absurd("repeated tags")
        directories = found


def _check_size(tag: _Tag) -> None:
    is_text = tag.kind in (_BYTE, _ASCII, _UNDEFINED)
    is_rational = tag.kind in (_RATIONAL, _SIGNED_RATIONAL)
    if not is_text and tag.count > (_MAX_RATIONALS if is_rational else _MAX_NUMBERS):
        raise _absurd(f"a tag of {tag.count:,} numbers")


def _check_compression(tag: _Tag, layout: _Layout) -> None:
    if _number(tag, layout) in _FAX_COMPRESSIONS:
        raise FormatUnsupported("This TIFF is compressed as a fax; save it with LZW or deflate.")


def _note_geometry(tag: _Tag, layout: _Layout, geometry: dict[int, int]) -> None:
    if tag.number in geometry:
        raise _absurd("repeated tags")
    geometry[tag.number] = _number(tag, layout)


def _number(tag: _Tag, layout: _Layout) -> int:
    size = _SIZES.get(tag.kind, 0)
    if tag.count != 1 or not 0 < size <= len(tag.content):
        raise _absurd("tags of the wrong type")
    return layout.read(tag.content[:size])


def _check_geometry(
    geometry: dict[int, int], offset_counts: dict[int, int], max_pixels: int
) -> None:
    width, height = geometry.get(_WIDTH, 0), geometry.get(_HEIGHT, 0)
    # What the standard has where it says nothing is more than any picture has.
    rows = min(geometry.get(_ROWS_PER_STRIP) or height, height)
    tile_width, tile_height = geometry.get(_TILE_WIDTH) or width, geometry.get(_TILE_HEIGHT) or rows
    if tile_width * tile_height > max(max_pixels, width * height):
        raise _absurd(f"tiles of {tile_width:,} x {tile_height:,} pixels")
    strips = _pieces(height, rows)
    tiles = _pieces(width, tile_width) * _pieces(height, tile_height)
    needed = {_STRIP_OFFSETS: strips, _TILE_OFFSETS: tiles}
    for number, count in offset_counts.items():
        if count > _MAX_SAMPLES * max(1, needed[number]):
            raise _absurd(f"{count:,} strips or tiles")


def _pieces(length: int, step: int) -> int:
    return -(-length // max(1, step))


def _absurd(what: str) -> ImageUndecodable:
    return ImageUndecodable(f"The TIFF photo has {what}; save it anew and send that.")
