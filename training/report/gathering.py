"""From what a run has in hand to what is measured of its test photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from hangtag.decisions import BoolArray, FloatArray
from training.data import ProductPhoto
from training.data.duplicates import normalise_title
from training.report.evaluated import Evaluated, Indices, count_together
from training.training_data import TrainingData
from training.tuning import Tuned

NEW_TITLE = "title is that of no train photo"


def gather_test_photos(
    data: TrainingData,
    tuned: Tuned,
    scores: FloatArray,
    embeddings: FloatArray | None,
    target_precision: float,
) -> Evaluated:
    """Return what the page is made of.

    Parameters
    ----------
    data : N photos of all splits
    tuned : the run's decisions and sets
    scores : float32 (T, L), of the T test photos
    embeddings : float32 (T, E), of the test photos, if there are any
    target_precision : what `accept` was tuned for
    """
    test, train = data.splits.test, data.splits.train
    photos = [data.decoded.photos[row] for row in test]
    return Evaluated(
        label_space=data.label_space,
        scores=scores,
        targets=data.targets[test],
        decisions=tuned.decisions,
        prediction_sets=tuned.prediction_sets,
        duplicate_groups=data.duplicate_groups[test],
        train_photos=len(train),
        train_together=count_together(data.targets[train]),
        paths=tuple(photo.path.name for photo in photos),
        sizes_px=_sizes_px(photos),
        sheet_rows=np.arange(len(test)),
        sheet_pixels=data.decoded.pixels[test],
        embeddings=embeddings,
        slices={NEW_TITLE: _new_titles(photos, [data.decoded.photos[row] for row in train])},
        target_precision=target_precision,
    )


def _sizes_px(photos: Sequence[ProductPhoto]) -> Indices:
    """Return width and height (T, 2), of which only the headers are read."""
    sizes = np.zeros((len(photos), 2), np.int64)
    for row, photo in enumerate(photos):
        with Image.open(photo.path) as image:
            sizes[row] = image.size
    return sizes


def _new_titles(photos: Sequence[ProductPhoto], train: Sequence[ProductPhoto]) -> BoolArray:
    seen = {normalise_title(photo.title) for photo in train} - {""}
    return np.array([normalise_title(photo.title) not in seen for photo in photos], np.bool_)
