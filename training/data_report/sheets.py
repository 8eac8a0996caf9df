"""Photos for people to look at, in boxes of those that belong together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hangtag.arrays import Indices
from training.data_report.dataset import ReportedDataset
from training.data_report.label_errors import Judgement, LabelError
from training.data_report.near_duplicates import Conflicts
from training.evaluate.mistakes import GroupLine, ShownPhoto, encode_jpeg

_LARGEST_GROUPS = 6
_PHOTOS_A_GROUP = 6
_CONFLICTS_A_GROUP = 6
_ERRORS_A_GROUP = 12
_SAMPLED_LABELS = 12
_PHOTOS_A_LABEL = 6


@dataclass(frozen=True)
class Box:
    """Photos that belong together, and what they have in common."""

    title: str
    photos: tuple[ShownPhoto, ...]


def look_alike_boxes(dataset: ReportedDataset) -> tuple[Box, ...]:
    """Return the largest groups of photos that are the same picture."""
    sizes = np.bincount(dataset.look_alikes)
    largest = np.argsort(-sizes, kind="stable")[:_LARGEST_GROUPS]
    return tuple(
        _box(
            dataset,
            f"{sizes[number]} photos",
            np.flatnonzero(dataset.look_alikes == number)[:_PHOTOS_A_GROUP],
            dataset.group_names,
        )
        for number in largest
        if sizes[number] > 1
    )


def conflict_boxes(dataset: ReportedDataset, conflicts: Conflicts) -> dict[str, tuple[Box, ...]]:
    """Return some of the twins that disagree, by the group that they disagree in."""
    return {
        name: tuple(
            _box(dataset, "", rows[:_PHOTOS_A_GROUP], [name]) for rows in sets[:_CONFLICTS_A_GROUP]
        )
        for name, sets in conflicts.items()
        if sets
    }


def error_sheets(
    dataset: ReportedDataset, judgements: Mapping[str, Judgement]
) -> dict[str, tuple[ShownPhoto, ...]]:
    """Return the surest probable errors of each group that has any."""
    return {
        name: tuple(_show_error(dataset, error) for error in judgement.errors[:_ERRORS_A_GROUP])
        for name, judgement in judgements.items()
        if judgement.errors
    }


def sample_boxes(dataset: ReportedDataset, group: str, seed: int = 0) -> tuple[Box, ...]:
    """Return random photos of each of a group's most frequent labels."""
    rng = np.random.default_rng(seed)
    columns = dataset.columns_of(group)
    holds = dataset.targets[:, columns] == 1
    frequent = np.argsort(-holds.sum(axis=0), kind="stable")[:_SAMPLED_LABELS]
    boxes = []
    for column in frequent:
        rows = np.flatnonzero(holds[:, column])
        if len(rows):
            drawn = np.sort(rng.permutation(rows)[:_PHOTOS_A_LABEL])
            title = f"{dataset.label_space.labels[columns[column]].name}: {len(rows):,} photos"
            boxes.append(_box(dataset, title, drawn, dataset.group_names))
    return tuple(boxes)


def sampled_group(dataset: ReportedDataset) -> str:
    """Return the group that most photos have a label of; of equals the one of most labels."""

    def size(name: str) -> tuple[int, int]:
        columns = dataset.columns_of(name)
        return int((dataset.targets[:, columns] == 1).any(axis=1).sum()), len(columns)

    return max(dataset.group_names, key=size)


def _box(dataset: ReportedDataset, title: str, rows: Indices, groups: Sequence[str]) -> Box:
    photos = (_show(dataset, row, _label_lines(dataset, row, groups)) for row in rows.tolist())
    return Box(title, tuple(photos))


def _show(dataset: ReportedDataset, row: int, lines: Iterable[GroupLine]) -> ShownPhoto:
    return ShownPhoto(dataset.file_name(row), encode_jpeg(dataset.pixels[row]), tuple(lines))


def _show_error(dataset: ReportedDataset, error: LabelError) -> ShownPhoto:
    said = f"{error.suggested} {error.score:.2f}"
    true = f"{error.given} {error.given_score:.2f}"
    title = dataset.label_space.group(error.group).title
    return _show(dataset, error.row, [GroupLine(title, said, true, right=False)])


def _label_lines(dataset: ReportedDataset, row: int, groups: Sequence[str]) -> list[GroupLine]:
    """Return a line for each group of which something is known."""
    lines = []
    for name in groups:
        targets = dataset.targets[row, dataset.columns_of(name)]
        names = [
            dataset.label_space.labels[index].name
            for index in dataset.columns_of(name)[targets == 1]
        ]
        if names or not np.isnan(targets).any():
            title = dataset.label_space.group(name).title
            lines.append(GroupLine(title, ", ".join(names) or "no label", "", right=None))
    return lines
