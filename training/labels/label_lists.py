"""A product's labels, from one version of the label space to another; nothing goes unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hangtag.errors import DataInvalid
from hangtag.label_space import LabelId
from training.data.dataset import with_ancestors
from training.labels.migration import Migrated


@dataclass
class ConversionReport:
    """How often each old label, as text, was taken over by another, dropped, or left behind.

    A label is left behind where it was given as the parent of one that has another parent now,
    which excludes it.
    """

    replaced: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    left_behind: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.replaced or self.dropped or self.left_behind)

    def add(self, other: ConversionReport) -> None:
        """Add the counts of another report."""
        self.replaced += other.replaced
        self.dropped += other.dropped
        self.left_behind += other.left_behind


def convert_labels(
    label_ids: Sequence[LabelId], migrated: Migrated, report: ConversionReport, where: str
) -> list[LabelId]:
    """Return the labels in the new version, each once, in their order.

    Of a dropped label its nearest ancestor that is left remains: what was known of the product
    stays known.

    Raises
    ------
    DataInvalid : if an ID is not in the old version; `where` says whose it is.
    """
    refuse_unknown(label_ids, migrated, where)
    converted: list[LabelId] = []
    for label_id in label_ids:
        new_id = migrated.new_ids[str(label_id)]
        if new_id is None:
            report.dropped[str(label_id)] += 1
            new_id = _nearest_left(label_id, migrated)
        elif _is_left_behind(label_id, label_ids, migrated):
            report.left_behind[str(label_id)] += 1
            new_id = None
        elif str(new_id) != str(label_id):
            report.replaced[str(label_id), str(new_id)] += 1
        if new_id is not None and new_id not in converted:
            converted.append(new_id)
    return converted


def refuse_unknown(label_ids: Sequence[LabelId], migrated: Migrated, where: str) -> None:
    """Raise DataInvalid if an ID is not in the old version."""
    for label_id in label_ids:
        if label_id not in migrated.before:
            raise DataInvalid(
                f"{where}: the label {label_id!r} is not in the version "
                f"{migrated.before.version!r}; correct it first."
            )


def _nearest_left(label_id: LabelId, migrated: Migrated) -> LabelId | None:
    before = migrated.before
    label = before.parent_of(before.labels[before.index_of(label_id)])
    while label is not None:
        if (new_id := migrated.new_ids[str(label.id)]) is not None:
            return new_id
        label = before.parent_of(label)
    return None


def _is_left_behind(label_id: LabelId, given: Sequence[LabelId], migrated: Migrated) -> bool:
    """Whether the label was an ancestor of others, and is excluded by those they have now."""
    before, after = migrated.before, migrated.after
    label = before.labels[before.index_of(label_id)]
    below = [
        migrated.new_ids[str(other)]
        for other in given
        if str(other) != str(label_id) and label.id in with_ancestors([str(other)], before)
    ]
    implied = with_ancestors([str(new_id) for new_id in below if new_id is not None], after)
    new_id = migrated.new_ids[str(label_id)]
    in_group = {i for i in implied if after.labels[after.index_of(i)].group == label.group}
    return bool(in_group) and new_id not in in_group and after.group(label.group).exclusive
