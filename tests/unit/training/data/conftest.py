"""Small dataset folders, with real photos made on the spot."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

LABELS = {
    "version": "test-1",
    "groups": [
        {"name": "category", "title": "Category", "exclusive": True},
        {"name": "garment", "title": "Garment", "exclusive": True, "parent": "category"},
        {"name": "details", "title": "Details", "exclusive": False},
    ],
    "labels": [
        {"id": 21, "name": "Topwear", "group": "category"},
        {"id": 24, "name": "Bottomwear", "group": "category"},
        {"id": 412, "name": "T-shirt", "group": "garment", "parent": 21},
        {"id": 458, "name": "Skirt", "group": "garment", "parent": 24},
        {"id": "zip", "name": "Zip", "group": "details"},
        {"id": "zip_two_way", "name": "Two-way zip", "group": "details"},
    ],
}

Draw = Callable[..., Image.Image]


def _draw(
    seed: int, colour: tuple[int, int, int] = (200, 30, 40), size_px: int = 160
) -> Image.Image:
    """Return a picture whose shapes depend on `seed` alone."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size_px, size_px), "white")
    draw = ImageDraw.Draw(image)
    for number in range(6):
        corner, side = rng.integers(0, 110, 2), rng.integers(20, 50, 2)
        box = (*corner.tolist(), *(corner + side).tolist())
        (draw.ellipse if number % 2 else draw.rectangle)(box, fill=colour)
    return image


@pytest.fixture
def draw() -> Draw:
    return _draw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset folder with labels.json, eight photos and no csv file yet."""
    folder = tmp_path / "dataset"
    (folder / "images").mkdir(parents=True)
    (folder / "labels.json").write_text(json.dumps(LABELS))
    for number in range(8):
        _draw(number).save(folder / "images" / f"{number}.jpg")
    return folder
