"""Twins: the same picture for different products, and whether their labels agree.

Nobody, and no tagger, can tell twins apart: where their labels differ, one of them is got wrong.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hangtag.arrays import Indices, Pixels
from hangtag.label_space import LabelSpace
from training.data.dataset import ProductPhoto
from training.data.duplicates import Hashes, connected, look_alike_pairs, too_common


@dataclass(frozen=True)
class NearDuplicateAgreement:
    """How far twins agree in one exclusive group.

    `photos` have a twin, and both have one label in the group; `agreement` is the share of such a
    photo's twins that have its label, averaged over these photos. `ceiling` is the accuracy on them
    that no tagger can pass which gives each picture one answer: that of always giving the label
    that most of its photos have. None: a run of an earlier release, which did not measure it.
    """

    photos: int
    agreement: float
    ceiling: float | None = None


def near_duplicate_pairs(
    photos: Sequence[ProductPhoto], hashes: Hashes, colours: Pixels
) -> Indices:
    """Return int (P, 2): the pairs of photos of different products that are the same picture.

    Parameters
    ----------
    photos : N photos
    hashes : uint64 array of shape (N,), perceptual hashes
    colours : uint8 array of shape (N, 192), colour signatures
    """
    alike = sorted(look_alike_pairs(hashes, colours, too_common(len(photos))))
    pairs = [(a, b) for a, b in alike if photos[a].product_id != photos[b].product_id]
    return np.array(pairs, np.int64).reshape(-1, 2)


def near_duplicate_agreement(
    pairs: Indices, targets: npt.NDArray[np.float32], label_space: LabelSpace
) -> dict[str, NearDuplicateAgreement]:
    """Return the agreement of each exclusive group in which twins have labels.

    Parameters
    ----------
    pairs : int array of shape (P, 2), of `near_duplicate_pairs`
    targets : float32 array of shape (N, L); 1, 0, or NaN where unknown
    """
    exclusive = [group.name for group in label_space.groups if group.exclusive]
    found = {
        name: _agreement(pairs, targets[:, list(label_space.indices_of_group(name))])
        for name in exclusive
    }
    return {name: each for name, each in found.items() if each is not None}


def _agreement(pairs: Indices, targets: npt.NDArray[np.float32]) -> NearDuplicateAgreement | None:
    """Return the agreement in one group, of targets (N, K); None if no twins have labels."""
    labelled = (targets == 1).sum(axis=1) == 1
    pairs = pairs[labelled[pairs].all(axis=1)]
    if not len(pairs):
        return None
    labels = (targets == 1).argmax(axis=1)
    agree = np.tile(labels[pairs[:, 0]] == labels[pairs[:, 1]], 2)
    sides = pairs.T.ravel()
    twins = np.bincount(sides)
    photos = np.flatnonzero(twins)
    shares = np.bincount(sides, agree)[photos] / twins[photos]
    pictures = connected(len(targets), pairs.tolist())[photos]
    return NearDuplicateAgreement(
        photos=len(photos),
        agreement=float(shares.mean()),
        ceiling=_right_at_best(pictures, labels[photos]) / len(photos),
    )


def _right_at_best(pictures: Indices, labels: Indices) -> int:
    """Return of how many photos the most frequent label of their picture is right.

    pictures, labels : int arrays of shape (T,), those of T photos
    """
    counts = Counter(zip(pictures.tolist(), labels.tolist(), strict=True))
    most: dict[int, int] = {}
    for (picture, _), count in counts.items():
        most[picture] = max(count, most.get(picture, 0))
    return sum(most.values())
