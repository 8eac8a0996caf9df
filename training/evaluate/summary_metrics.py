"""The figures that taggers are compared by, with what they are in each resample."""

import numpy as np

from hangtag.arrays import BoolArray, DoubleArray
from training.evaluate.average_precision import average_precisions
from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import group_answers
from training.evaluate.reliability import resampled_error
from training.evaluate.resampling import Resamples, ratio

ACCURACY = "accuracy."
LOWER_IS_BETTER = ("ece",)


def summary_metrics(evaluated: Evaluated, resamples: Resamples) -> dict[str, DoubleArray]:
    """Return micro-, macro- and samples-F1, mAP, exact match, ECE and each group's accuracy.

    As `training.evaluate.metrics.evaluate` has them. Macro-F1 and mAP are means over the labels
    that occur among the photos that were drawn. Exact match: the photos whose best labels are right
    in all exclusive groups, where they have one, of those of which all these groups are known. ECE:
    the mean of the exclusive groups' calibration errors, see `reliability`.
    """
    right, labelled, _ = _best_labels(evaluated)
    accuracies = {
        f"{ACCURACY}{name}": resamples.mean(right[:, place], labelled[:, place])
        for place, name in enumerate(evaluated.exclusive_groups)
    }
    return {
        "micro_f1": micro_f1(evaluated, resamples),
        "macro_f1": _macro_f1(evaluated, resamples),
        "samples_f1": resamples.mean(_f1_of_photos(evaluated)),
        "map": _mean_average_precision(evaluated, resamples),
        "exact_match": exact_match(evaluated, resamples, np.ones(len(evaluated), np.bool_)),
        "ece": _calibration_error(evaluated, resamples),
        **accuracies,
    }


def micro_f1(
    evaluated: Evaluated, resamples: Resamples, counted: BoolArray | None = None
) -> DoubleArray:
    """Return the micro-F1 over the `counted` photos (N,), or all."""
    tags = evaluated.tags & evaluated.known
    chosen = np.ones(len(evaluated), np.bool_) if counted is None else counted
    hits = (evaluated.true & tags).sum(axis=1) * chosen
    either = (evaluated.true.sum(axis=1) + tags.sum(axis=1)) * chosen
    return ratio(2 * resamples.total(hits), resamples.total(either))


def exact_match(evaluated: Evaluated, resamples: Resamples, counted: BoolArray) -> DoubleArray:
    """Return the share of the `counted` photos (N,) with all exclusive groups right."""
    right, labelled, known = _best_labels(evaluated)
    all_right = np.logical_and.reduce(right | ~labelled, axis=1)
    return resamples.mean(all_right, counted & known)


def _best_labels(evaluated: Evaluated) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Return (N, G): best label right, exactly one label true; (N,): all groups known, one true."""
    shape = (len(evaluated), len(evaluated.exclusive_groups))
    right: BoolArray = np.zeros(shape, np.bool_)
    labelled, known = right.copy(), right.copy()
    for place, name in enumerate(evaluated.exclusive_groups):
        answers = group_answers(evaluated, name)
        right[answers.rows, place] = answers.right
        labelled[answers.rows, place] = answers.labelled
        known[answers.rows, place] = True
    usable: BoolArray = np.logical_and(known.all(axis=1), labelled.any(axis=1))
    return right, labelled, usable


def _macro_f1(evaluated: Evaluated, resamples: Resamples) -> DoubleArray:
    tags = evaluated.tags & evaluated.known
    hits = resamples.total(evaluated.true & tags)
    true, said = resamples.total(evaluated.true), resamples.total(tags)
    return _mean_over_occurring(ratio(2 * hits, true + said), true > 0)


def _f1_of_photos(evaluated: Evaluated) -> DoubleArray:
    tags = evaluated.tags & evaluated.known
    hits = (evaluated.true & tags).sum(axis=1)
    either = evaluated.true.sum(axis=1) + tags.sum(axis=1)
    f1: DoubleArray = 2 * hits / np.maximum(either, 1)
    return f1


def _mean_average_precision(evaluated: Evaluated, resamples: Resamples) -> DoubleArray:
    precisions = np.full((len(evaluated.label_space), resamples.weights.shape[1]), np.nan)
    for label in np.flatnonzero(evaluated.true.any(axis=0)):
        known = evaluated.known[:, label]
        precisions[label] = average_precisions(
            evaluated.scores[known, label],
            evaluated.true[known, label],
            resamples.weights if known.all() else resamples.weights[known],
        )
    return _mean_over_occurring(precisions, ~np.isnan(precisions))


def _calibration_error(evaluated: Evaluated, resamples: Resamples) -> DoubleArray:
    errors = np.full((len(evaluated.exclusive_groups), resamples.weights.shape[1]), np.nan)
    for place, name in enumerate(evaluated.exclusive_groups):
        errors[place] = resampled_error(group_answers(evaluated, name), resamples)
    return _mean_over_occurring(errors, ~np.isnan(errors))


def _mean_over_occurring(values: DoubleArray, occurring: BoolArray) -> DoubleArray:
    """Return the means of values (K, 1 + R) over the labels or groups that occur in each draw."""
    return ratio(np.where(occurring, values, 0).sum(axis=0), occurring.sum(axis=0))
