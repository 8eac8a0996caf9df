"""Which kind of TIFF a file is, and which kinds come out right.

TIFF is many formats under one name. Those that Pillow reads as another picture than the file holds
(a negative, planes in place of colours, bytes swapped) or not at all are refused by their name.
Which these are was found by comparing each kind with the numbers that it was made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hangtag.errors import FormatUnsupported

_NEW_SUBFILE_TYPE, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 258, 259, 262
_SAMPLES, _PLANES, _SUBDIRECTORIES, _EXTRA, _FORMAT = 277, 284, 330, 338, 339
_SUBSAMPLING, _DNG_VERSION = 530, 50706
KIND_TAGS = frozenset(
    {_NEW_SUBFILE_TYPE, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANES, _SUBDIRECTORIES,
     _EXTRA, _FORMAT, _SUBSAMPLING, _DNG_VERSION}
)  # fmt: skip

_UNCOMPRESSED, _OLD_JPEG = 1, 6
_GREY_NEGATIVE, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_SENSOR = (32803, 34892)
_COLOURS = {
    _GREY_NEGATIVE: "grey where zero is white", _GREY: "grey", _RGB: "RGB",
    _PALETTE: "palette colours", 4: "a mask", _CMYK: "CMYK", _YCBCR: "YCbCr", _LAB: "Lab",
    9: "Lab", 10: "Lab", 32844: "logarithmic light", 32845: "logarithmic light",
}  # fmt: skip
_CHANNELS = {_GREY_NEGATIVE: 1, _GREY: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3, _LAB: 3}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_NUMBERS = {_UNSIGNED: "", _SIGNED: "signed ", _FLOAT: "floating-point "}
_PREMULTIPLIED_ALPHA, _ALPHA = 1, 2

# Colours and numbers -> bits a channel -> how many further channels may be there.
_READ: dict[tuple[int, int], dict[int, int]] = {
    (_GREY_NEGATIVE, _UNSIGNED): {1: 0, 2: 0, 4: 0, 8: 0},
    (_GREY, _UNSIGNED): {1: 0, 2: 0, 4: 0, 8: 1, 12: 0, 16: 0, 32: 0},
    (_GREY, _SIGNED): {32: 0},
    (_GREY, _FLOAT): {32: 0},
    (_RGB, _UNSIGNED): {8: 3, 16: 1},
    (_PALETTE, _UNSIGNED): {1: 0, 2: 0, 4: 0, 8: 1},
    (_CMYK, _UNSIGNED): {8: 2, 16: 0},
    (_YCBCR, _UNSIGNED): {8: 0},
    (_LAB, _UNSIGNED): {8: 0},
}


@dataclass(frozen=True)
class TiffKind:
    """How a TIFF's first picture stores its pixels; `bits` is None if channels differ in it."""

    bits: int | None
    numbers: int
    colours: int
    further_channels: int
    extra: tuple[int, ...]
    is_planar: bool
    is_compressed: bool
    is_big_endian: bool
    is_subsampled: bool
    is_raw: bool

    @property
    def name(self) -> str:
        """What the kind is called in sentences, such as 16-bit grey with alpha."""
        bits = f"{self.bits}-bit" if self.bits else "unevenly deep"
        further = " with further channels" if self.further_channels else ""
        further = " with alpha" if self._has_alpha else further
        order = ", big-endian and compressed" if self._swaps_bytes else ""
        return (
            f"{bits} {_NUMBERS.get(self.numbers, 'undefined ')}"
            f"{_COLOURS.get(self.colours, 'unknown colours')}{further}"
            f"{', in separate planes' if self.is_planar else ''}{order}"
            f"{', subsampled without compression' if self.is_subsampled else ''}"
        )

    @property
    def white_level(self) -> int | None:
        """The level that is white, where Pillow's mode does not tell it."""
        return 4095 if self.bits == 12 else None

    @property
    def is_unsigned_32_bit(self) -> bool:
        """Whether Pillow takes high levels for negative ones."""
        return self.bits == 32 and self.numbers == _UNSIGNED

    def check(self) -> None:
        """Refuse what would come out as another picture, or not at all.

        Raises
        ------
        FormatUnsupported
        """
        if self.is_raw or self.colours in _SENSOR:
            raise FormatUnsupported(
                "This is a raw camera file, of which only a small preview could be read; "
                "develop it and send a JPEG."
            )
        most = _READ.get((self.colours, self.numbers), {}).get(self.bits or 0, -1)
        if self.further_channels > most or self.is_subsampled or self._is_misread:
            raise FormatUnsupported(
                f"This is a TIFF of {self.name}, which is not read; save it as 8-bit RGB."
            )

    @property
    def _is_misread(self) -> bool:
        only_little_endian = self.bits == 12 or self.is_unsigned_32_bit
        is_unexplained = self.further_channels > 0 and not self.extra
        return (
            self._swaps_bytes
            or (self.is_big_endian and only_little_endian)
            or (is_unexplained and self.colours != _RGB)
            or (self._has_alpha and self.colours == _CMYK)
            or (self.is_planar and self._has_misread_planes(is_unexplained))
        )

    def _has_misread_planes(self, is_unexplained: bool) -> bool:
        if self._has_alpha and (len(self.extra) > 1 or self.colours == _GREY):
            return True
        if self.is_compressed:
            return is_unexplained
        is_plain = self.bits == 8 or (self.bits == 1 and self.colours == _GREY)
        is_other = self.colours in (_GREY_NEGATIVE, _YCBCR) or self.extra not in ((), (_ALPHA,))
        return not is_plain or is_other

    @property
    def _has_alpha(self) -> bool:
        return bool({_PREMULTIPLIED_ALPHA, _ALPHA} & {*self.extra})

    @property
    def _swaps_bytes(self) -> bool:
        return self.is_big_endian and self.is_compressed and self.numbers != _UNSIGNED


def tiff_kind(
    tags: Mapping[int, tuple[int, ...]], *, is_big_endian: bool, is_raw: bool
) -> TiffKind:
    """Tell a picture's kind by its tags; those that are missing mean what the standard says.

    `is_raw` holds where a file says elsewhere that a camera wrote it.
    """

    def first(number: int, otherwise: int) -> int:
        return next(iter(tags.get(number, ())), otherwise)

    compression = first(_COMPRESSION, _UNCOMPRESSED)
    colours = _YCBCR if compression == _OLD_JPEG else first(_PHOTOMETRIC, _GREY_NEGATIVE)
    samples = first(_SAMPLES, _CHANNELS[_YCBCR] if compression == _OLD_JPEG else 1)
    channels = _CHANNELS.get(colours, samples)
    bits = set(tags.get(_BITS, (1,))[:samples])
    extra = tags.get(_EXTRA, ())
    is_planar = first(_PLANES, 1) == 2
    is_compressed = compression != _UNCOMPRESSED
    # Planes that the file says mean nothing are left out.
    ignored = len(extra) if is_planar and is_compressed and not any(extra) else 0
    return TiffKind(
        bits=bits.pop() if len(bits) == 1 else None,
        numbers=first(_FORMAT, _UNSIGNED),
        colours=colours,
        further_channels=max(0, samples - channels - ignored),
        extra=extra,
        is_planar=is_planar,
        is_compressed=is_compressed,
        is_big_endian=is_big_endian,
        is_subsampled=colours == _YCBCR
        and not is_compressed
        and tags.get(_SUBSAMPLING, (1, 1)) != (1, 1),
        is_raw=is_raw
        or _DNG_VERSION in tags
        or (bool(first(_NEW_SUBFILE_TYPE, 0) & 1) and _SUBDIRECTORIES in tags),
    )
