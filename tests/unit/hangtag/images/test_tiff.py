"""Each kind of TIFF comes out as it went in, or is refused by its name."""

import io
import struct
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import FormatUnsupported, ImageUndecodable
from hangtag.images.decode import ImageLimits, decode_image
from tests.unit.hangtag.images.tiff_files import (
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    LONG,
    NO_COMPRESSION,
    PALETTE,
    RGB,
    SHORT,
    WHITE_IS_ZERO,
    YCBCR,
    Samples,
    tiff,
    tiff_file,
)

HEIGHT, WIDTH = 37, 29
PREMULTIPLIED, ALPHA, NOTHING = 1, 2, 0
CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}


@dataclass(frozen=True)
class Kind:
    """`channels` beyond the colours' own are alpha or nothing, as `extra` says."""

    photometric: int
    bits: int
    numbers: str = "u"
    channels: int = 0
    extra: tuple[int, ...] = ()

    @property
    def samples(self) -> Samples:
        """Ramps that differ from band to band, up to the highest level."""
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
        count = self.channels or CHANNELS[self.photometric]
        bands = [(x * (b + 1) * 7 + y * (b + 3) * 5 + b * 40) % 256 / 255 for b in range(count)]
        levels = np.stack(bands, axis=-1) * self.white
        if self.extra[:1] == (PREMULTIPLIED,):
            colours = levels[..., : CHANNELS[self.photometric]]
            np.minimum(colours, levels[..., [colours.shape[-1]]], out=colours)
        if self.numbers == "f":
            return levels.astype(f"f{self.bits // 8}")
        whole: Samples = levels.round().astype(f"{self.numbers}{max(1, -(-self.bits // 8))}")
        return whole

    @property
    def white(self) -> float:
        return {"f": 1.0, "i": 2.0 ** (self.bits - 1) - 1, "u": 2.0**self.bits - 1}[self.numbers]

    def file(self, **options: object) -> bytes:
        samples = self.samples
        return tiff(samples, self.photometric, extra=self.extra, bits=self.bits, **options)  # type: ignore[arg-type]

    def seen(self) -> np.ndarray:
        """What it looks like on white: float (H, W, 3), up to 255."""
        count = CHANNELS[self.photometric]
        levels = self.samples / self.white
        colours = levels[..., :count]
        if self.photometric == WHITE_IS_ZERO:
            colours = 1 - colours
        if self.photometric == CMYK:
            colours = (1 - colours[..., :3]) * (1 - colours[..., 3:])
        is_bare = self.photometric == RGB and self.channels == 4 and not self.extra
        meaning = ALPHA if is_bare else next(iter(self.extra), NOTHING)
        if meaning != NOTHING:
            alpha = levels[..., [count]]
            colours = (colours if meaning == PREMULTIPLIED else colours * alpha) + 1 - alpha
        return np.broadcast_to(colours.clip(0, 1) * 255, (HEIGHT, WIDTH, 3))


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(decode_image(data, ImageLimits(), 16).rgb, float)


LAYOUTS = {
    f"{order}{' deflate' if compression == DEFLATE else ''}{' strips' if rows else ''}"
    f"{' planes' if planar else ''}": {
        "order": order, "compression": compression, "rows_per_strip": rows, "planar": planar
    }
    for order in "<>"
    for compression in (NO_COMPRESSION, DEFLATE)
    for rows in (None, 8)
    for planar in (False, True)
}  # fmt: skip
KINDS = [
    Kind(photometric, bits, numbers, channels, extra)
    for bits, numbers in (
        (1, "u"), (2, "u"), (4, "u"), (8, "u"), (12, "u"), (16, "u"), (32, "u"),
        (8, "i"), (16, "i"), (32, "i"), (16, "f"), (32, "f"), (64, "f"),
    )
    for photometric, channels, extra in (
        (WHITE_IS_ZERO, 1, ()), (BLACK_IS_ZERO, 1, ()), (BLACK_IS_ZERO, 2, ()),
        (BLACK_IS_ZERO, 2, (NOTHING,)), (BLACK_IS_ZERO, 2, (PREMULTIPLIED,)),
        (BLACK_IS_ZERO, 2, (ALPHA,)), (RGB, 3, ()), (RGB, 4, ()), (RGB, 4, (NOTHING,)),
        (RGB, 4, (PREMULTIPLIED,)), (RGB, 4, (ALPHA,)), (RGB, 5, (ALPHA, NOTHING)),
        (CMYK, 4, ()), (CMYK, 5, (NOTHING,)), (CMYK, 5, (ALPHA,)),
    )
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_kind_is_read_rightly_or_refused_by_its_name(layout: str) -> None:
    read = [kind for kind in KINDS if is_read(kind.file(**LAYOUTS[layout]), kind.seen())]
    assert len(read) >= 6


def is_read(data: bytes, expected: np.ndarray) -> bool:
    try:
        seen = decoded(data)
    except FormatUnsupported:
        return False
    assert np.abs(seen - expected).max() <= 3
    return True


READ = {
    "grey": Kind(BLACK_IS_ZERO, 8),
    "grey of 1 bit": Kind(WHITE_IS_ZERO, 1),
    "grey of 12 bits": Kind(BLACK_IS_ZERO, 12),
    "grey of 16 bits": Kind(BLACK_IS_ZERO, 16),
    "grey of 32 bits": Kind(BLACK_IS_ZERO, 32),
    "grey with alpha": Kind(BLACK_IS_ZERO, 8, channels=2, extra=(ALPHA,)),
    "grey with premultiplied alpha": Kind(BLACK_IS_ZERO, 8, channels=2, extra=(PREMULTIPLIED,)),
    "floats": Kind(BLACK_IS_ZERO, 32, "f"),
    "RGB of 16 bits": Kind(RGB, 16),
    "RGB of 16 bits with alpha": Kind(RGB, 16, channels=4, extra=(ALPHA,)),
    "CMYK": Kind(CMYK, 8),
    "CMYK of 16 bits": Kind(CMYK, 16),
}


@pytest.mark.parametrize("name", READ)
def test_these_are_read(name: str) -> None:
    for compression in (NO_COMPRESSION, DEFLATE):
        seen = decoded(READ[name].file(compression=compression))
        assert np.abs(seen - READ[name].seen()).max() <= 3


@pytest.mark.parametrize("compression", [NO_COMPRESSION, DEFLATE])
@pytest.mark.parametrize("rows", [65_535, 10_000_000, 4_294_967_295])
def test_a_strip_may_claim_more_rows_than_the_picture_has(rows: int, compression: int) -> None:
    """The standard's own default is 4,294,967,295."""
    samples = np.zeros((30, 4000, 3), np.uint8)
    data = tiff(samples, RGB, compression=compression, tags={278: (LONG, (rows,))})
    assert np.array_equal(decoded(data), samples)


REFUSED: dict[str, bytes] = {
    "16-bit RGB, in separate planes": Kind(RGB, 16).file(planar=True),
    "16-bit RGB with alpha, in separate planes": Kind(RGB, 16, channels=4, extra=(ALPHA,)).file(
        planar=True
    ),
    "16-bit grey with alpha": Kind(BLACK_IS_ZERO, 16, channels=2, extra=(ALPHA,)).file(),
    "16-bit grey where zero is white": Kind(WHITE_IS_ZERO, 16).file(),
    "8-bit signed grey": Kind(BLACK_IS_ZERO, 8, "i").file(),
    "16-bit signed grey": Kind(BLACK_IS_ZERO, 16, "i").file(),
    "32-bit floating-point RGB": Kind(RGB, 32, "f").file(),
    "32-bit floating-point grey, big-endian and compressed": Kind(BLACK_IS_ZERO, 32, "f").file(
        order=">", compression=DEFLATE
    ),
    "12-bit RGB": Kind(RGB, 12).file(),
    "8-bit CMYK with alpha": Kind(CMYK, 8, channels=5, extra=(ALPHA,)).file(),
    "8-bit YCbCr, subsampled without compression": tiff(
        Kind(RGB, 8).samples, YCBCR, tags={530: (SHORT, (2, 2))}
    ),
    "16-bit Lab": tiff(Kind(RGB, 16).samples, 8),
    "16-bit logarithmic light": tiff(Kind(RGB, 16).samples, 32845),
    "unevenly deep RGB": tiff(Kind(RGB, 8).samples, RGB, tags={258: (SHORT, (5, 6, 5))}),
    "8-bit unknown colours": tiff(Kind(RGB, 8).samples, 99),
}


@pytest.mark.parametrize("name", REFUSED)
def test_these_are_refused_by_their_name(name: str) -> None:
    with pytest.raises(FormatUnsupported) as raised:
        decoded(REFUSED[name])
    assert str(raised.value) == (
        f"This is a TIFF of {name}, which is not read; save it as 8-bit RGB."
    )


@pytest.mark.parametrize("scale", [1, 257], ids=["8-bit map", "16-bit map"])
@pytest.mark.parametrize("compression", [NO_COMPRESSION, DEFLATE])
def test_palettes_of_both_depths_are_read(scale: int, compression: int) -> None:
    palette = np.random.default_rng(0).integers(0, 256, (256, 3))
    indices = Kind(BLACK_IS_ZERO, 8).samples
    colour_map = tuple(int(level) * scale for level in palette.T.ravel())
    data = tiff(indices, PALETTE, compression=compression, tags={320: (SHORT, colour_map)})
    assert np.array_equal(decoded(data), palette[indices[..., 0]])


def test_a_16_bit_palette_of_dark_colours_stays_dark() -> None:
    colour_map = tuple(300 * (n % 2) for n in range(768))
    data = tiff(Kind(BLACK_IS_ZERO, 8).samples, PALETTE, tags={320: (SHORT, colour_map)})
    assert decoded(data).max() == 1


def photograph() -> Image.Image:
    y, x = np.mgrid[0:96, 0:80]
    return Image.fromarray(np.stack([x * 3, y * 2, 255 - x - y], axis=-1).astype(np.uint8))


def saved(image: Image.Image, image_format: str = "TIFF", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "YCbCr", "L", "CMYK"])
def test_a_jpeg_within_a_tiff_is_read(mode: str) -> None:
    image = photograph().convert(mode)
    seen = decoded(saved(image, compression="jpeg", quality=95))
    assert np.abs(seen - np.asarray(image.convert("RGB"), float)).mean() < 2


@pytest.mark.parametrize("lacking", [(), (513, 514, 512), (530,)], ids=["all", "place", "sampling"])
@pytest.mark.parametrize("photometric", [RGB, YCBCR])
def test_an_old_style_jpeg_within_a_tiff_is_read(
    lacking: tuple[int, ...], photometric: int
) -> None:
    jpeg = saved(photograph(), "JPEG", quality=95)
    directory = {
        256: (LONG, (80,)), 257: (LONG, (96,)), 258: (SHORT, (8, 8, 8)), 259: (SHORT, (6,)),
        262: (SHORT, (photometric,)), 273: (LONG, (8,)), 277: (SHORT, (3,)), 278: (LONG, (96,)),
        279: (LONG, (len(jpeg),)), 512: (SHORT, (1,)), 513: (LONG, (8,)), 514: (LONG, (len(jpeg),)),
        530: (SHORT, (2, 2)),
    }  # fmt: skip
    for number in lacking:
        del directory[number]
    seen = decoded(tiff_file(directory, jpeg))
    assert np.abs(seen - np.asarray(photograph(), float)).mean() < 3


def test_pages_after_the_first_are_said() -> None:
    data = saved(photograph(), save_all=True, append_images=[photograph()])
    warnings = decode_image(data, ImageLimits(), 16).facts.warnings
    assert warnings == ("several_frames_first_used",)


THUMBNAIL = Kind(RGB, 8).samples


def cr2() -> bytes:
    """Its first directory is a preview that can be read: 4 x 1 grey pixels."""
    tags = {
        256: 4,
        257: 1,
        258: 8,
        259: 1,
        262: 1,
        273: 16 + 2 + 9 * 12 + 4,
        277: 1,
        278: 1,
        279: 4,
    }
    entries = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in tags.items())
    return b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + struct.pack("<H", 9) + entries + bytes(8)


RAWS: dict[str, bytes] = {
    "dng": tiff(THUMBNAIL, RGB, tags={50706: (1, (1, 4, 0, 0))}),
    "nef": tiff(THUMBNAIL, RGB, tags={254: (LONG, (1,)), 330: (LONG, (8, 8))}),
    "arw": tiff(THUMBNAIL, RGB, tags={254: (LONG, (1,)), 330: (LONG, (8,))}, order="<"),
    "pef": tiff(Kind(BLACK_IS_ZERO, 16).samples, 32803, order=">"),
    "linear dng": tiff(Kind(RGB, 16).samples, 34892),
    "cr2": cr2(),
}


@pytest.mark.parametrize("name", RAWS)
def test_a_raw_camera_file_is_not_taken_for_its_thumbnail(name: str) -> None:
    with pytest.raises(FormatUnsupported, match="raw camera file"):
        decoded(RAWS[name])


@pytest.mark.parametrize("tags", [{254: (LONG, (0,))}, {330: (LONG, (8,))}, {254: (LONG, (1,))}])
def test_what_a_photo_shares_with_raw_files_does_not_make_it_one(
    tags: dict[int, tuple[int, tuple[int, ...]]],
) -> None:
    assert np.abs(decoded(tiff(THUMBNAIL, RGB, tags=tags)) - Kind(RGB, 8).seen()).max() == 0


def test_a_broken_one_is_named_by_its_kind() -> None:
    data = Kind(RGB, 16).file(tags={273: (LONG, (1_000_000,))})
    with pytest.raises(ImageUndecodable, match=r"TIFF photo \(16-bit RGB\) is broken or cut short"):
        decoded(data)
