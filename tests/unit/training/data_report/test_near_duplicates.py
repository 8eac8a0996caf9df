"""Where different products with the same picture have different labels."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.data_report.small_dataset import labelled
from training.data_report.dataset import ReportedDataset
from training.data_report.near_duplicates import find_conflicts, near_duplicate_metrics


def alike(dataset: ReportedDataset, *sets: Sequence[int]) -> ReportedDataset:
    """Make the photos of each set twins."""
    pictures = np.arange(len(dataset.photos))
    for rows in sets:
        pictures[list(rows)] = rows[0]
    pairs = [(a, b) for rows in sets for a in rows for b in rows if a < b]
    near_duplicate_pairs = np.array(pairs, np.int64).reshape(-1, 2)
    return replace(dataset, look_alikes=pictures, near_duplicate_pairs=near_duplicate_pairs)


def conflicts_in_colour(dataset: ReportedDataset) -> list[list[int]]:
    return [rows.tolist() for rows in find_conflicts(dataset)["colour"]]


def test_a_conflict_is_shown_by_one_photo_of_each_label() -> None:
    dataset = alike(labelled("c3", "c0", "c0", "c1", "c2", "c3"), [0, 4], [1, 2, 3])
    assert conflicts_in_colour(dataset) == [[1, 3], [0, 4]]


def test_twins_that_agree_are_no_conflict() -> None:
    dataset = alike(labelled("c0 k0", "c0 k1", "c1"), [0, 1])
    assert conflicts_in_colour(dataset) == []
    assert [rows.tolist() for rows in find_conflicts(dataset)["kind"]] == [[0, 1]]


@pytest.mark.parametrize("other", ["c?", "k0"])
def test_without_a_label_there_is_no_conflict(other: str) -> None:
    assert conflicts_in_colour(alike(labelled("c0", other), [0, 1])) == []


def test_figures_say_how_far_twins_agree() -> None:
    dataset = alike(labelled("c0", "c0", "c0", "c1", "c2"), [0, 1], [2, 3])
    figures = near_duplicate_metrics(dataset, find_conflicts(dataset))
    colour = {"photos": 4, "agreement": 0.5, "ceiling": 0.75, "conflicts": 1}
    assert figures["colour"] == colour
    assert figures["kind"] == {"photos": 0, "agreement": None, "ceiling": None, "conflicts": 0}


def test_without_twins_there_is_nothing_to_say() -> None:
    dataset = alike(labelled("c0", "c1"))
    assert conflicts_in_colour(dataset) == []
    assert near_duplicate_metrics(dataset, find_conflicts(dataset))["colour"]["agreement"] is None
