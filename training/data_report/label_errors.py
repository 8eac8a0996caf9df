"""Labels that are probably wrong, by confident learning: Northcutt et al. 2021, arXiv:1911.00068.

cleanlab compares the labels as they were given with scores of photos that were not learned from.
How many are wrong is estimated from how often another label scores at least as high as it does on
average among the photos that have it. Those are the ones whose scores lie furthest below another's.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.filter import find_label_issues

from hangtag.arrays import FloatArray, Indices
from hangtag.files.whole_file import whole_file
from training.data_report.dataset import ReportedDataset

NONE = "none of them"
# What has been seen less often cannot be told from a mistake.
_LEAST_PHOTOS = 5
_MOST_SWAPS = 5
# Measured on 2,500 product photos, 3% of whose labels were swapped at random: of cleanlab's filters
# that flag as few, the one that finds most of them (72 to 94%, by group).
_FILTER = "low_normalized_margin"


@dataclass(frozen=True)
class LabelError:
    """One photo's label that is probably wrong; the scores are out of fold."""

    row: int
    group: str
    given: str
    suggested: str
    score: float
    given_score: float


@dataclass(frozen=True)
class Judgement:
    """One group's outcome: its probable errors, the surest first.

    `judged` are the labels that were looked at, `agreeing` those of them that scored best.
    """

    judged: int
    agreeing: int
    errors: tuple[LabelError, ...]

    def figures(self) -> dict[str, Any]:
        """Return counts, and the most frequent pairs of given and suggested label (`swaps`)."""
        swaps = Counter((error.given, error.suggested) for error in self.errors)
        return {
            "judged": self.judged,
            "errors": len(self.errors),
            "agreement": self.agreeing / self.judged if self.judged else None,
            "swaps": [
                {"given": given, "suggested": suggested, "photos": count}
                for (given, suggested), count in swaps.most_common(_MOST_SWAPS)
            ],
        }


@dataclass(frozen=True)
class _Question:
    """Which one of C holds: `given` (N,), -1 where unknown, and scores (N, C)."""

    names: Sequence[str]
    given: Indices
    scores: FloatArray


def judge_labels(dataset: ReportedDataset, scores: FloatArray) -> dict[str, Judgement]:
    """Return the probable errors of each group that has labels.

    Of an exclusive group, one question: which label, or none. Of another, one a label: whether it
    holds, which is what cleanlab.multilabel_classification asks, but of all labels at once: here
    some may be unknown.

    Parameters
    ----------
    scores : float32 (N, L), of photos that were not learned from
    """
    return {name: _judge_group(dataset, scores, name) for name in dataset.group_names}


def write_label_errors(
    judgements: Mapping[str, Judgement], dataset: ReportedDataset, path: Path
) -> None:
    """Write a csv file for people to go through: group by group, the surest errors first."""
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "product_id", "group", "given", "suggested", "score",
                         "given_score"])  # fmt: skip
        for judgement in judgements.values():
            writer.writerows(_cells(dataset, error) for error in judgement.errors)


def _cells(dataset: ReportedDataset, error: LabelError) -> list[str]:
    values = asdict(error)
    row = values.pop("row")
    scores = [f"{values.pop(name):.3f}" for name in ("score", "given_score")]
    return [dataset.file_name(row), dataset.photos[row].product_id, *values.values(), *scores]


def _judge_group(dataset: ReportedDataset, scores: FloatArray, group: str) -> Judgement:
    answers = [_answer(question, group) for question in _questions(dataset, scores, group)]
    errors = [error for answer in answers for error in answer.errors]
    return Judgement(
        judged=sum(answer.judged for answer in answers),
        agreeing=sum(answer.agreeing for answer in answers),
        errors=tuple(sorted(errors, key=lambda error: error.given_score - error.score)),
    )


def _questions(dataset: ReportedDataset, scores: FloatArray, group: str) -> Iterator[_Question]:
    columns = dataset.columns_of(group)
    names = [dataset.label_space.labels[index].name for index in columns]
    if dataset.label_space.group(group).exclusive:
        shares = scores[:, columns]
        none = np.clip(1 - shares.sum(axis=1, keepdims=True), 0, 1)
        yield _Question([*names, NONE], dataset.choices(group), np.hstack([shares, none]))
        return
    for index, name in zip(columns, names, strict=True):
        given = np.nan_to_num(dataset.targets[:, index], nan=-1).astype(np.int64)
        holds = scores[:, index]
        yield _Question([f"not {name}", name], given, np.stack([1 - holds, holds], axis=1))


def _answer(question: _Question, group: str) -> Judgement:
    counts = np.bincount(question.given[question.given >= 0], minlength=len(question.names))
    kept = np.flatnonzero(counts >= _LEAST_PHOTOS)
    if len(kept) < 2:
        return Judgement(0, 0, ())
    rows = np.flatnonzero(np.isin(question.given, kept))
    given = np.searchsorted(kept, question.given[rows])
    scores = question.scores[np.ix_(rows, kept)]
    best = scores.argmax(axis=1)
    found = find_label_issues(
        given,
        scores,
        filter_by=_FILTER,
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    errors = [
        LabelError(
            row=int(rows[place]),
            group=group,
            given=question.names[kept[given[place]]],
            suggested=question.names[kept[best[place]]],
            score=float(scores[place, best[place]]),
            given_score=float(scores[place, given[place]]),
        )
        for place in found
        if best[place] != given[place]
    ]
    return Judgement(len(rows), int((best == given).sum()), tuple(errors))
