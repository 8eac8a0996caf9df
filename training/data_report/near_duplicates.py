"""Twins: different products with the same picture, whose labels may disagree."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from hangtag.arrays import Indices
from training.data import NearDuplicateAgreement, near_duplicate_agreement
from training.data_report.dataset import ReportedDataset

Conflicts = Mapping[str, tuple[Indices, ...]]


def find_conflicts(dataset: ReportedDataset) -> dict[str, tuple[Indices, ...]]:
    """Return the sets of twins that disagree in each exclusive group, the largest first.

    Of each set the rows that are shown: the first photo of each label.
    """
    return {name: _conflicts(dataset, name) for name in dataset.exclusive_groups}


def near_duplicate_metrics(dataset: ReportedDataset, conflicts: Conflicts) -> dict[str, Any]:
    """Return by exclusive group: `photos` that have a twin, how far twins agree, `conflicts`.

    `agreement` and `ceiling` are those of `NearDuplicateAgreement`, None where there are no twins.
    """
    agreements = near_duplicate_agreement(
        dataset.near_duplicate_pairs, dataset.targets, dataset.label_space
    )
    return {
        name: {**_agreement(agreements.get(name)), "conflicts": len(sets)}
        for name, sets in conflicts.items()
    }


def _agreement(agreement: NearDuplicateAgreement | None) -> dict[str, Any]:
    if agreement is None:
        return {"photos": 0, "agreement": None, "ceiling": None}
    return asdict(agreement)


def _conflicts(dataset: ReportedDataset, group: str) -> tuple[Indices, ...]:
    choices = dataset.choices(group)
    labelled = (choices >= 0) & (choices < len(dataset.columns_of(group)))
    pairs = dataset.near_duplicate_pairs[labelled[dataset.near_duplicate_pairs].all(axis=1)]
    first, second = choices[pairs].T
    rows = np.unique(pairs[first != second])
    pictures = dataset.look_alikes[rows]
    sets = [rows[pictures == number] for number in np.unique(pictures)]
    return tuple(_one_of_each(each, choices) for each in sorted(sets, key=len, reverse=True))


def _one_of_each(rows: Indices, choices: Indices) -> Indices:
    _, first = np.unique(choices[rows], return_index=True)
    return rows[np.sort(first)]
