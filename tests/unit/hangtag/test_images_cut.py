"""Photos whose end is missing: read if nearly all is there, and said so; otherwise refused."""

from __future__ import annotations

import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from hangtag.errors import ImageUndecodable
from hangtag.images import DecodedImage, ImageLimits, decode_image
from hangtag.missing_share import MAX_MISSING_SHARE
from hangtag.png_chunks import chunk_of, chunks

SIZE = (320, 480)
TRUNCATED = ("truncated",)


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Something everywhere, so that each row takes about as many bytes."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    noise = np.random.default_rng(0).integers(0, 40, (size[1], size[0], 3))
    ramp = np.stack([x % 200, (x + y) % 200, 200 - y % 200], axis=-1)
    return Image.fromarray((ramp + noise).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def decode(data: bytes) -> DecodedImage:
    return decode_image(data, ImageLimits(), 200)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(decode(data).rgb, int)


def without_last(data: bytes, share: float) -> bytes:
    return data[: -round(share * len(data))]


JPEGS: dict[str, bytes] = {
    "baseline": saved(picture(), "JPEG"),
    "not subsampled": saved(picture(), "JPEG", subsampling=0, quality=90),
    "restarts each row": saved(picture(), "JPEG", restart_marker_rows=1),
    "restarts each few blocks": saved(picture(), "JPEG", restart_marker_blocks=3),
    "grey": saved(picture("L"), "JPEG"),
    "cmyk": saved(picture("CMYK"), "JPEG"),
    "progressive": saved(picture(), "JPEG", progressive=True),
    "progressive grey": saved(picture("L"), "JPEG", progressive=True, quality=95),
    "progressive restarts": saved(picture(), "JPEG", progressive=True, restart_marker_rows=2),
}
PROGRESSIVE = [name for name in JPEGS if "progressive" in name]
SEQUENTIAL = [name for name in JPEGS if "progressive" not in name]


@pytest.mark.parametrize("missing_bytes", [1, 2])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_without_its_end_marker_gives_every_pixel(name: str, missing_bytes: int) -> None:
    data = JPEGS[name]
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_the_last_rows_of_a_jpeg_may_be_missing_and_are_white(name: str, share: float) -> None:
    whole = pixels(JPEGS[name])
    decoded = decode(without_last(JPEGS[name], share))
    assert decoded.facts.warnings == TRUNCATED
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE == decoded.rgb.size
    differs = np.abs(np.asarray(decoded.rgb, int) - whole).max(axis=(1, 2)) > 2
    first = int(np.argmax(differs))
    assert 0.9 * SIZE[1] < first < SIZE[1]
    below = np.asarray(decoded.rgb)[first + 32 :]
    assert (below == 255).all()


@pytest.mark.parametrize("share", [0.01, 0.03])
@pytest.mark.parametrize("name", PROGRESSIVE)
def test_the_last_bits_of_a_progressive_jpeg_may_be_missing(name: str, share: float) -> None:
    decoded = decode(without_last(JPEGS[name], share))
    assert decoded.facts.warnings == TRUNCATED
    assert np.abs(np.asarray(decoded.rgb, int) - pixels(JPEGS[name])).mean() < 1


@pytest.mark.parametrize("share", [0.08, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_of_which_more_is_missing_is_refused(name: str, share: float) -> None:
    with pytest.raises(ImageUndecodable, match="cut short"):
        decode(without_last(JPEGS[name], share))


def test_how_much_is_missing_is_said() -> None:
    with pytest.raises(
        ImageUndecodable, match=r"about (49|5\d)\.\d% of it is missing, more than 5%"
    ):
        decode(without_last(JPEGS["baseline"], 0.5))
    assert MAX_MISSING_SHARE == 0.05


@pytest.mark.parametrize("side_px", [60, 1500])
@pytest.mark.parametrize("progressive", [False, True])
def test_small_and_large_ones_are_measured_alike(side_px: int, progressive: bool) -> None:
    data = saved(picture(size=(side_px, side_px)), "JPEG", progressive=progressive)
    assert "truncated" in decode(data[:-2]).facts.warnings
    assert "truncated" in decode(without_last(data, 0.01)).facts.warnings
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.15))


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photo_of_one_colour_is_not_taken_for_a_missing_one(
    level: int, progressive: bool
) -> None:
    """What libjpeg puts in place of missing blocks is a grey of 128."""
    data = saved(Image.new("RGB", SIZE, (level,) * 3), "JPEG", progressive=progressive)
    decoded = decode(data[:-2])
    assert decoded.facts.warnings == TRUNCATED
    assert (np.asarray(decoded.rgb) == level).all()


@pytest.mark.parametrize("name", ["baseline", "progressive"])
@pytest.mark.parametrize("zeros", [100, 50_000])
def test_zeros_that_were_never_written_over_are_no_picture(name: str, zeros: int) -> None:
    """As a download leaves it for which the disk's space was set aside."""
    data = JPEGS[name]
    assert np.array_equal(pixels(data[:-2] + bytes(zeros)), pixels(data))
    assert decode(without_last(data, 0.02) + bytes(zeros)).facts.warnings == TRUNCATED
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.5) + bytes(zeros))


def product_on_white(size: tuple[int, int] = (900, 700)) -> Image.Image:
    """Its lower half is white."""
    image = Image.new("RGB", size, (255, 255, 255))
    image.paste(picture(size=(size[0] // 3, size[1] // 3)), (size[0] // 3, size[1] // 8))
    return image


@pytest.mark.parametrize("quality", [60, 75, 90])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing_bytes", [1, 2, 3, 4, 8, 30])
def test_white_below_a_product_is_picture_though_it_is_stored_as_zeros(
    quality: int, progressive: bool, missing_bytes: int
) -> None:
    """As tables made to measure have it."""
    data = saved(
        product_on_white(), "JPEG", quality=quality, optimize=True, progressive=progressive
    )
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    differs = np.abs(np.asarray(decoded.rgb, int) - pixels(data)).max(axis=-1)
    # A product of that size is decoded at half the scale.
    above = differs[:330]
    assert above.mean() < 0.1 if progressive else (above == 0).all()


@pytest.mark.parametrize("zeros", [100, 1000, 5000, 20_000])
def test_zeros_are_no_white_where_more_than_white_was_to_come(zeros: int) -> None:
    image = product_on_white()
    image.paste(picture(size=(200, 200)), (50, 450))
    data = saved(image, "JPEG", optimize=True)
    with pytest.raises(ImageUndecodable, match="cut short: about"):
        decode(without_last(data, 0.5) + bytes(zeros))
    with pytest.raises(ImageUndecodable, match="cut short: about"):
        decode(without_last(data, 0.5).ljust(len(data), b"\0"))


@pytest.mark.parametrize("missing_bytes", [3, 4, 6, 12])
def test_a_progressive_product_on_white_lacks_hardly_anything(missing_bytes: int) -> None:
    """The last bytes of a scan say only that the white has no detail."""
    data = saved(product_on_white(), "JPEG", progressive=True)
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.abs(np.asarray(decoded.rgb, int) - pixels(data)).mean() < 0.1


@pytest.mark.parametrize("name", JPEGS)
def test_an_end_marker_that_was_put_to_a_cut_jpeg_hides_nothing(name: str) -> None:
    """Of a progressive one, if more than the last bits of detail are missing."""
    data = JPEGS[name]
    for share in (0.8,) if name in PROGRESSIVE else (0.5, 0.8):
        with pytest.raises(ImageUndecodable, match="cut short"):
            decode(without_last(data, share) + b"\xff\xd9")
    if name in SEQUENTIAL:
        assert decode(without_last(data, 0.03) + b"\xff\xd9").facts.warnings == TRUNCATED


def test_a_header_that_claims_twice_the_rows_is_found_out() -> None:
    data = JPEGS["baseline"]
    place = data.index(b"\xff\xc0") + 5
    with pytest.raises(ImageUndecodable, match="about 50"):
        decode(data[:place] + struct.pack(">H", 2 * SIZE[1]) + data[place + 2 :])


@pytest.mark.parametrize("level", [127, 128])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_photo_that_ends_in_grey_is_whole(mode: str, level: int) -> None:
    image = picture()
    image.paste((level,) * 3, (0, SIZE[1] // 2, *SIZE))
    for progressive in (False, True):
        data = saved(image.convert(mode), "JPEG", progressive=progressive)
        assert decode(data).facts.warnings == ()
        assert decode(data + JPEGS["grey"]).facts.warnings == ()


def test_a_cut_lossless_jpeg_is_refused_at_once() -> None:
    components = bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    frame = struct.pack(">HBHHB", 17, 8, 8000, 8000, 3) + components
    table = struct.pack(">HB", 2 + 17 + 12, 0) + bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, *[0] * 7])
    table += bytes(range(12))
    scan = struct.pack(">HB", 12, 3) + bytes([1, 0, 2, 0, 3, 0]) + bytes([1, 0, 0])
    data = b"\xff\xd8\xff\xc3" + frame + b"\xff\xc4" + table + b"\xff\xda" + scan
    started = time.thread_time()
    with pytest.raises(ImageUndecodable, match="lossless JPEG photo is cut short"):
        decode(data + b"\x12\x34" * 50)
    assert time.thread_time() - started < 0.2


def test_what_follows_the_end_of_a_jpeg_cuts_nothing() -> None:
    for tail in (b"", bytes(1000), b"a film" * 100, JPEGS["grey"]):
        assert decode(JPEGS["baseline"] + tail).facts.warnings == ()


def test_a_jpeg_cut_in_its_header_or_between_its_scans_is_refused() -> None:
    for name in ("baseline", "progressive"):
        data = JPEGS[name]
        for end in (10, 200, data.index(b"\xff\xda") + 5):
            with pytest.raises(ImageUndecodable):
                decode(data[:end])
    progressive = JPEGS["progressive"]
    with pytest.raises(ImageUndecodable, match="before its last scan began"):
        decode(progressive[: progressive.rindex(b"\xff\xda")])


def test_a_turned_one_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    data = saved(picture(), "JPEG", exif=exif)
    decoded = np.asarray(decode(without_last(data, 0.03)).rgb, int)
    # The rows that are missing are seen at the top.
    assert (decoded[:8] == 255).all()
    assert np.abs(decoded[40:] - pixels(data)[40:]).max() <= 2


def test_threads_decode_cut_and_broken_ones_beside_each_other() -> None:
    """No switch is thrown that would let a neighbour's broken photo pass."""
    cut, half = without_last(JPEGS["baseline"], 0.02), without_last(JPEGS["baseline"], 0.4)

    def is_read(data: bytes) -> bool:
        try:
            return decode(data).facts.warnings == TRUNCATED
        except ImageUndecodable:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(is_read, [cut, half] * 20)) == [True, False] * 20
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


# PNG


PNGS: dict[str, bytes] = {
    "rgb": saved(picture(), "PNG"),
    "alpha": saved(picture("RGBA"), "PNG"),
    "grey": saved(picture("L"), "PNG"),
    "grey and alpha": saved(picture("LA"), "PNG"),
    "palette": saved(picture().quantize(64), "PNG"),
    "1 bit": saved(picture("1"), "PNG"),
    "16 bits": saved(Image.fromarray(np.asarray(picture("L"), np.uint16) * 257), "PNG"),
}


@pytest.mark.parametrize("missing_bytes", [1, 12, 16, 18])
@pytest.mark.parametrize("name", PNGS)
def test_a_png_without_its_last_chunk_gives_every_pixel(name: str, missing_bytes: int) -> None:
    decoded = decode(PNGS[name][:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS[name]))


@pytest.mark.parametrize("name", PNGS)
def test_the_last_rows_of_a_png_may_be_missing_and_are_white(name: str) -> None:
    whole = pixels(PNGS[name])
    decoded = decode(without_last(PNGS[name], 0.03))
    assert decoded.facts.warnings == TRUNCATED
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE == decoded.rgb.size
    rows = np.asarray(decoded.rgb, int)
    first = int(np.argmax((rows != whole).any(axis=(1, 2))))
    assert 0.95 * SIZE[1] <= first < SIZE[1]
    assert (rows[first:] == 255).all()


@pytest.mark.parametrize("share", [0.08, 0.5, 0.9])
@pytest.mark.parametrize("name", PNGS)
def test_a_png_of_which_more_is_missing_is_refused(name: str, share: float) -> None:
    with pytest.raises(ImageUndecodable, match="PNG photo is cut short: about"):
        decode(without_last(PNGS[name], share))


def in_pieces(data: bytes, piece_bytes: int = 8192, last: bytes = b"") -> bytes:
    """The PNG in IDAT chunks of the size that libpng writes, with a chunk behind them."""
    pixels = b"".join(data[each.start : each.content_end] for each in chunks(data)
                      if each.kind == b"IDAT")  # fmt: skip
    pieces = (pixels[at : at + piece_bytes] for at in range(0, len(pixels), piece_bytes))
    idats = b"".join(chunk_of(b"IDAT", piece) for piece in pieces)
    return data[: data.index(b"IDAT") - 4] + idats + last + chunk_of(b"IEND", b"")


def test_a_png_of_many_chunks_may_be_cut_anywhere_near_its_end() -> None:
    data = in_pieces(saved(picture(size=(600, 400)), "PNG"))
    whole = pixels(data)
    boundary = data.rindex(b"IDAT", 0, -8300) - 4
    for end in (*range(boundary - 6, boundary + 40), *range(boundary + 40, len(data), 501)):
        decoded = decode(data[:end])
        assert decoded.facts.warnings == TRUNCATED
        assert np.array_equal(np.asarray(decoded.rgb)[:370], whole[:370])


def test_a_png_cut_in_what_follows_its_pixels_gives_every_pixel() -> None:
    exif = chunk_of(b"eXIf", camera_exif().removeprefix(b"Exif\0\0"))
    data = in_pieces(PNGS["rgb"], last=exif)
    for missing_bytes in (3, 12, 14, 200, len(exif) + 8, len(exif) + 12, len(exif) + 15):
        decoded = decode(data[:-missing_bytes])
        assert decoded.facts.warnings == TRUNCATED
        assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS["rgb"]))


@pytest.mark.parametrize("missing_bytes", [1, 14, 16, 500])
def test_the_exif_behind_the_pixels_of_a_png_turns_it_if_its_start_is_there(
    missing_bytes: int,
) -> None:
    exif = chunk_of(b"eXIf", camera_exif(orientation=3).removeprefix(b"Exif\0\0"))
    decoded = decode(in_pieces(PNGS["rgb"], last=exif)[:-missing_bytes])
    assert np.array_equal(np.asarray(decoded.rgb), pixels(PNGS["rgb"])[::-1, ::-1])


def test_a_cut_png_that_moves_is_said_to_have_several_frames() -> None:
    data = saved(picture(), "PNG", save_all=True, append_images=[picture().rotate(180)])
    second = data.index(b"fdAT")
    for end in (len(data) - 5, second + 100, second - 50):
        assert set(decode(data[:end]).facts.warnings) == {"several_frames_first_used", "truncated"}
    assert "several_frames_first_used" in decode(data[: second - 2000]).facts.warnings


@pytest.mark.parametrize("level", [0, 6])
def test_zeros_behind_a_cut_png_are_no_picture(level: int) -> None:
    data = saved(picture("L"), "PNG", compress_level=level)
    assert decode(without_last(data, 0.02) + bytes(50_000)).facts.warnings == TRUNCATED
    with pytest.raises(ImageUndecodable):
        decode(without_last(data, 0.5) + bytes(50_000))


def test_a_png_that_stores_black_as_zeros_is_whole() -> None:
    data = saved(Image.new("RGB", SIZE), "PNG", compress_level=0)
    decoded = decode(data[: -12 - 8])
    assert decoded.facts.warnings == TRUNCATED
    assert (np.asarray(decoded.rgb) == 0).all()


def interlaced(side_px: int) -> bytes:
    """Seven passes of zeros."""
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2))  # fmt: skip
    rows = b""
    for left, top, step_x, step_y in starts:
        columns = len(range(left, side_px, step_x))
        rows += (b"\0" + bytes(columns)) * len(range(top, side_px, step_y)) if columns else b""
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 1)
    file = b"\x89PNG\r\n\x1a\n"
    # Level 0: as many bytes as the rows have.
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        file += struct.pack(">I", len(content)) + kind + content + checksum
    return file


@pytest.mark.parametrize("side_px", [1, 3, 5, 250])
def test_an_interlaced_png_lacks_nothing_or_is_refused(side_px: int) -> None:
    data = interlaced(side_px)
    assert "truncated" not in decode(data).facts.warnings
    assert "truncated" in decode(data[:-16]).facts.warnings
    with pytest.raises(ImageUndecodable, match="interlaced PNG photo is cut short"):
        decode(data[:-22])


def test_a_cut_bomb_is_not_blown_up() -> None:
    header = struct.pack(">IIBBBBB", 8000, 8000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    data += struct.pack(">I", zlib.crc32(b"IHDR" + header))
    pixels_of_zeros = zlib.compress(bytes(30_000_000), 9)
    data += struct.pack(">I", len(pixels_of_zeros)) + b"IDAT" + pixels_of_zeros
    with pytest.raises(ImageUndecodable, match="about 53"):
        decode(data)


def camera_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera" * 200
    return exif.tobytes()


@pytest.mark.parametrize(
    "options",
    [{"xmp": b"<x/>" * 300}, {"exif": camera_exif(), "lossless": True}],
    ids=["xmp", "exif"],
)
@pytest.mark.parametrize("missing_bytes", [1, 500, 1000])
def test_what_follows_the_pixels_of_a_webp_may_be_missing(
    options: dict[str, object], missing_bytes: int
) -> None:
    data = saved(picture(), "WEBP", **options)
    decoded = decode(data[:-missing_bytes])
    assert decoded.facts.warnings == TRUNCATED
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


@pytest.mark.parametrize("missing_bytes", [1, 2, 500, 1500])
def test_the_exif_of_a_webp_turns_it_if_its_start_is_there(missing_bytes: int) -> None:
    data = saved(picture(), "WEBP", exif=camera_exif(orientation=6))
    decoded = decode(data[:-missing_bytes])
    assert (decoded.facts.width_px, decoded.facts.height_px) == SIZE[::-1]
    assert np.array_equal(np.asarray(decoded.rgb), pixels(data))


def test_a_cut_webp_that_moves_is_said_to_have_several_frames() -> None:
    data = saved(picture(), "WEBP", save_all=True, append_images=[picture().rotate(180)])
    first, second = data.index(b"ANMF"), data.rindex(b"ANMF")
    assert first < second
    for end in (len(data) - 5, second + 100, second):
        assert set(decode(data[:end]).facts.warnings) == {"several_frames_first_used", "truncated"}
        assert np.array_equal(pixels(data[:end]), pixels(data))


def test_a_webp_without_the_filler_at_its_end_is_read() -> None:
    data = saved(picture(), "WEBP")
    (size,) = struct.unpack_from("<I", data, 16)
    odd = data[:16] + struct.pack("<I", size - size % 2 - 1) + data[20 : 20 + size - size % 2]
    odd = odd[:4] + struct.pack("<I", len(odd) - 8) + odd[8:]
    assert decode(odd).facts.warnings == ()
    assert np.array_equal(pixels(odd[:-1]), pixels(odd))


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "AVIF", "TIFF", "BMP"])
def test_other_formats_are_read_whole_or_refused(image_format: str) -> None:
    data = saved(picture(), image_format)
    for share in (0.03, 0.5):
        with pytest.raises(ImageUndecodable, match="broken or cut short"):
            decode(without_last(data, share))
