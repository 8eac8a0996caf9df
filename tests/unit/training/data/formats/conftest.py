"""Folders of public sets in their real formats, with photos made on the spot."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

SavePhotos = Callable[..., None]


@pytest.fixture
def save_photos(draw: Callable[..., Image.Image]) -> SavePhotos:
    """A function that writes a different photo to each path."""

    def save(*paths: Path) -> None:
        for seed, path in enumerate(paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(seed).save(path)

    return save
