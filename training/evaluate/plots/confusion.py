"""Which labels of an exclusive group are taken for which."""

import numpy as np
import numpy.typing as npt

from training.evaluate.evaluated import Evaluated
from training.evaluate.group_answers import GroupAnswers, group_answers
from training.evaluate.plots.canvas import new_figure, to_png
from training.evaluate.plots.names import drawable

_LARGEST = 30
_OTHERS = "all others"
_CELL_IN = 0.27
_DARK = 0.5


def plot_confusion(evaluated: Evaluated, group: str) -> str | None:
    """The shares of each true label (rows) that got each best label; None if no photo has one.

    The labels are the group's largest among the test photos, the rest is one row and column.
    """
    answers = group_answers(evaluated, group)
    if not answers.labelled.any():
        return None
    names = [drawable(evaluated.label_space.labels[i].name) for i in answers.columns]
    counts, kept = confusion_counts(answers)
    titles = [names[i] for i in kept] + [_OTHERS] * (len(counts) - len(kept))
    return _draw(counts, titles)


def confusion_counts(answers: GroupAnswers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the matrix (true, best), and which labels its first rows are."""
    true = answers.true[answers.labelled].argmax(axis=1)
    best = answers.scores[answers.labelled].argmax(axis=1)
    photos = np.bincount(true, minlength=len(answers.columns))
    kept = np.argsort(-photos, kind="stable")[:_LARGEST]
    kept = kept[photos[kept] > 0]
    place = np.full(len(photos), len(kept))
    place[kept] = np.arange(len(kept))
    rest = bool((place[true] == len(kept)).any() or (place[best] == len(kept)).any())
    counts = np.zeros((len(kept) + rest, len(kept) + rest), np.int64)
    np.add.at(counts, (place[true], place[best]), 1)
    return counts, kept


def _draw(counts: npt.NDArray[np.int64], titles: list[str]) -> str:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side_in = max(3.0, _CELL_IN * len(titles)) + 1.8
    figure = new_figure(side_in + 0.4, side_in)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    photos = counts.sum(axis=1)
    axes.set_xticks(range(len(titles)), titles, rotation=90, fontsize=7)
    axes.set_yticks(
        range(len(titles)),
        [f"{title} ({count})" for title, count in zip(titles, photos, strict=True)],
        fontsize=7,
    )
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[row, column] > _DARK else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=6,
                  color=colour)  # fmt: skip
    axes.set(xlabel="best label", ylabel="true label (photos)")
    return to_png(figure)
