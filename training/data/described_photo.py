"""A photo with texts and without labels: what labels are mined from."""

from pathlib import Path
from typing import NamedTuple


class DescribedPhoto(NamedTuple):
    """`description` may be several, a line each; `split` is as written, empty where not given."""

    path: Path
    product_id: str
    title: str
    description: str
    split: str
