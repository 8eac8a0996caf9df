"""Whether answers keep to the hierarchy, and how near to the truth they are in it."""

from typing import Any

import numpy as np

from hangtag.arrays import BoolArray
from hangtag.scoring.decisions import select_tags
from training.evaluate.evaluated import Evaluated
from training.evaluate.resampling import Resamples, interval


def hierarchy_figures(evaluated: Evaluated, resamples: Resamples) -> dict[str, Any]:
    """Return what contradicts the hierarchy, and how near each one's answers are to the truth.

    `violations` are tags whose parent is no tag, `score_violations` scores above their parent's;
    both must be 0. For each hierarchy, over the photos with a label at every level: `win`, the
    share of levels that are right from the top down to the first mistake (after Wu, Tygert and
    LeCun 2019, https://doi.org/10.1371/journal.pone.0226222, with equal weights of the levels), and
    `same_parent`, the share of photos whose lowest label is right or has the same parent.
    """
    best = select_tags(
        evaluated.scores, np.zeros(len(evaluated.label_space), np.float32), evaluated.label_space
    )
    return {
        **_violations(evaluated),
        "families": [
            _hierarchy_figures(evaluated, hierarchy, best, resamples)
            for hierarchy in evaluated.label_space.hierarchies
            if len(hierarchy) > 1
        ],
    }


def lowest_level(evaluated: Evaluated) -> str | None:
    """Return the lowest group of the first hierarchy, else the first exclusive group, if any."""
    hierarchies = evaluated.label_space.hierarchies
    several_levels = [hierarchy for hierarchy in hierarchies if len(hierarchy) > 1]
    candidates = [*several_levels, *hierarchies]
    return candidates[0][-1] if candidates else None


def _violations(evaluated: Evaluated) -> dict[str, int]:
    space = evaluated.label_space
    pairs = [
        (space.index_of(label.parent), place)
        for place, label in enumerate(space.labels)
        if label.parent is not None
    ]
    parents, children = np.array(pairs, np.int64).reshape(-1, 2).T
    orphans = evaluated.tags[:, children] & ~evaluated.tags[:, parents]
    above = evaluated.scores[:, children] > evaluated.scores[:, parents]
    return {"violations": int(orphans.sum()), "score_violations": int(above.sum())}


def _hierarchy_figures(
    evaluated: Evaluated, hierarchy: tuple[str, ...], best: BoolArray, resamples: Resamples
) -> dict[str, Any]:
    shape = (len(evaluated), len(hierarchy))
    right: BoolArray = np.zeros(shape, np.bool_)
    labelled: BoolArray = np.zeros(shape, np.bool_)
    for level, name in enumerate(hierarchy):
        columns = list(evaluated.label_space.indices_of_group(name))
        true = evaluated.true[:, columns]
        right[:, level] = (true & best[:, columns]).any(axis=1)
        labelled[:, level] = true.sum(axis=1) == 1
    counted: BoolArray = np.logical_and.reduce(labelled, axis=1)
    win = np.logical_and.accumulate(right, axis=1).mean(axis=1)
    return {
        "groups": list(hierarchy),
        "photos": int(counted.sum()),
        "win": interval(resamples.mean(win, counted)),
        "same_parent": interval(resamples.mean(right[:, -2], counted)),
    }
