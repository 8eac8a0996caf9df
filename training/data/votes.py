"""Answers of several workers as arrays, and what they leave open.

P photos, W workers, N answers, M times yes, L labels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hangtag.arrays import BoolArray, DoubleArray, Indices
from hangtag.label_space import LabelId, LabelSpace
from training.data.dataset import groups_of


@dataclass(frozen=True)
class Answer:
    """What one worker said of one photo: these labels and, of the label space, no others."""

    photo: str
    worker: str
    labels: frozenset[LabelId]


@dataclass(frozen=True)
class Votes:
    """What workers answered of photos.

    Answer n is on photo `photo[n]` by worker `worker[n]`; yes m is of answer `answer[m]` to label
    `label[m]`. Whatever else a worker was asked is a no.
    """

    photos: tuple[str, ...]
    workers: tuple[str, ...]
    label_count: int
    photo: Indices
    worker: Indices
    answer: Indices
    label: Indices

    def per_photo(self, of_each_answer: DoubleArray) -> DoubleArray:
        """Return the sums (P, 1) of what each answer (N,) adds to its photo."""
        return _sums(self.photo, of_each_answer, len(self.photos))[:, None]

    def per_worker(self, of_each_answer: DoubleArray) -> DoubleArray:
        """Return the sums (W,) of what each answer (N,) adds to its worker."""
        return _sums(self.worker, of_each_answer, len(self.workers))

    def per_worker_of_yes(self, of_each_yes: DoubleArray) -> DoubleArray:
        """Return the sums (W,) of what each yes (M,) adds to its worker."""
        return _sums(self.worker[self.answer], of_each_yes, len(self.workers))

    def per_label(self, of_each_yes: DoubleArray) -> DoubleArray:
        """Return the sums (P, L) of what each yes (M,) adds to its label of its photo."""
        place = self.photo[self.answer] * self.label_count + self.label
        size = len(self.photos) * self.label_count
        return _sums(place, of_each_yes, size).reshape(-1, self.label_count)

    def shares(self) -> DoubleArray:
        """Return the share of yes (P, L)."""
        yes = self.per_label(np.ones(len(self.label)))
        share: DoubleArray = yes / self.per_photo(np.ones(len(self.photo)))
        return share


def count_votes(answers: Sequence[Answer], label_space: LabelSpace) -> Votes:
    """Return the answers as arrays, photos in the order of their first answers.

    Raises
    ------
    KeyError : if a label is not in the label space.
    """
    photos = tuple(dict.fromkeys(answer.photo for answer in answers))
    workers = tuple(sorted({answer.worker for answer in answers}))
    photo_index = {photo: index for index, photo in enumerate(photos)}
    worker_index = {worker: index for index, worker in enumerate(workers)}
    yes = [
        (number, label_space.index_of(label_id))
        for number, answer in enumerate(answers)
        for label_id in answer.labels
    ]
    return Votes(
        photos=photos,
        workers=workers,
        label_count=len(label_space),
        photo=np.array([photo_index[answer.photo] for answer in answers], np.int64),
        worker=np.array([worker_index[answer.worker] for answer in answers], np.int64),
        answer=np.array([number for number, _ in yes], np.int64),
        label=np.array([label for _, label in yes], np.int64),
    )


@dataclass(frozen=True)
class Undecided:
    """Labels and exclusive groups of one photo on which its workers disagree too much to know."""

    labels: frozenset[LabelId]
    groups: frozenset[str]


def undecided(
    believed: DoubleArray, said: BoolArray, held: Iterable[LabelId], label_space: LabelSpace
) -> Undecided:
    """Return what the answers to one photo leave open.

    A label that is as likely to hold as not is unknown. So is an exclusive group of which labels
    were given and none holds.

    Parameters
    ----------
    believed : float64 (L,), how likely each label is to hold
    said : bool (L,), whether anyone gave it
    held : the labels that are taken to hold
    """
    tied = frozenset(label_space.labels[i].id for i in np.flatnonzero(np.isclose(believed, 0.5)))
    given = (label_space.labels[i].id for i in np.flatnonzero(said))
    disputed = groups_of(given, label_space) - groups_of(held, label_space)
    return Undecided(tied, frozenset(n for n in disputed if label_space.group(n).exclusive))


def unasked_groups(given: Iterable[LabelId], label_space: LabelSpace) -> frozenset[str]:
    """Return the groups of none of the labels that were given to any photo.

    Nobody was asked for them, which is not the same as that they do not hold.
    """
    names = frozenset(group.name for group in label_space.groups)
    return names - groups_of(given, label_space)


def _sums(index: Indices, values: DoubleArray, size: int) -> DoubleArray:
    return np.bincount(index, values, size).astype(np.float64)
