"""The counts under the picture of confusions."""

import numpy as np

from hangtag.label_space import Group
from training.evaluate.group_answers import GroupAnswers
from training.evaluate.plots.confusion import confusion_counts

LABELS = 40


def answers(true: list[int], said: list[int]) -> GroupAnswers:
    one_hot = np.eye(LABELS, dtype=np.float32)
    return GroupAnswers(
        group=Group(name="g", title="G", exclusive=True),
        rows=np.arange(len(true)),
        columns=np.arange(LABELS),
        scores=one_hot[said],
        true=one_hot[true] == 1,
        tags=one_hot[said] == 1,
        accept_thresholds=np.ones(LABELS, np.float32),
    )


def test_the_largest_labels_come_first_and_the_rest_is_one_row() -> None:
    true = [*range(LABELS), *range(5, LABELS), 39]
    said = [*range(LABELS), *([39] * 35), 39]
    counts, kept = confusion_counts(answers(true, said))
    assert counts.shape == (31, 31)
    assert counts.sum() == len(true)
    assert kept[0] == 39
    assert counts[0].tolist() == [3, *([0] * 30)]
    assert counts[-1].sum() == 5 + 2 * 5  # labels 0 to 4 once, and five more labels twice


def test_labels_that_occur_in_no_photo_have_no_row() -> None:
    counts, kept = confusion_counts(answers([0, 1, 1], [0, 1, 0]))
    assert kept.tolist() == [1, 0]
    assert counts.tolist() == [[1, 1], [0, 1]]
