"""Which photos a recipe learns from, and how often."""

import numpy as np

from hangtag.arrays import FloatArray, Indices
from hangtag.label_space import LabelSpace


def balance(rows: Indices, targets: FloatArray, label_space: LabelSpace, seed: int) -> Indices:
    """Return rows in which each label of the most specific group is equally frequent.

    As many of each as there are photos a label on average, so that a pass takes as long as before:
    photos of frequent labels are drawn, those of rare ones repeated. Photos without a label in that
    group stay as they are.

    Parameters
    ----------
    rows : int (n,), of the photos to learn from
    targets : float32 (N, L), of all photos
    """
    group = most_specific_group(label_space)
    if group is None:
        return rows
    holds = np.nan_to_num(targets[rows][:, list(label_space.indices_of_group(group))]) > 0.5
    alike = [rows[has] for has in holds.T if has.any()]
    if not alike:
        return rows
    count = max(1, round(holds.any(axis=1).sum() / len(alike)))
    random = np.random.default_rng(seed)
    # Each photo as often as any other, give or take one.
    drawn = [np.resize(random.permutation(photos), count) for photos in alike]
    return np.sort(np.concatenate([*drawn, rows[~holds.any(axis=1)]]))


def most_specific_group(label_space: LabelSpace) -> str | None:
    """Return the exclusive group with the most labels: what the product is; None without any."""
    exclusive = [group.name for group in label_space.groups if group.exclusive]
    sizes = {name: len(label_space.indices_of_group(name)) for name in exclusive}
    return max(sizes, key=sizes.__getitem__) if any(sizes.values()) else None
