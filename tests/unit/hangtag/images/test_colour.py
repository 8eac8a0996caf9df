"""Colour profiles: made byte by byte, with the expected colours calculated by hand."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from hangtag.images import colour
from hangtag.images.decode import DecodedImage, ImageLimits, decode_image

IGNORED = "colour_profile_ignored"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Red, green and blue in XYZ under D50, as the published profiles have them.
SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3_PRIMARIES = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
# As eight bits and a fraction of eight; Adobe RGB and Display P3 on old phones have it.
GAMMA = 563 / 256


def profile(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile of version 2 (ICC.1:2001-04)."""
    table, content, start = b"", b"", 132 + 12 * len(tags)
    for signature, value in tags.items():
        table += signature + struct.pack(">II", start + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">II", start + len(content), 0) + b"\2\x40\0\0" + kind + space + connection
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + content


def xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65_536) for value in values))


def gamma_curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def matrix_profile(primaries: tuple[tuple[float, ...], ...], gamma: float = GAMMA) -> bytes:
    """A profile as phones and cameras embed it."""
    places = {
        name + b"XYZ": xyz(*place)
        for name, place in zip((b"r", b"g", b"b"), primaries, strict=True)
    }
    curves = {name + b"TRC": gamma_curve(gamma) for name in (b"r", b"g", b"b")}
    return profile(b"RGB ", {b"wtpt": xyz(0.9642, 1.0, 0.8249), **places, **curves})


def grey_profile(gamma: float) -> bytes:
    return profile(b"GRAY", {b"wtpt": xyz(0.9642, 1.0, 0.8249), b"kTRC": gamma_curve(gamma)})


def cmyk_profile() -> bytes:
    """A press whose cyan ink prints red: Lab values at the 16 corners of the inks' space."""
    red, white, black = (54, 81, 70), (100, 0, 0), (0, 0, 0)
    corners = [
        black if k else red if c else white
        for c in (0, 1) for _ in (0, 1) for _ in (0, 1) for k in (0, 1)
    ]  # fmt: skip
    nodes = b"".join(
        bytes([round(lightness * 255 / 100), a + 128, b + 128]) for lightness, a, b in corners
    )
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65_536 * (k % 4 == 0) for k in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + nodes + ramp * 3
    return profile(b"CMYK", {b"wtpt": xyz(0.9642, 1.0, 0.8249), b"A2B0": table}, b"Lab ")


def in_srgb(rgb: tuple[int, ...], primaries: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """What a colour under `matrix_profile` is in sRGB: the textbook's steps."""
    light = (np.array(rgb) / 255) ** GAMMA @ np.array(primaries)
    linear = (light @ np.linalg.inv(np.array(SRGB_PRIMARIES))).clip(0, 1)
    encoded: np.ndarray = np.where(
        linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear
    )
    return 255 * encoded


def saved(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def decode(data: bytes, side_px: int = 32) -> DecodedImage:
    return decode_image(data, ImageLimits(), side_px)


def colour_of(decoded: DecodedImage) -> tuple[int, ...]:
    first = decoded.rgb.getpixel((0, 0))
    assert isinstance(first, tuple)
    return first


def flat(mode: str, *levels: int) -> Image.Image:
    return Image.new(mode, (40, 40), levels if len(levels) > 1 else levels[0])


# Profiles that are applied


@pytest.mark.parametrize("rgb", [(200, 60, 90), (30, 180, 60), (128, 128, 128), (255, 255, 255),
                                 (0, 0, 0), (255, 0, 0), (90, 110, 230)])  # fmt: skip
def test_wide_gamut_colours_become_those_of_srgb(rgb: tuple[int, int, int]) -> None:
    decoded = decode(saved(flat("RGB", *rgb), icc_profile=matrix_profile(P3_PRIMARIES)))
    assert decoded.facts.warnings == ()
    assert np.allclose(colour_of(decoded), in_srgb(rgb, P3_PRIMARIES), atol=2)


def test_the_textbook_moves_the_colours_enough_to_be_seen() -> None:
    assert np.abs(in_srgb((30, 180, 60), P3_PRIMARIES) - (30, 180, 60)).max() > 20


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_profiles_are_found_in_every_format(image_format: str) -> None:
    swapped = matrix_profile((SRGB_PRIMARIES[1], SRGB_PRIMARIES[0], SRGB_PRIMARIES[2]))
    data = saved(flat("RGB", 200, 60, 90), image_format, icc_profile=swapped, quality=95)
    # A gamma of 2.2 and sRGB's curve differ by a few levels.
    assert np.allclose(colour_of(decode(data)), (60, 200, 90), atol=8)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (flat("RGBA", 200, 60, 90, 255), (60, 200, 90)),
        (flat("RGBA", 200, 60, 90, 0), (255, 255, 255)),
        (flat("RGB", 200, 60, 90).quantize(8), (60, 200, 90)),
        (flat("L", 128), (128, 128, 128)),
        (flat("LA", 128, 255), (128, 128, 128)),
    ],
    ids=["alpha", "transparent", "palette", "grey", "grey and alpha"],
)
def test_rgb_profiles_hold_for_all_that_is_stored_as_rgb(
    image: Image.Image, expected: tuple[int, int, int]
) -> None:
    swapped = matrix_profile((SRGB_PRIMARIES[1], SRGB_PRIMARIES[0], SRGB_PRIMARIES[2]))
    decoded = decode(saved(image, icc_profile=swapped))
    assert decoded.facts.warnings == ()
    assert np.allclose(colour_of(decoded), expected, atol=8)


@pytest.mark.parametrize("image", [flat("L", 55), flat("LA", 55, 255), flat("I;16", 55 * 257)],
                         ids=["8 bits", "alpha", "16 bits"])  # fmt: skip
def test_grey_profiles_change_grey_photos(image: Image.Image) -> None:
    decoded = decode(saved(image, icc_profile=grey_profile(1.0)))
    # 55 of 255 of the light, in sRGB's curve.
    expected = 255 * (1.055 * (55 / 255) ** (1 / 2.4) - 0.055)
    assert decoded.facts.warnings == ()
    assert np.allclose(colour_of(decoded), [expected] * 3, atol=2)


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF"])
def test_cmyk_profiles_say_what_the_inks_look_like(image_format: str) -> None:
    options = {"icc_profile": cmyk_profile(), "quality": 95}
    inks = {(255, 0, 0, 0): (255, 0, 0), (0, 0, 0, 0): (255, 255, 255), (0, 0, 0, 255): (0, 0, 0)}
    for ink, expected in inks.items():
        decoded = decode(saved(flat("CMYK", *ink), image_format, **options))
        assert decoded.facts.warnings == ()
        assert np.allclose(colour_of(decoded), expected, atol=6)
    without = decode(saved(flat("CMYK", 255, 0, 0, 0), image_format, quality=95))
    assert np.allclose(colour_of(without), (0, 255, 255), atol=2)


def test_lab_needs_no_profile() -> None:
    lab = ImageCms.createProfile("LAB")
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), lab, "RGB", "LAB")
    image = ImageCms.applyTransform(flat("RGB", 200, 60, 90), to_lab)
    assert image is not None
    image.info.clear()
    assert np.allclose(colour_of(decode(saved(image, "TIFF"))), (200, 60, 90), atol=3)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF"])
def test_a_profile_is_applied_to_a_reduced_photo(image_format: str) -> None:
    image = Image.new("RGB", (1000, 600), (30, 180, 60))
    options = {"icc_profile": matrix_profile(P3_PRIMARIES), "quality": 95}
    decoded = decode(saved(image, image_format, **options))
    assert (decoded.facts.width_px, decoded.facts.height_px) == (1000, 600)
    assert 64 <= max(decoded.rgb.size) < 128
    assert np.allclose(np.asarray(decoded.rgb), in_srgb((30, 180, 60), P3_PRIMARIES), atol=3)


# Profiles that change nothing


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_srgb_profiles_change_no_pixel(image_format: str, mode: str) -> None:
    if (image_format, mode) == ("JPEG", "RGBA"):
        mode = "RGB"
    image = Image.effect_noise((300, 200), 90).convert(mode)
    plain = decode(saved(image, image_format))
    tagged = decode(saved(image, image_format, icc_profile=SRGB))
    assert tagged.facts == plain.facts
    assert np.array_equal(np.asarray(tagged.rgb), np.asarray(plain.rgb))


def test_chunks_of_a_png_that_describe_colours_without_a_profile_are_not_heeded() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        )

    data = saved(flat("RGB", 200, 60, 90))
    after_header = 8 + 25
    described = (
        data[:after_header]
        + chunk(b"gAMA", struct.pack("!I", 100_000))
        + chunk(b"cHRM", struct.pack("!8I", *[31_270, 32_900, 15_000, 6000] * 2))
        + data[after_header:]
    )
    srgb = data[:after_header] + chunk(b"sRGB", b"\0") + data[after_header:]
    for each in (described, srgb):
        assert colour_of(decode(each)) == (200, 60, 90)
        assert decode(each).facts.warnings == ()


# Profiles that cannot be used


def png_with_profile_chunk(content: bytes) -> bytes:
    data = saved(flat("RGB", 200, 60, 90))
    body = b"iCCP" + content
    chunk = struct.pack("!I", len(content)) + body + struct.pack("!I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def jpeg_with_a_missing_piece() -> bytes:
    data = saved(flat("RGB", 200, 60, 90), "JPEG", quality=95, icc_profile=SRGB + bytes(70_000))
    first = data.index(b"\xff\xe2")
    (length,) = struct.unpack_from(">H", data, first + 2)
    return data[:first] + data[first + 2 + length :]


def chain_of_steps() -> bytes:
    """A profile of 64 KB with 8000 steps, which takes Little CMS 15 s to prepare."""
    matrix = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, *[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    start = 16 + 8 * 8000
    head = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, 8000)
    chain = head + struct.pack(">II", start, len(matrix)) * 8000 + matrix
    tags = {b"D2B0": chain, b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    tags |= {name + b"TRC": gamma_curve(GAMMA) for name in (b"r", b"g", b"b")}
    places = zip((b"r", b"g", b"b"), SRGB_PRIMARIES, strict=True)
    tags |= {name + b"XYZ": xyz(*place) for name, place in places}
    data = bytearray(profile(b"RGB ", tags))
    data[8] = 4
    return bytes(data)


UNUSABLE = {
    "no profile": b"not a profile",
    "cut short": matrix_profile(P3_PRIMARIES)[:200],
    "without primaries": profile(b"RGB ", {b"wtpt": xyz(0.9642, 1.0, 0.8249)}),
    "grey": grey_profile(1.0),
    "cmyk": cmyk_profile(),
    "Lab": profile(b"Lab ", {b"wtpt": xyz(0.9642, 1.0, 0.8249)}),
    "too large": matrix_profile(P3_PRIMARIES) + bytes(colour.MAX_PROFILE_BYTES),
    "a chain of steps": chain_of_steps(),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_profile_is_ignored_with_a_warning(name: str) -> None:
    data = saved(flat("RGB", 200, 60, 90), "TIFF", icc_profile=UNUSABLE[name])
    decoded = decode(data)
    assert decoded.facts.warnings == (IGNORED,)
    assert colour_of(decoded) == (200, 60, 90)


@pytest.mark.parametrize(
    "data",
    [
        png_with_profile_chunk(b"name\0\0" + b"not compressed"),
        png_with_profile_chunk(b"name\0\7" + zlib.compress(SRGB)),
        png_with_profile_chunk(b"name"),
        png_with_profile_chunk(b"name\0\0" + zlib.compress(bytes(50_000_000), 9)),
        png_with_profile_chunk(b"\0") + b"anything",
        jpeg_with_a_missing_piece(),
    ],
    ids=["not compressed", "unknown compression", "no end of name", "a bomb", "empty",
         "a piece missing"],
)  # fmt: skip
def test_a_broken_profile_does_not_make_the_photo_unreadable(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.facts.warnings == (IGNORED,)
    assert np.allclose(colour_of(decoded), (200, 60, 90), atol=3)


def test_a_photo_whose_colours_the_profile_does_not_describe_keeps_them() -> None:
    data = saved(flat("CMYK", 0, 255, 255, 0), "TIFF", icc_profile=SRGB)
    decoded = decode(data)
    assert decoded.facts.warnings == (IGNORED,)
    assert colour_of(decoded) == (255, 0, 0)


def test_whatever_a_profile_holds_the_photo_is_read() -> None:
    random = np.random.default_rng(0)
    outcomes = set()
    for seed in (matrix_profile(P3_PRIMARIES), cmyk_profile(), grey_profile(1.8)):
        for _ in range(60):
            broken = np.frombuffer(seed, np.uint8).copy()
            places = random.integers(0, min(len(broken), 400), 6)
            broken[places] = random.integers(0, 256, 6)
            decoded = decode(saved(flat("RGB", 200, 60, 90), icc_profile=broken.tobytes()))
            outcomes.add(decoded.facts.warnings)
    assert outcomes == {(), (IGNORED,)}


# Sharing


def test_many_profiles_do_not_fill_the_memory() -> None:
    gammas = np.linspace(1.0, 3.0, 40)
    for gamma in [*gammas, *gammas]:
        data = saved(flat("L", 55), icc_profile=grey_profile(gamma))
        linear = (55 / 255) ** (round(gamma * 256) / 256)
        expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055) if linear > 0.0031308 else 0
        assert abs(colour_of(decode(data))[0] - expected) <= 2
    assert colour._cached_transform.cache_info().currsize <= 16


def test_threads_share_the_transforms_and_get_the_same_pixels() -> None:
    noise = [Image.effect_noise((640, 480), 90 + n) for n in range(3)]
    rgb = Image.merge("RGB", noise)
    files = [
        saved(rgb, "JPEG", icc_profile=matrix_profile(P3_PRIMARIES)),
        saved(rgb, "JPEG"),
        saved(rgb.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        saved(rgb.convert("L"), "PNG", icc_profile=grey_profile(1.8)),
        saved(rgb, "WEBP", icc_profile=matrix_profile(SRGB_PRIMARIES[::-1])),
    ] * 8
    alone = [decode(data, 200).rgb.tobytes() for data in files]
    colour._cached_transform.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda data: decode(data, 200).rgb.tobytes(), files))
    assert together == alone
