"""Several workers' answers to one photo -> its labels, with each worker's quality.

Every label is a question of its own that a worker answers with yes or no. `majority` counts
heads; `dawid_skene` also learns how far each worker's yes and no can be trusted:
A. P. Dawid and A. M. Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm, Applied Statistics 28 (1979), https://doi.org/10.2307/2346806.
(crowd-kit has it too, but brings transformers and nltk with it.)
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track

from hangtag.arrays import BoolArray, DoubleArray
from hangtag.label_space import Label, LabelId, LabelSpace
from training.data.dataset import groups_of, with_ancestors
from training.data.votes import Answer, Votes, count_votes, unasked_groups, undecided

_MAX_ROUNDS = 100
_SETTLED = 1e-5
# Photos times labels: fewer are done within two seconds.
_SHOWN_FROM = 1_000_000
# Pseudo-answers of a fair worker, so that few answers prove neither perfection nor malice.
_PRIOR_RIGHT, _PRIOR_WRONG = 4.0, 1.0


@dataclass(frozen=True)
class WorkerQuality:
    """How good a worker is.

    `sensitivity` is how often a label that holds is said to hold, `specificity` how often one that
    does not hold is left out.
    """

    worker: str
    answers: int
    sensitivity: float
    specificity: float

    @property
    def informedness(self) -> float:
        """0 for one who guesses, 1 for one who is always right, below 0 for one who misleads."""
        return self.sensitivity + self.specificity - 1


@dataclass(frozen=True)
class Consensus:
    """What is believed of P photos, in their order.

    `probabilities` float64 (P, L): how sure it is that a label holds; `said` bool (P, L): whether
    anyone gave it.
    """

    photos: tuple[str, ...]
    probabilities: DoubleArray
    said: BoolArray
    workers: tuple[WorkerQuality, ...]

    def labels_of(self, photo: int, label_space: LabelSpace) -> list[LabelId]:
        """Return the labels that are more likely than not.

        Where two exclude each other, they or their parents, the likelier one stays.
        """
        row = self.probabilities[photo]
        likely = [int(index) for index in np.argsort(-row, kind="stable") if row[index] > 0.5]
        held: list[LabelId] = []
        exclusive: dict[str, LabelId] = {}
        for label in (label_space.labels[index] for index in likely):
            claims = _exclusive_claims(label, label_space)
            if all(exclusive.get(group, claimed) == claimed for group, claimed in claims.items()):
                exclusive |= claims
                held.append(label.id)
        return sorted(held, key=label_space.index_of)

    def unknown_groups(self, label_space: LabelSpace) -> list[list[str]]:
        """Return, for each photo, the groups of which more may hold than `labels_of` says.

        Those with a tie, exclusive ones of which labels were given and none holds, and those of
        which nobody gave a label to any photo.
        """
        given = np.flatnonzero(self.said.any(axis=0))
        unasked = unasked_groups((label_space.labels[index].id for index in given), label_space)
        return [
            self._unknown_groups_of(photo, unasked, label_space)
            for photo in range(len(self.photos))
        ]

    def _unknown_groups_of(
        self, photo: int, unasked: frozenset[str], label_space: LabelSpace
    ) -> list[str]:
        held = self.labels_of(photo, label_space)
        unknown = undecided(self.probabilities[photo], self.said[photo], held, label_space)
        names = unasked | unknown.groups | groups_of(unknown.labels, label_space)
        decided = {n for n in groups_of(held, label_space) if label_space.group(n).exclusive}
        return [group.name for group in label_space.groups if group.name in names - decided]


def majority(answers: Sequence[Answer], label_space: LabelSpace) -> Consensus:
    """Return the share of yes for each label; a worker's quality is measured against that.

    Raises
    ------
    KeyError : if an answer has a label that the label space does not have.
    """
    votes = count_votes(answers, label_space)
    shares = votes.shares()
    agreed = (shares > 0.5).astype(np.float64)
    return _consensus(votes, shares, agreed)


def dawid_skene(answers: Sequence[Answer], label_space: LabelSpace) -> Consensus:
    """Return the posterior of each label under the model of Dawid and Skene, by EM.

    A worker has one sensitivity and one specificity for all labels: real workers give too few
    answers to each label to estimate more.

    Raises
    ------
    KeyError : if an answer has a label that the label space does not have.
    """
    votes = count_votes(answers, label_space)
    believed = votes.shares()
    for _ in track(
        range(_MAX_ROUNDS),
        "Weighing the workers",
        console=Console(stderr=True),
        transient=True,
        disable=believed.size < _SHOWN_FROM,
    ):
        before, believed = believed, _posterior(votes, believed, *_trust(votes, believed))
        if np.abs(believed - before).max() < _SETTLED:
            break
    return _consensus(votes, believed, believed)


def _consensus(votes: Votes, probabilities: DoubleArray, truth: DoubleArray) -> Consensus:
    """Return the consensus, with the workers measured against `truth` (P, L)."""
    qualities = _qualities(votes, *_trust(votes, truth))
    return Consensus(votes.photos, probabilities, votes.shares() > 0, qualities)


def _exclusive_claims(label: Label, label_space: LabelSpace) -> dict[str, LabelId]:
    """Return, by exclusive group, the label that this one is or implies."""
    line = with_ancestors([str(label.id)], label_space)
    labels = (label_space.labels[label_space.index_of(label_id)] for label_id in line)
    return {each.group: each.id for each in labels if label_space.group(each.group).exclusive}


def _trust(votes: Votes, believed: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Return each worker's sensitivity and specificity (W,), if `believed` (P, L) is the truth."""
    holds = votes.per_worker(believed.sum(axis=1)[votes.photo])
    asked = votes.per_worker(np.full(len(votes.photo), float(votes.label_count)))
    said = votes.per_worker_of_yes(np.ones(len(votes.label)))
    said_and_holds = votes.per_worker_of_yes(believed[votes.photo[votes.answer], votes.label])
    rightly_left_out = asked - holds - said + said_and_holds
    prior = _PRIOR_RIGHT + _PRIOR_WRONG
    return (
        (said_and_holds + _PRIOR_RIGHT) / (holds + prior),
        (rightly_left_out + _PRIOR_RIGHT) / (asked - holds + prior),
    )


def _posterior(
    votes: Votes, believed: DoubleArray, sensitivity: DoubleArray, specificity: DoubleArray
) -> DoubleArray:
    """Return P(label holds | answers) (P, L), with each label's share as its prior."""
    # One photo more with and without each label: a label is never impossible or certain.
    share = (believed.sum(axis=0) + 1) / (len(votes.photos) + 2)
    of_yes = np.log(sensitivity / (1 - specificity))
    of_no = np.log((1 - sensitivity) / specificity)
    log_odds = (
        np.log(share / (1 - share))
        + votes.per_photo(of_no[votes.worker])
        + votes.per_label((of_yes - of_no)[votes.worker[votes.answer]])
    )
    # Beyond ±500 exp overflows, and the probability has long been 0 or 1.
    posterior: DoubleArray = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    return posterior


def _qualities(
    votes: Votes, sensitivity: DoubleArray, specificity: DoubleArray
) -> tuple[WorkerQuality, ...]:
    counts = Counter(votes.worker.tolist())
    return tuple(
        WorkerQuality(worker, counts[index], float(sensitivity[index]), float(specificity[index]))
        for index, worker in enumerate(votes.workers)
    )
