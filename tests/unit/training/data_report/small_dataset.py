"""A dataset made on the spot: kind > type is a hierarchy, colour is exclusive, details are not."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hangtag.arrays import FloatArray
from tests.unit.training.evaluate.synthetic import draw, space
from training.data import ProductPhoto
from training.data_report.dataset import ReportedDataset


def targets_of(rows: Sequence[str], dataset: ReportedDataset) -> FloatArray:
    """Targets of rows such as `k0 t0 c1`; `c?` makes the colour unknown."""
    targets = np.zeros((len(rows), len(dataset.label_space)), np.float32)
    for row, words in enumerate(rows):
        for word in words.split():
            if word == "c?":
                targets[row, dataset.columns_of("colour")] = np.nan
            else:
                targets[row, dataset.label_space.index_of(word)] = 1
    return targets


def small_dataset(photos: int = 200, seed: int = 0) -> ReportedDataset:
    """Photos of noise, each a product and a picture of its own."""
    rng = np.random.default_rng(seed)
    label_space = space()
    alone = np.arange(photos)
    folder = Path("folder")
    return ReportedDataset(
        folder=folder,
        label_space=label_space,
        photos=tuple(_photo(folder, row) for row in range(photos)),
        targets=draw(label_space, photos, seed)[1],
        pixels=rng.integers(0, 256, (photos, 3, 16, 16), dtype=np.uint8),
        look_alikes=alone,
        near_duplicate_pairs=np.zeros((0, 2), np.int64),
        products=alone,
        kept_together=alone,
        problems=(),
    )


def _photo(folder: Path, row: int) -> ProductPhoto:
    return ProductPhoto(
        path=folder / "images" / f"{row}.jpg",
        product_id=f"SKU-{row}",
        title="",
        description="",
        labels=frozenset(),
        unknown_groups=frozenset(),
        split=None,
    )


def labelled(*rows: str) -> ReportedDataset:
    """A dataset of one photo for each row of `targets_of`."""
    dataset = small_dataset(len(rows))
    return replace(dataset, targets=targets_of(rows, dataset))
