"""The usable photos of a dataset folder, decoded, and which of them belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hangtag.arrays import FloatArray, Indices, Pixels
from hangtag.errors import DataInvalid
from hangtag.images.decode import Preprocessing
from hangtag.images.limits import ImageLimits
from hangtag.label_space import LabelSpace
from training.data import (
    DECODED_PHOTOS,
    Problem,
    ProductPhoto,
    decode_dataset,
    group_photos,
    label_matrix,
    near_duplicate_pairs,
    read_dataset,
)
from training.data.duplicates import Hashes

# What training decodes to by default: it finds the photos decoded.
SIZE_PX = 224


@dataclass(frozen=True)
class ReportedDataset:
    """N photos with what is known of them.

    Parameters
    ----------
    folder : they come from
    label_space : names the L labels
    photos : N
    targets : float32 (N, L); 1, 0, or NaN where unknown
    pixels : uint8 (N, 3, S, S)
    look_alikes : int (N,), the same number where photos are the same picture
    near_duplicate_pairs : int (P, 2), photos of different products that are the same picture
    products : int (N,), the same number where photos are of one product or the same picture
    kept_together : int (N,), the same number where training never splits photos
    problems : what left other rows and photos out
    """

    folder: Path
    label_space: LabelSpace
    photos: tuple[ProductPhoto, ...]
    targets: FloatArray
    pixels: npt.NDArray[np.uint8]
    look_alikes: Indices
    near_duplicate_pairs: Indices
    products: Indices
    kept_together: Indices
    problems: tuple[Problem, ...]

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """The groups that have labels."""
        space = self.label_space
        return tuple(each.name for each in space.groups if space.indices_of_group(each.name))

    @cached_property
    def exclusive_groups(self) -> tuple[str, ...]:
        """The groups that have labels, of which at most one holds."""
        return tuple(name for name in self.group_names if self.label_space.group(name).exclusive)

    def columns_of(self, group: str) -> Indices:
        """Return the positions of a group's K labels, (K,)."""
        return np.array(self.label_space.indices_of_group(group), np.int64)

    def choices(self, group: str) -> Indices:
        """Return what each photo has in an exclusive group of K labels, (N,).

        The position of its label in the group, K for none of them, -1 where that is unknown.
        """
        targets = self.targets[:, self.columns_of(group)]
        has_none = np.where(np.isnan(targets).any(axis=1), -1, targets.shape[1])
        holds = targets == 1
        chosen: Indices = np.where(holds.any(axis=1), holds.argmax(axis=1), has_none)
        return chosen

    def file_name(self, row: int) -> str:
        """Return where a photo's file lies, seen from the folder if it is below it."""
        path = self.photos[row].path
        return (
            path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
        ).as_posix()


def read_reported(folder: Path, limits: ImageLimits) -> ReportedDataset:
    """Read, decode and group the photos of a dataset folder of any known layout.

    Raises
    ------
    DataInvalid : if it has no known layout, or no photo that can be used.
    """
    dataset = read_dataset(folder)
    decoded = decode_dataset(dataset, Preprocessing(size_px=SIZE_PX), limits, DECODED_PHOTOS)
    photos = decoded.photos
    if not photos:
        first = "".join(f" ({each.where}: {each.detail})" for each in decoded.problems[:1])
        raise DataInvalid(f"{folder} has no photo that can be used{first}; mend its rows first.")
    return ReportedDataset(
        folder=folder,
        label_space=dataset.label_space,
        photos=photos,
        targets=label_matrix(photos, dataset.label_space),
        pixels=decoded.pixels,
        look_alikes=look_alike_groups(photos, decoded.hashes, decoded.colours),
        near_duplicate_pairs=near_duplicate_pairs(photos, decoded.hashes, decoded.colours),
        products=group_photos(photos, decoded.hashes, decoded.colours, by_title=False),
        kept_together=group_photos(photos, decoded.hashes, decoded.colours),
        problems=decoded.problems,
    )


def look_alike_groups(photos: Sequence[ProductPhoto], hashes: Hashes, colours: Pixels) -> Indices:
    """Return group numbers (N,), equal where photos are the same picture, whatever the product."""
    apart = [replace(photo, product_id=str(row)) for row, photo in enumerate(photos)]
    return group_photos(apart, hashes, colours, by_title=False)
