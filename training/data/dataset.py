"""What a dataset folder holds once it has been read and checked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from hangtag.label_space import Label, LabelId, LabelSpace

# left, upper, right, lower: pixels of the upright photo; right and lower lie just outside.
Crop = tuple[int, int, int, int]

ProblemKind = Literal[
    "malformed_row",
    "missing_photo",
    "broken_photo",
    "unknown_label",
    "unknown_group",
    "unknown_split",
    "conflicting_labels",
    "spoilt_product_id",
    "duplicated_row",
    "no_labels",
]


@dataclass(frozen=True)
class Problem:
    """One row or photo that cannot be used as it is; `where` is such as `products.csv:17`.

    `cause` is the sentence for all problems that have the same one, with the mend; it may be empty.
    """

    kind: ProblemKind
    where: str
    detail: str
    cause: str = ""


@dataclass(frozen=True)
class ProductPhoto:
    """One photo with what is known of its product.

    `labels` is closed upwards: it holds the parents of its labels. Of the other labels of the
    groups in `unknown_groups`, and of those in `unknown_labels`, nothing is known, which is not
    the same as that they do not hold; an exclusive group of which a label holds is known. `crop`
    is the part of the photo that shows the product; one that does not lie within the photo is not
    heeded.
    """

    path: Path
    product_id: str
    title: str
    description: str
    labels: frozenset[LabelId]
    unknown_groups: frozenset[str]
    split: str | None
    unknown_labels: frozenset[LabelId] = frozenset()
    crop: Crop | None = None


@dataclass(frozen=True)
class Dataset:
    """The usable photos of a dataset folder, and the problems of the others.

    Labels that exclude each other leave out no photo: their groups are unknown.
    """

    label_space: LabelSpace
    photos: tuple[ProductPhoto, ...]
    problems: tuple[Problem, ...]
    source: str


def with_ancestors(label_ids: Iterable[str], label_space: LabelSpace) -> frozenset[LabelId]:
    """Return the labels and all their ancestors, as the label space spells their IDs.

    Raises
    ------
    KeyError : if an ID is not in the label space.
    """
    closed: set[LabelId] = set()
    for label_id in label_ids:
        label: Label | None = label_space.labels[label_space.index_of(label_id)]
        while label is not None:
            closed.add(label.id)
            label = label_space.parent_of(label)
    return frozenset(closed)


def groups_of(label_ids: Iterable[LabelId], label_space: LabelSpace) -> frozenset[str]:
    """Return the groups of the labels; KeyError if an ID is not in the label space."""
    return frozenset(
        label_space.labels[label_space.index_of(label_id)].group for label_id in label_ids
    )


def label_matrix(
    photos: Sequence[ProductPhoto], label_space: LabelSpace
) -> npt.NDArray[np.float32]:
    """Return float32 (N, L): 1 where a label holds, 0 where not, NaN where that is unknown."""
    matrix = np.zeros((len(photos), len(label_space)), np.float32)
    for row, photo in enumerate(photos):
        for group in photo.unknown_groups:
            matrix[row, list(label_space.indices_of_group(group))] = np.nan
        matrix[row, [label_space.index_of(label_id) for label_id in photo.unknown_labels]] = np.nan
        matrix[row, [label_space.index_of(label_id) for label_id in photo.labels]] = 1
    return matrix
