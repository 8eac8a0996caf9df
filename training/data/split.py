"""Train, validation, calibration and test photos: groups never cross, labels are balanced."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hangtag.arrays import BoolArray, Indices
from hangtag.errors import DataInvalid, SettingsInvalid

SPLITS = ("train", "validation", "calibration", "test")
# What a `split` column may say, and which split it means.
SPLIT_NAMES = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "calibration": "calibration",
    "test": "test",
}
_SMALLEST_GROUP_COUNT = 10
_TRAIN = 0


@dataclass(frozen=True)
class Splits:
    """Photo indices of each split, ascending.

    `left_out` are photos whose given split holds no photo of their group: using them would leak.
    """

    train: Indices
    validation: Indices
    calibration: Indices
    test: Indices
    left_out: Indices

    @property
    def unlearned(self) -> Indices:
        """The photos that the network does not learn from, ascending."""
        return np.sort(np.concatenate([self.validation, self.calibration, self.test]))


def split_dataset(
    groups: Indices,
    label_matrix: npt.NDArray[np.float32],
    given: Sequence[str | None],
    fractions: tuple[float, float, float, float] = (0.70, 0.07, 0.08, 0.15),
    seed: int = 0,
) -> Splits:
    """Split photos so that no group crosses and every split has its share of each label.

    Groups are dealt out label by label, the rarest first, each to the split that lacks the
    label most (iterative stratification, Sechidis et al. 2011). Every label with at least three
    groups occurs in train, as far as `given` allows it.

    Parameters
    ----------
    groups : int array of shape (N,), the photos' group numbers
    label_matrix : float32 array of shape (N, L); 1, 0, or NaN where unknown
    given : the split that each photo was given, or None. A split that nobody was given is
        taken from the train photos. Where a group was given several, test goes before
        calibration before validation before train and its other photos are left out.
    fractions : of the photos, for train, validation, calibration and test
    seed : decides between groups that are alike

    Raises
    ------
    SettingsInvalid : if the fractions are not positive or do not add up to 1.
    DataInvalid : if there are too few groups, a split stays empty, or `given` has other names.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise SettingsInvalid(f"The split fractions {fractions} must be positive and add up to 1.")
    if unknown := sorted({name for name in given if name} - set(SPLITS)):
        raise DataInvalid(f"The split {unknown[0]!r} is none of {', '.join(SPLITS)}.")
    _, group_of = np.unique(groups, return_inverse=True)
    group_count = int(group_of.max(initial=-1)) + 1
    if group_count < _SMALLEST_GROUP_COUNT:
        raise DataInvalid(
            f"The dataset has {group_count} different products, too few to split into train, "
            f"validation, calibration and test; {_SMALLEST_GROUP_COUNT} are the least."
        )
    photo_may = _allowed_per_photo(given)
    group_may = _allowed_per_group(photo_may, given, group_of)
    counts = _label_counts(label_matrix, group_of)
    chosen = _deal_out(counts, group_may, fractions, seed)
    _bring_labels_to_train(chosen, counts, group_may)
    _fill_empty_splits(chosen, counts, group_may)
    return _splits_of(chosen[group_of], photo_may)


def _allowed_per_photo(given: Sequence[str | None]) -> BoolArray:
    """Return (N, S): which splits a photo may go to."""
    may = {name: [name == other for other in SPLITS] for name in SPLITS}
    may["train"] = [True, *(name not in given for name in SPLITS[1:])]
    return np.array([may[name] if name else [True] * len(SPLITS) for name in given], np.bool_)


def _allowed_per_group(
    photo_may: BoolArray, given: Sequence[str | None], group_of: Indices
) -> BoolArray:
    """Return (G, S): the splits that all photos of a group may go to, at least one."""
    may = np.ones((group_of.max() + 1, len(SPLITS)), np.bool_)
    np.logical_and.at(may, group_of, photo_may)
    contested = ~may.any(axis=1)
    for column, name in enumerate(SPLITS):  # test last: it wins
        wanted = np.isin(np.arange(len(may)), group_of[np.array([g == name for g in given])])
        may[contested & wanted] = np.arange(len(SPLITS)) == column
    return may


def _label_counts(label_matrix: npt.NDArray[np.float32], group_of: Indices) -> Indices:
    """Return (G, L + 1): photos per group and label; the last column counts all photos."""
    counts = np.zeros((group_of.max() + 1, label_matrix.shape[1] + 1), np.int64)
    np.add.at(counts[:, :-1], group_of, label_matrix == 1)
    np.add.at(counts[:, -1], group_of, 1)
    return counts


def _deal_out(counts: Indices, may: BoolArray, fractions: tuple[float, ...], seed: int) -> Indices:
    """Return (G,): the split of each group."""
    chosen = np.where(may.sum(axis=1) == 1, may.argmax(axis=1), -1)
    lacking = np.outer(fractions, counts.sum(axis=0))  # (S, L + 1)
    for split in range(len(SPLITS)):
        lacking[split] -= counts[chosen == split].sum(axis=0)
    left = counts[chosen < 0].sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(counts))
    while left[-1]:
        rarest = int(np.where(left > 0, left, left[-1] + 1).argmin())
        waiting = shuffled[(chosen[shuffled] < 0) & (counts[shuffled, rarest] > 0)]
        largest_first = np.lexsort((-counts[waiting, -1], -counts[waiting, rarest]))
        for group in waiting[largest_first]:
            split = _neediest(np.flatnonzero(may[group]), lacking[:, [rarest, -1]])
            chosen[group] = split
            lacking[split] -= counts[group]
            left -= counts[group]
    return chosen


def _neediest(splits: Indices, lacking: npt.NDArray[np.float64]) -> int:
    """Return the split that lacks the label most, of equals the one that lacks most photos."""
    return int(max(splits, key=lambda split: tuple(lacking[split])))


def _bring_labels_to_train(chosen: Indices, counts: Indices, may: BoolArray) -> None:
    """Move the smallest group of each label that train lacks; nothing leaves train by it."""
    for label in range(counts.shape[1] - 1):
        holders = np.flatnonzero(counts[:, label])
        movable = holders[may[holders, _TRAIN]]
        if len(holders) >= 3 and len(movable) and not (chosen[holders] == _TRAIN).any():
            chosen[movable[counts[movable, -1].argmin()]] = _TRAIN


def _fill_empty_splits(chosen: Indices, counts: Indices, may: BoolArray) -> None:
    """Give each empty split one group: of those that cost train the fewest labels, the smallest."""
    for split in range(len(SPLITS)):
        groups_of = np.bincount(chosen, minlength=len(SPLITS))
        movable = np.flatnonzero(may[:, split] & (groups_of[chosen] > 1))
        if groups_of[split] or not len(movable):
            continue
        in_train = counts[chosen == _TRAIN].sum(axis=0)
        lost = ((counts[movable] > 0) & (counts[movable] == in_train))[:, :-1].sum(axis=1)
        lost[chosen[movable] != _TRAIN] = 0
        chosen[movable[np.lexsort((counts[movable, -1], lost))[0]]] = split


def _splits_of(photo_split: Indices, photo_may: BoolArray) -> Splits:
    used = photo_may[np.arange(len(photo_split)), photo_split]
    parts = [np.flatnonzero(used & (photo_split == column)) for column in range(len(SPLITS))]
    for name, part in zip(SPLITS, parts, strict=True):
        if not len(part):
            raise DataInvalid(f"No photo is left for {name}; mend the dataset's split column.")
    return Splits(**dict(zip(SPLITS, parts, strict=True)), left_out=np.flatnonzero(~used))
