"""The photos that every system gets: as small as the model's input, and as cameras take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from hangtag.errors import DataInvalid
from loadtest.client.photos import real_photos

SMALL, LARGE = "224 px", "12 MP"
SMALL_SIDE_PX = 224
LARGE_SIZE_PX = (4000, 3000)
SMALL_COUNT, LARGE_COUNT = 64, 16
_JPEG_QUALITY = 90
# Enlarged photos are smoother than a camera's, and smooth ones are smaller and decode faster:
# with this much noise they have about 2.3 MB. The stock server takes 6.5 MB by default.
_NOISE_LEVELS = 12
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
# Each has one to three photos.
_RENDERED_PRODUCTS = SMALL_COUNT


@dataclass(frozen=True)
class PhotoSet:
    """JPEG files of one size."""

    name: str
    files: tuple[Path, ...]

    def bodies(self) -> list[bytes]:
        """Read all of them."""
        return [file.read_bytes() for file in self.files]

    @property
    def mean_bytes(self) -> int:
        """What a photo weighs."""
        return sum(file.stat().st_size for file in self.files) // len(self.files)


@dataclass(frozen=True)
class PhotoSource:
    """Where the photos come from: `name` for the report."""

    name: str
    files: tuple[Path, ...]


def find_photos(folder: Path | None, rendered: Path) -> PhotoSource:
    """Return the photos to measure with.

    `folder`'s, else the real product photos that HANGTAG_FASHION_PRODUCTS names, else rendered
    ones, which are put into the folder `rendered`.

    Raises
    ------
    DataInvalid : if `folder` holds too few.
    """
    if folder is not None:
        return PhotoSource(folder.resolve().name, _choose(folder))
    real = real_photos()
    if real is not None:
        return PhotoSource("fashion-products, real photos", _choose(real))
    render_photos(rendered, _RENDERED_PRODUCTS)
    return PhotoSource("demo catalogue, rendered photos", _choose(rendered / "images"))


def render_photos(folder: Path, products: int) -> list[Path]:
    """Render products of the demo catalogue into `folder`; return their photos."""
    # Imported late: only needed where there are no other photos.
    from training.demo import render_catalogue

    render_catalogue(folder, products=products)
    return sorted((folder / "images").iterdir())


def make_photo_sets(source: Sequence[Path], folder: Path) -> dict[str, PhotoSet]:
    """Write both sets into `folder`; return them by name."""
    small = tuple(_save(_small(file), folder / f"small-{file.stem}.jpg") for file in source)
    large = tuple(
        _save(_large(file), folder / f"large-{file.stem}.jpg") for file in source[:LARGE_COUNT]
    )
    return {SMALL: PhotoSet(SMALL, small), LARGE: PhotoSet(LARGE, large)}


def _choose(folder: Path) -> tuple[Path, ...]:
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in _SUFFIXES)
    if len(files) < SMALL_COUNT:
        raise DataInvalid(
            f"{folder} has {len(files)} photos; the benchmark needs {SMALL_COUNT} different ones."
        )
    # From all over the folder: neighbours are often alike.
    return tuple(files[number * len(files) // SMALL_COUNT] for number in range(SMALL_COUNT))


def _small(file: Path) -> Image.Image:
    with Image.open(file) as photo:
        return ImageOps.contain(photo.convert("RGB"), (SMALL_SIDE_PX, SMALL_SIDE_PX))


def _large(file: Path) -> Image.Image:
    with Image.open(file) as photo:
        size = LARGE_SIZE_PX if photo.width >= photo.height else LARGE_SIZE_PX[::-1]
        enlarged = np.asarray(ImageOps.fit(photo.convert("RGB"), size), dtype=np.int16)
    noise = np.random.default_rng(0).integers(
        -_NOISE_LEVELS, _NOISE_LEVELS, enlarged.shape, dtype=np.int16, endpoint=True
    )
    return Image.fromarray((enlarged + noise).clip(0, 255).astype(np.uint8))


def _save(photo: Image.Image, file: Path) -> Path:
    photo.save(file, quality=_JPEG_QUALITY)
    return file
