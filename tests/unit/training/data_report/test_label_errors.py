"""Probable label errors, among labels of which it is known which are wrong."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from hangtag.arrays import FloatArray
from tests.unit.training.data_report.small_dataset import small_dataset, targets_of
from training.data_report.dataset import ReportedDataset
from training.data_report.label_errors import NONE, judge_labels, write_label_errors

WRONG_ROWS = (3, 40, 77)


def sure_of(dataset: ReportedDataset) -> FloatArray:
    """Scores that are sure of the labels as they are, and surest of those of WRONG_ROWS."""
    noise = np.random.default_rng(0).uniform(0.01, 0.05, dataset.targets.shape)
    noise[list(WRONG_ROWS)] = 0.01
    return np.where(dataset.targets == 1, 0.85 - noise, noise / 3).astype(np.float32)


def coloured() -> ReportedDataset:
    """120 photos: thirty of each colour, half of them with the first detail."""
    dataset = small_dataset(120)
    rows = [f"c{row % 4} {'d0' if row < 60 else ''}" for row in range(120)]
    return replace(dataset, targets=targets_of(rows, dataset))


def with_cells(dataset: ReportedDataset, label: str, value: float) -> ReportedDataset:
    targets = dataset.targets.copy()
    targets[list(WRONG_ROWS), dataset.label_space.index_of(label)] = value
    return replace(dataset, targets=targets)


def with_wrong_colours(dataset: ReportedDataset) -> ReportedDataset:
    """The photos of WRONG_ROWS say `c2` instead of what they have."""
    targets = dataset.targets.copy()
    for row in WRONG_ROWS:
        targets[row, dataset.columns_of("colour")] = 0
        targets[row, dataset.label_space.index_of("c2")] = 1
    return replace(dataset, targets=targets)


def test_wrong_labels_are_found_with_what_they_should_be() -> None:
    right = coloured()
    wrong = with_wrong_colours(right)
    judgement = judge_labels(wrong, sure_of(right))["colour"]
    found = {error.row: (error.given, error.suggested) for error in judgement.errors}
    assert found == {row: ("Colour 2", f"Colour {row % 4}") for row in WRONG_ROWS}
    assert (judgement.judged, judgement.agreeing) == (120, 117)
    assert all(error.score > 0.7 > 0.1 > error.given_score for error in judgement.errors)


def test_the_surest_errors_come_first() -> None:
    right = coloured()
    scores = sure_of(right)
    scores[40, right.columns_of("colour")] += np.array([-0.02, 0, 0.02, 0])
    errors = judge_labels(with_wrong_colours(right), scores)["colour"].errors
    margins = [error.score - error.given_score for error in errors]
    assert margins == sorted(margins, reverse=True)
    assert len(margins) == len(WRONG_ROWS)


def test_right_labels_are_not_suspected() -> None:
    dataset = coloured()
    for judgement in judge_labels(dataset, sure_of(dataset)).values():
        assert judgement.errors == ()


def test_a_missing_label_is_found() -> None:
    right = coloured()
    targets = right.targets.copy()
    for row in range(20):  # of these it is right that they have no colour
        targets[row, right.columns_of("colour")] = 0
    right = replace(right, targets=targets)
    targets = targets.copy()
    targets[77, right.columns_of("colour")] = 0
    (error,) = judge_labels(replace(right, targets=targets), sure_of(right))["colour"].errors
    assert (error.row, error.given, error.suggested) == (77, NONE, "Colour 1")


def test_where_several_labels_hold_each_is_judged_by_itself() -> None:
    right = coloured()
    wrong = with_cells(right, "d0", 1)
    judgement = judge_labels(wrong, sure_of(right))["details"]
    # Rows 3 and 40 have the detail; the other two details occur nowhere: nothing to judge.
    (error,) = judgement.errors
    assert (error.row, error.given, error.suggested) == (77, "Detail 0", "not Detail 0")
    assert judgement.judged == 120


def test_what_is_unknown_is_not_judged() -> None:
    right = coloured()
    unknown = with_cells(right, "d0", np.nan)
    scores = sure_of(right)
    scores[list(WRONG_ROWS), right.label_space.index_of("d0")] = [0.1, 0.1, 0.9]
    judgement = judge_labels(unknown, scores)["details"]
    assert judgement.errors == ()
    assert judgement.judged == 117


def test_labels_of_few_photos_are_not_judged() -> None:
    right = coloured()
    targets = right.targets.copy()
    rare = np.flatnonzero(targets[:, right.label_space.index_of("c3")])[4:]
    targets[np.ix_(rare, right.columns_of("colour"))] = 0
    targets[rare, right.label_space.index_of("c0")] = 1
    dataset = replace(right, targets=targets)
    scores = sure_of(dataset)
    scores[:, right.label_space.index_of("c3")] = 0
    judgement = judge_labels(dataset, scores)["colour"]
    assert judgement.judged == 116
    assert judgement.errors == ()


def test_swaps_are_counted() -> None:
    right = coloured()
    figures = judge_labels(with_wrong_colours(right), sure_of(right))["colour"].figures()
    assert figures["errors"] == 3
    assert figures["agreement"] == 117 / 120
    swaps = {(swap["given"], swap["suggested"]): swap["photos"] for swap in figures["swaps"]}
    assert swaps == {
        ("Colour 2", "Colour 3"): 1,
        ("Colour 2", "Colour 0"): 1,
        ("Colour 2", "Colour 1"): 1,
    }


def test_the_file_lists_all_errors(tmp_path: Path) -> None:
    right = coloured()
    judgements = judge_labels(with_wrong_colours(right), sure_of(right))
    path = tmp_path / "label_errors.csv"
    write_label_errors(judgements, right, path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["photo"] for row in rows} == {f"images/{row}.jpg" for row in WRONG_ROWS}
    first = rows[0]
    assert first["group"] == "colour"
    assert first["given"] == "Colour 2"
    assert float(first["score"]) > float(first["given_score"])
