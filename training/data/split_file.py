"""Which photo lies in which split, for people and for whoever wants the same split elsewhere."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hangtag.arrays import Indices
from hangtag.files.whole_file import whole_file
from training.data.dataset import ProductPhoto
from training.data.split import SPLITS, Splits


def write_splits(
    photos: Sequence[ProductPhoto], groups: Indices, splits: Splits, path: Path
) -> None:
    """Write image, product_id, group and split of each photo; `left_out` where it has none."""
    names = np.full(len(photos), "left_out", dtype="<U16")
    for name in SPLITS:
        names[getattr(splits, name)] = name
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "product_id", "group", "split"])
        for photo, group, name in zip(photos, groups, names, strict=True):
            writer.writerow([photo.path.name, photo.product_id, int(group), str(name)])
