"""What holds of every split, and the label matrix that it balances."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from hangtag.errors import DataInvalid, SettingsInvalid
from hangtag.label_space import parse_label_space
from training.data import ProductPhoto, Splits, label_matrix, split_dataset

N, L = 1200, 12


@pytest.fixture
def groups() -> np.ndarray:
    """Photos in groups of one to six."""
    rng = np.random.default_rng(1)
    return np.repeat(np.arange(N), rng.integers(1, 7, N))[:N]


@pytest.fixture
def labels(groups: np.ndarray) -> np.ndarray:
    """A long tail: the last labels have a handful of groups; some entries are unknown."""
    rng = np.random.default_rng(2)
    of_group = rng.random((groups.max() + 1, L)) < np.geomspace(0.5, 0.01, L)
    matrix: np.ndarray = of_group[groups].astype(np.float32)
    matrix[rng.random((N, L)) < 0.02] = np.nan
    return matrix


def parts(splits: Splits) -> list[np.ndarray]:
    return [splits.train, splits.validation, splits.calibration, splits.test]


def test_every_photo_is_in_exactly_one_split(groups: np.ndarray, labels: np.ndarray) -> None:
    splits = split_dataset(groups, labels, [None] * N)
    assert sorted(np.concatenate(parts(splits)).tolist()) == list(range(N))
    assert len(splits.left_out) == 0


def test_no_group_crosses(groups: np.ndarray, labels: np.ndarray) -> None:
    sets = [set(groups[part]) for part in parts(split_dataset(groups, labels, [None] * N))]
    assert all(one.isdisjoint(other) for one, other in combinations(sets, 2))


@pytest.mark.parametrize("fractions", [(0.70, 0.07, 0.08, 0.15), (0.4, 0.2, 0.2, 0.2)])
def test_fractions_hold_for_photos_and_for_labels(
    groups: np.ndarray, labels: np.ndarray, fractions: tuple[float, float, float, float]
) -> None:
    positive = np.nan_to_num(labels)
    splits = split_dataset(groups, labels, [None] * N, fractions)
    for part, fraction in zip(parts(splits), fractions, strict=True):
        assert len(part) / N == pytest.approx(fraction, abs=0.02)
        shares = positive[part].sum(axis=0) / positive.sum(axis=0)
        frequent = positive.sum(axis=0) >= 100
        np.testing.assert_allclose(shares[frequent], fraction, atol=0.03)


def test_the_seed_decides_and_nothing_else(groups: np.ndarray, labels: np.ndarray) -> None:
    first, again, other = (
        split_dataset(groups, labels, [None] * N, seed=seed).test.tolist() for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", range(8))
def test_labels_of_three_groups_occur_in_train(seed: int) -> None:
    groups = np.arange(30)
    labels = np.zeros((30, 10), np.float32)
    rng = np.random.default_rng(seed)
    for label in range(10):
        labels[rng.choice(30, 3, replace=False), label] = 1
    splits = split_dataset(groups, labels, [None] * 30, seed=seed)
    assert labels[splits.train].any(axis=0).all()


@pytest.mark.parametrize(("products", "labels"), [(10, 3), (15, 3), (30, 10), (60, 40)])
@pytest.mark.parametrize("seed", range(6))
def test_a_small_catalogue_splits_too(products: int, labels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.eye(labels, dtype=np.float32)[rng.integers(labels, size=products)]
    splits = split_dataset(np.arange(products), matrix, [None] * products, seed=seed)
    assert all(len(part) for part in parts(splits))
    assert len(splits.train) >= products / 2


def test_a_given_split_is_kept_and_the_rest_dealt_out(
    groups: np.ndarray, labels: np.ndarray
) -> None:
    given = ["test" if group < 60 else None for group in groups]
    splits = split_dataset(groups, labels, given)
    assert set(np.flatnonzero(groups < 60)) <= set(splits.test)
    assert len(splits.test) / N == pytest.approx(max(0.15, (groups < 60).mean()), abs=0.02)
    assert len(splits.left_out) == 0


def test_a_complete_given_split_is_kept(groups: np.ndarray, labels: np.ndarray) -> None:
    names = ["train", "calibration", "validation", "test"]
    given = [names[group % 4] for group in groups]
    splits = split_dataset(groups, labels, given)
    assert splits.train.tolist() == np.flatnonzero(groups % 4 == 0).tolist()
    assert splits.calibration.tolist() == np.flatnonzero(groups % 4 == 1).tolist()
    assert splits.validation.tolist() == np.flatnonzero(groups % 4 == 2).tolist()
    assert splits.test.tolist() == np.flatnonzero(groups % 4 == 3).tolist()


def test_a_split_that_nobody_was_given_comes_from_train(
    groups: np.ndarray, labels: np.ndarray
) -> None:
    given = ["test" if group % 5 == 0 else "train" for group in groups]
    splits = split_dataset(groups, labels, given)
    assert splits.test.tolist() == np.flatnonzero(groups % 5 == 0).tolist()
    assert len(splits.validation) / N == pytest.approx(0.07, abs=0.03)
    assert len(splits.calibration) / N == pytest.approx(0.08, abs=0.03)


def test_twins_of_given_test_photos_are_left_out_of_train() -> None:
    groups = np.array([*range(12), 11, 11, 10])
    given = [
        *["train"] * 7, "calibration", *["validation"] * 3, "test", "train", None, "train"
    ]  # fmt: skip
    splits = split_dataset(groups, np.ones((15, 1), np.float32), given)
    assert splits.test.tolist() == [11, 13]
    assert splits.validation.tolist() == [8, 9, 10]
    assert splits.left_out.tolist() == [12, 14]


def test_too_few_groups() -> None:
    with pytest.raises(DataInvalid, match="9 different products, too few to split"):
        split_dataset(np.arange(100) % 9, np.ones((100, 1), np.float32), [None] * 100)


def test_no_photos() -> None:
    with pytest.raises(DataInvalid, match="0 different products"):
        split_dataset(np.zeros(0, np.int64), np.zeros((0, 1), np.float32), [])


def test_a_split_column_that_leaves_nothing_to_train_on() -> None:
    with pytest.raises(DataInvalid, match="No photo is left for train"):
        split_dataset(np.arange(20), np.ones((20, 1), np.float32), ["test"] * 20)


def test_an_unknown_split() -> None:
    with pytest.raises(
        DataInvalid, match="'holdout' is none of train, validation, calibration, test"
    ):
        split_dataset(np.arange(20), np.ones((20, 1), np.float32), ["holdout"] * 20)


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.1, 0.1), (0.9, 0.1, 0.0, 0.0)])
def test_fractions_that_make_no_split(fractions: tuple[float, float, float, float]) -> None:
    with pytest.raises(SettingsInvalid, match="add up to 1"):
        split_dataset(np.arange(20), np.ones((20, 1), np.float32), [None] * 20, fractions)


def test_label_matrix_has_nan_where_a_group_is_unknown() -> None:
    space = parse_label_space(
        {
            "version": "1",
            "groups": [{"name": "colour", "title": "Colour"}, {"name": "kind", "title": "Kind"}],
            "labels": [
                {"id": 1, "name": "Red", "group": "colour"},
                {"id": 2, "name": "Blue", "group": "colour"},
                {"id": 3, "name": "Shirt", "group": "kind"},
            ],
        }
    )
    photos = [
        ProductPhoto(Path("a"), "a", "", "", frozenset({2, 3}), frozenset(), None),
        ProductPhoto(Path("b"), "b", "", "", frozenset({3}), frozenset({"colour"}), None),
    ]
    matrix = label_matrix(photos, space)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[0, 1, 1], [np.nan, np.nan, 1]])
