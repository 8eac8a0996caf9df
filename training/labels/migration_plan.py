"""The operations that the command line asks for."""

from collections.abc import Sequence
from pathlib import Path

from hangtag.label_space import LabelId, LabelSpace
from training.labels.migrated_dataset import count_labels
from training.labels.migration import operate
from training.labels.operations import Drop, Merge, Operation, Rename, Reparent

Pairs = Sequence[tuple[str, str]]


def operations_of(
    merge: Pairs, reparent: Pairs, rename: Pairs, new_id: Pairs, drop: Sequence[str]
) -> list[Operation]:
    """Return the operations in an order in which all can name labels by their old IDs."""
    merged: dict[str, list[LabelId]] = {}
    for label, into in merge:
        merged.setdefault(into, []).append(_label_id(label))
    return [
        *(Merge(labels=tuple(labels), into=_label_id(into)) for into, labels in merged.items()),
        *(
            Reparent(labels=(_label_id(label),), parent=_label_id(parent) if parent else None)
            for label, parent in reparent
        ),
        *(Rename(label=_label_id(label), new_name=name) for label, name in rename),
        *([Drop(labels=tuple(map(_label_id, drop)))] if drop else []),
        *(Rename(label=_label_id(label), new_id=_label_id(new)) for label, new in new_id),
    ]


def rare_labels(
    label_space: LabelSpace, operations: Sequence[Operation], data: Path, least_count: int
) -> list[Operation]:
    """Return the operation, if any, that drops what fewer photos than `least_count` have.

    They are counted as the other operations leave them: merged labels together.
    """
    migrated = operate(label_space, label_space.version, operations)
    counts = count_labels(data, migrated)
    rare = tuple(label.id for label in migrated.after.labels if counts[label.id] < least_count)
    return [Drop(labels=rare)] if rare else []


def _label_id(text: str) -> LabelId:
    return int(text) if text.isdecimal() and str(int(text)) == text else text
