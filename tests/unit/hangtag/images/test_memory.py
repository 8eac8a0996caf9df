"""What decoding takes at most, in bytes for each pixel of the photo."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.hangtag.images.test_colour import P3_PRIMARIES, matrix_profile

PROJECT = Path(__file__).parents[4]
SIDE_PX = 3000
# Libraries and Python's own objects grow by a few MB, whatever the photo.
ALLOWANCE_BYTES = 8_000_000
PROGRAM = r"""
import re, sys
from pathlib import Path
from PIL import Image
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image

def decode(path):
    decoded = decode_image(Path(path).read_bytes(), ImageLimits(), 224)
    Preprocessing().to_model_input(decoded.rgb)

def peak_kb():
    # Not ru_maxrss, which a process inherits from the one that starts it.
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])

small, large = sys.argv[1:]
decode(small)
before = peak_kb()
decode(large)
print((peak_kb() - before) * 1024)
"""


def picture(mode: str, side_px: int) -> Image.Image:
    if mode in ("F", "I;16"):
        kind = np.float32 if mode == "F" else np.uint16
        return Image.fromarray(np.full((side_px, side_px), 40_000, kind))
    return Image.new(mode, (side_px, side_px), (200, 60, 90, 128)[: len(mode)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/self/status")
@pytest.mark.parametrize(
    ("image_format", "mode", "options", "bytes_per_pixel"),
    [
        ("JPEG", "RGB", {}, 1),
        # libjpeg keeps every coefficient until the last scan is read.
        ("JPEG", "CMYK", {"progressive": True, "subsampling": 0}, 9),
        ("PNG", "RGB", {}, 5),
        ("PNG", "RGB", {"icc_profile": matrix_profile(P3_PRIMARIES)}, 5),
        ("PNG", "RGBA", {}, 9),
        ("PNG", "I;16", {}, 8),
        ("TIFF", "F", {"compression": "tiff_adobe_deflate"}, 10),
        # libwebp has two canvases, and Pillow two copies.
        ("WEBP", "RGBA", {"lossless": True, "method": 0}, 18),
        ("AVIF", "RGBA", {"speed": 10}, 14),
    ],
)
def test_decoding_takes_a_small_multiple_of_the_pixels(
    image_format: str,
    mode: str,
    options: dict[str, object],
    bytes_per_pixel: int,
    tmp_path: Path,
) -> None:
    paths = []
    for side_px in (32, SIDE_PX):
        paths.append(tmp_path / f"{side_px}.{image_format.lower()}")
        picture(mode, side_px).save(paths[-1], image_format, **options)
    command = [sys.executable, "-c", PROGRAM, *map(str, paths)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < bytes_per_pixel * SIDE_PX**2 + ALLOWANCE_BYTES
