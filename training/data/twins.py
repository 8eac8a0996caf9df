"""Twins: the same picture for different products, and whether their labels agree.

Nobody, and no tagger, can tell twins apart: where their labels differ, one of them is got wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hangtag.label_space import LabelSpace
from training.data.catalogue import ProductPhoto
from training.data.duplicates import Colours, Hashes, Indices, look_alike_pairs, too_common


@dataclass(frozen=True)
class TwinAgreement:
    """How far twins agree in one exclusive group.

    `photos` have a twin, and both have one label in the group; `agreement` is the share of such a
    photo's twins that have its label, averaged over these photos.
    """

    photos: int
    agreement: float

    @property
    def ceiling(self) -> float:
        """The accuracy on such photos that no tagger can be expected to pass.

        If a picture's label is drawn from shares p, its twins agree with probability sum p², and
        the best tagger is right with max p <= sqrt(sum p²); averaged over pictures, with Jensen's
        inequality, <= sqrt(agreement).
        """
        return math.sqrt(self.agreement)


def twin_pairs(photos: Sequence[ProductPhoto], hashes: Hashes, colours: Colours) -> Indices:
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


def twin_agreement(
    pairs: Indices, targets: npt.NDArray[np.float32], label_space: LabelSpace
) -> dict[str, TwinAgreement]:
    """Return the agreement of each exclusive group in which twins have labels.

    Parameters
    ----------
    pairs : int array of shape (P, 2), of `twin_pairs`
    targets : float32 array of shape (N, L); 1, 0, or NaN where unknown
    """
    exclusive = [group.name for group in label_space.groups if group.exclusive]
    found = {
        name: _agreement(pairs, targets[:, list(label_space.indices_of_group(name))])
        for name in exclusive
    }
    return {name: each for name, each in found.items() if each is not None}


def _agreement(pairs: Indices, targets: npt.NDArray[np.float32]) -> TwinAgreement | None:
    """Return the agreement in one group, of targets (N, K); None if no twins have labels."""
    labelled = (targets == 1).sum(axis=1) == 1
    pairs = pairs[labelled[pairs].all(axis=1)]
    if not len(pairs):
        return None
    first, second = (targets[side] == 1 for side in pairs.T)
    agree = np.tile((first == second).all(axis=1), 2)
    photos = pairs.T.ravel()
    twins = np.bincount(photos)
    shares = np.bincount(photos, agree)[twins > 0] / twins[twins > 0]
    return TwinAgreement(photos=len(shares), agreement=float(shares.mean()))
