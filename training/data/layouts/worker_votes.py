"""Several workers' answers to one photo -> what more than half of them agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hangtag.label_space import LabelSpace
from training.data.catalogue import with_ancestors
from training.data.layouts.manifest_lines import WorkerAnswer


@dataclass(frozen=True)
class Agreement:
    """Label IDs that hold, and what the workers disagree on too much to know."""

    label_ids: tuple[str, ...]
    unknown_labels: frozenset[str]
    unknown_groups: frozenset[str]


def count_votes(
    answers: Iterable[WorkerAnswer], label_space: LabelSpace, ids_by_name: dict[str, str]
) -> Counter[str]:
    """Return how many workers gave each label; who gives a label gives its ancestors too."""
    votes: Counter[str] = Counter()
    for answer in answers:
        given = {
            label if label in label_space else ids_by_name.get(label, label)
            for label in answer.labels
        }
        known = {label for label in given if label in label_space}
        votes.update({*map(str, with_ancestors(known, label_space)), *given})
    return votes


def majority(votes: Counter[str], worker_count: int, label_space: LabelSpace) -> Agreement:
    """Return what more than half of the workers agree on.

    A label that exactly half gave is unknown. So is an exclusive group of which labels were
    given and none by more than half. IDs that are not in the label space are kept, whoever gave
    them: they are mistakes to be reported.
    """
    strange = {label for label in votes if label not in label_space}
    holding = {label for label, count in votes.items() if 2 * count > worker_count}
    tied = {label for label, count in votes.items() if 2 * count == worker_count}
    disputed = groups_of(votes, label_space) - groups_of(holding, label_space)
    return Agreement(
        label_ids=tuple(sorted(holding | strange)),
        unknown_labels=frozenset(tied - strange),
        unknown_groups=frozenset(name for name in disputed if label_space.group(name).exclusive),
    )


def groups_of(label_ids: Iterable[str], label_space: LabelSpace) -> set[str]:
    """Return the groups of those of the labels that are in the label space."""
    known = (label_id for label_id in label_ids if label_id in label_space)
    return {label_space.labels[label_space.index_of(label_id)].group for label_id in known}
