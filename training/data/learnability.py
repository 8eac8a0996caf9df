"""What photos cannot teach, or cannot measure: said before hours are spent on it."""

from collections.abc import Sequence

import numpy as np

from hangtag.arrays import BoolArray, FloatArray, Pixels
from hangtag.errors import DataInvalid
from hangtag.label_space import LabelSpace
from training.data.duplicates import Hashes, commonest_picture, is_one_picture
from training.data.measurable import LEAST_TEST_PHOTOS, enough
from training.data.photos import DecodedDataset
from training.data.split import Splits

# A label that fewer photos have can hardly be told from a mistake.
LEAST_TRAIN_PHOTOS = 20
_MOST_NAMED = 3


def require_different_pictures(hashes: Hashes, colours: Pixels, what: str = "photos") -> None:
    """Check that there is something to tell apart.

    Raises
    ------
    DataInvalid : if all photos are one picture, if need be scaled or encoded anew.
    """
    if len(hashes) > 1 and is_one_picture(hashes, colours):
        raise DataInvalid(
            f"All {len(hashes):,} {what} are the same picture: there is nothing to learn. Look at "
            "how they were fetched; many shops send one placeholder for whatever they do not find."
        )


def doubts(
    decoded: DecodedDataset, targets: FloatArray, splits: Splits, space: LabelSpace
) -> list[str]:
    """Return a sentence for each thing that will not be learned, or not be measured.

    targets (N, L), of the N decoded photos.
    """
    names = [photo.path.name for photo in decoded.photos]
    return [
        *_common_picture(decoded.hashes, decoded.colours, names),
        *_same_labels(targets, space),
        *_seldom_seen(targets[splits.train], space),
        *_few_test_photos(len(splits.test)),
        *_same_test_picture(decoded.hashes[splits.test], decoded.colours[splits.test]),
        *(_unmeasured_groups(targets[splits.test], space) if enough(len(splits.test)) else []),
    ]


def _common_picture(hashes: Hashes, colours: Pixels, names: Sequence[str]) -> list[str]:
    count, row = commonest_picture(hashes, colours)
    if 2 * count <= len(hashes):
        return []
    return [
        f"{count:,} of {len(hashes):,} photos are the same picture, such as {names[row]}: if it is "
        "a placeholder, leave these rows out."
    ]


def _same_labels(targets: FloatArray, space: LabelSpace) -> list[str]:
    """Of a group whose photos all have the same labels, nothing can be told apart."""
    alike = [
        group.title
        for group in space.groups
        if _is_told_apart_by_nothing(targets[:, list(space.indices_of_group(group.name))])
    ]
    labelled = [group for group in space.groups if _any_photo(targets, space, group.name)]
    if not alike:
        return []
    if len(alike) == len(labelled):
        return [
            "All photos have the same labels: there is nothing to tell apart, and the figures will "
            "look perfect."
        ]
    return [
        f"All photos have the same labels in {_some(alike)}: there is nothing to tell apart, and "
        "their figures will look perfect."
    ]


def _is_told_apart_by_nothing(targets: FloatArray) -> bool:
    holds = targets == 1
    constant = holds.all(axis=0) | (targets == 0).all(axis=0)
    return bool(len(targets) > 1 and holds.any() and constant.all())


def _any_photo(targets: FloatArray, space: LabelSpace, group: str) -> bool:
    return bool((targets[:, list(space.indices_of_group(group))] == 1).any())


def _seldom_seen(targets: FloatArray, space: LabelSpace) -> list[str]:
    photos = (targets == 1).sum(axis=0)
    never = photos == 0
    seldom = ~never & (photos < LEAST_TRAIN_PHOTOS)
    return [
        f"{int(rows.sum()):,} of {len(space):,} labels have {what} to learn from "
        f"({_some(_names(rows, space))}): {so}"
        for rows, what, so in (
            (never, "no photo", "they will never be given."),
            (seldom, f"fewer than {LEAST_TRAIN_PHOTOS} photos", "they will seldom be right."),
        )
        if rows.any()
    ]


def _names(rows: BoolArray, space: LabelSpace) -> list[str]:
    return [f"{space.labels[row].name} {space.labels[row].id}" for row in np.flatnonzero(rows)]


def _few_test_photos(count: int) -> list[str]:
    if enough(count):
        return []
    photos = f"{count} photo{'' if count == 1 else 's'}"
    return [
        f"There {'is' if count == 1 else 'are'} only {photos} to test on: fewer than "
        f"{LEAST_TEST_PHOTOS} measure nothing, so no figures will be shown."
    ]


def _same_test_picture(hashes: Hashes, colours: Pixels) -> list[str]:
    if not enough(len(hashes)) or not is_one_picture(hashes, colours):
        return []
    return [
        f"All {len(hashes):,} photos to test on are the same picture: figures measured on them say "
        "nothing of others."
    ]


def _unmeasured_groups(targets: FloatArray, space: LabelSpace) -> list[str]:
    unmeasured = []
    for group in space.groups:
        columns = list(space.indices_of_group(group.name))
        known = ~np.isnan(targets[:, columns]).any(axis=1)
        if group.exclusive:
            known &= (targets[:, columns] == 1).any(axis=1)
        if columns and not enough(int(known.sum())):
            unmeasured.append(group.title)
    if not unmeasured:
        return []
    return [
        f"Fewer than {LEAST_TEST_PHOTOS} photos to test on have a known label in "
        f"{_some(unmeasured)}: too few to measure."
    ]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
