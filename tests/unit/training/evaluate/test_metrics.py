"""Figures of four photos and five labels, counted by hand.

Colour is exclusive: 1, 2, 3. Details are not: "a", "b". Every threshold is 0.5.

    photo   scores                 tags    true       unknown
    0       .9 .2 .1   .8 .6       1 a b   1 a
    1       .6 .7 .1   .3 .2       2       1
    2       .1 .6 .2   .9 .7       2 a b   2 a        b
    3       .2 .3 .4   .7 .1       a       a          1 2 3
"""

import math
from typing import Any

import numpy as np
import pytest

from hangtag.label_space import LabelSpace, parse_label_space
from training.evaluate.metrics import evaluate

NAN = math.nan
SCORES = np.array(
    [
        [0.9, 0.2, 0.1, 0.8, 0.6],
        [0.6, 0.7, 0.1, 0.3, 0.2],
        [0.1, 0.6, 0.2, 0.9, 0.7],
        [0.2, 0.3, 0.4, 0.7, 0.1],
    ],
    np.float32,
)
TARGETS = np.array(
    [[1, 0, 0, 1, 0], [1, 0, 0, 0, 0], [0, 1, 0, 1, NAN], [NAN, NAN, NAN, 1, 0]], np.float32
)
THRESHOLDS = np.full(5, 0.5, np.float32)


def label_space() -> LabelSpace:
    return parse_label_space(
        {
            "version": "1",
            "groups": [
                {"name": "colour", "title": "Colour", "exclusive": True},
                {"name": "details", "title": "Details"},
            ],
            "labels": [
                {"id": label, "name": str(label), "group": group}
                for label, group in (
                    (1, "colour"), (2, "colour"), (3, "colour"), ("a", "details"), ("b", "details")
                )
            ],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    return evaluate(SCORES, TARGETS, THRESHOLDS, label_space())


def test_micro_f1_counts_all_known_labels(metrics: dict[str, Any]) -> None:
    # 5 hits (1 a, 2 a, a); wrong are b of photo 0 and 2 of photo 1; missed is 1 of photo 1.
    assert metrics["micro_f1"] == pytest.approx(2 * 5 / (7 + 6))


def test_f1_of_each_label(metrics: dict[str, Any]) -> None:
    f1 = {name: figures["f1"] for name, figures in metrics["labels"].items()}
    assert f1 == {"1": pytest.approx(2 / 3), "2": pytest.approx(2 / 3), "a": 1.0}


def test_precision_and_recall_of_each_label(metrics: dict[str, Any]) -> None:
    # 1 is said of photo 0 and true of 0 and 1; 2 is said of photos 1 and 2 and true of 2.
    pairs = {name: (each["precision"], each["recall"]) for name, each in metrics["labels"].items()}
    assert pairs == {"1": (1.0, 0.5), "2": (0.5, 1.0), "a": (1.0, 1.0)}


def test_the_best_three_leave_out_the_fourth() -> None:
    space = parse_label_space(
        {
            "version": "1",
            "groups": [{"name": "size", "title": "Size", "exclusive": True}],
            "labels": [{"id": size, "name": str(size), "group": "size"} for size in range(4)],
        }
    )
    scores = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]], np.float32)
    targets = np.array([[0, 0, 1, 0], [1, 0, 0, 0]], np.float32)
    metrics = evaluate(scores, targets, np.zeros(4, np.float32), space)
    assert metrics["groups"]["size"]["top3"] == 0.5
    assert metrics["groups"]["size"]["accuracy"] == 0.0


def test_macro_f1_is_over_labels_that_occur(metrics: dict[str, Any]) -> None:
    assert metrics["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_labels_that_do_not_occur_are_left_out(metrics: dict[str, Any]) -> None:
    assert list(metrics["labels"]) == ["1", "2", "a"]
    assert [figures["photos"] for figures in metrics["labels"].values()] == [2, 1, 3]


def test_samples_f1_is_the_mean_over_photos(metrics: dict[str, Any]) -> None:
    # Photo 0: 2 of 3 tags right; photo 1 nothing; photos 2 and 3 all.
    assert metrics["samples_f1"] == pytest.approx((4 / 5 + 0 + 1 + 1) / 4)


def test_mean_average_precision(metrics: dict[str, Any]) -> None:
    precision = {name: each["average_precision"] for name, each in metrics["labels"].items()}
    # Ranked by score, label 1 is right, right, wrong; label 2 wrong, right, wrong.
    assert precision == {"1": 1.0, "2": 0.5, "a": 1.0}
    assert metrics["map"] == pytest.approx(2.5 / 3)


def test_accuracy_of_a_group_is_over_photos_that_have_a_label_of_it(
    metrics: dict[str, Any],
) -> None:
    (name, figures), = metrics["groups"].items()  # fmt: skip
    assert name == "colour"
    assert figures == {"accuracy": 2 / 3, "top3": 1.0, "majority": 2 / 3, "photos": 3}


def test_a_group_that_nobody_labelled_has_no_accuracy() -> None:
    targets = TARGETS.copy()
    targets[:, :3] = NAN
    metrics = evaluate(SCORES, targets, THRESHOLDS, label_space())
    nothing = {"accuracy": None, "top3": None, "majority": None, "photos": 0}
    assert metrics["groups"]["colour"] == nothing


def test_all_photos_are_counted(metrics: dict[str, Any]) -> None:
    assert metrics["photos"] == 4


def test_a_label_space_of_one_label_has_figures_too() -> None:
    space = parse_label_space({"7": "Shoe"})
    scores = np.array([[0.9], [0.8], [0.2], [0.1]], np.float32)
    targets = np.array([[1], [0], [1], [0]], np.float32)
    metrics = evaluate(scores, targets, np.array([0.5], np.float32), space)
    assert metrics["micro_f1"] == metrics["macro_f1"] == 0.5
    assert metrics["samples_f1"] == 0.25


def test_nothing_true_and_nothing_said_is_a_zero_not_an_error() -> None:
    metrics = evaluate(SCORES * 0, TARGETS * 0, THRESHOLDS, label_space())
    assert metrics["micro_f1"] == metrics["macro_f1"] == metrics["map"] == 0.0
    assert metrics["labels"] == {}


def test_figures_are_plain_numbers_of_json(metrics: dict[str, Any]) -> None:
    for figures in (*metrics["labels"].values(), *metrics["groups"].values()):
        assert {type(value) for value in figures.values()} <= {float, int}
