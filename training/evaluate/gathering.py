"""From what a run has in hand to what is measured of its test photos."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hangtag.arrays import BoolArray, FloatArray, Indices
from hangtag.images.decode import read_photo
from hangtag.images.limits import ANY_PHOTO
from training.calibrate.tuning import Tuned
from training.data import (
    NearDuplicateAgreement,
    ProductPhoto,
    near_duplicate_agreement,
    near_duplicate_pairs,
)
from training.data.duplicates import normalise_title, too_common
from training.data.training_data import TrainingData
from training.evaluate.evaluated import NEW_TITLE, Evaluated, count_together


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
    decoded = data.decoded
    photos = [decoded.photos[row] for row in test]
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
        sheet_pixels=decoded.pixels[test],
        embeddings=embeddings,
        slices={NEW_TITLE: _new_titles(data)},
        twins=_twins(data),
        target_precision=target_precision,
    )


def _sizes_px(photos: Sequence[ProductPhoto]) -> Indices:
    """Return width and height (T, 2), of which only the headers are read."""
    sizes = np.zeros((len(photos), 2), np.int64)
    for row, photo in enumerate(photos):
        sizes[row] = read_photo(photo.path.read_bytes(), ANY_PHOTO).size
    return sizes


def _twins(data: TrainingData) -> dict[str, NearDuplicateAgreement]:
    decoded = data.decoded
    pairs = near_duplicate_pairs(decoded.photos, decoded.hashes, decoded.colours)
    return near_duplicate_agreement(pairs, data.targets, data.label_space)


def _new_titles(data: TrainingData) -> BoolArray:
    """Return whether each test photo's title, (T,), is that of no train photo.

    As where titles group: one that too many photos share says nothing, and so is nobody's.
    """
    titles = [normalise_title(photo.title) for photo in data.decoded.photos]
    most = too_common(len(titles))
    telling = {title for title, count in Counter(titles).items() if title and count <= most}
    seen = {titles[row] for row in data.splits.train} & telling
    return np.array([titles[row] not in seen for row in data.splits.test], np.bool_)
