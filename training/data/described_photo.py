"""A photo with a text and without labels: what labels are mined from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class DescribedPhoto(NamedTuple):
    """`path` may not exist; the title and each description are lines of `text`."""

    path: Path
    product_id: str
    text: str
    split: str | None
