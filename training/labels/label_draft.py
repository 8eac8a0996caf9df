"""A label space while it is worked on."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from hangtag.errors import LabelSpaceInvalid
from hangtag.faults import first_fault
from hangtag.label_space import Group, Label, LabelId, LabelSpace


@dataclass
class LabelDraft:
    """Labels by their ID, and what became of each label of `before`: None if it was dropped.

    IDs are compared as text, as everywhere.
    """

    before: LabelSpace
    labels: dict[str, Label]
    new_ids: dict[str, LabelId | None]

    @classmethod
    def of(cls, label_space: LabelSpace) -> LabelDraft:
        """Return a draft in which nothing has changed yet."""
        labels = {str(label.id): label for label in label_space.labels}
        return cls(label_space, labels, {key: label.id for key, label in labels.items()})

    def label(self, label_id: LabelId) -> Label:
        """Return a label; LabelSpaceInvalid if there is none of that ID."""
        if (label := self.labels.get(str(label_id))) is None:
            raise LabelSpaceInvalid(
                f"There is no label {label_id!r} to change; look its ID up in labels.json."
            )
        return label

    def change(self, label: Label, **values: LabelId | None) -> None:
        """Give a label other values, but for its ID."""
        self.labels[str(label.id)] = label.model_copy(update=values)

    def change_id(self, label: Label, new_id: LabelId) -> None:
        """Give a label another ID, at its old place."""
        if str(new_id) != str(label.id) and str(new_id) in self.labels:
            raise LabelSpaceInvalid(
                f"{label.id!r} cannot become {new_id!r}, which exists; merge the two instead."
            )
        renamed = label.model_copy(update={"id": new_id})
        self.labels = {
            str(each.id): each
            for each in (renamed if old is label else old for old in self.labels.values())
        }
        self._redirect(label, new_id, new_id)

    def remove(self, label: Label, heir: Label | None) -> None:
        """Take a label out; `heir` takes its place, above what was below it too.

        Without an heir that goes to the label's parent.
        """
        if heir is not None and str(heir.parent) == str(label.id):
            self.change(heir, parent=label.parent)
        del self.labels[str(label.id)]
        self._redirect(label, heir.id if heir else None, heir.id if heir else label.parent)

    def _redirect(self, label: Label, new_id: LabelId | None, parent: LabelId | None) -> None:
        for old, new in self.new_ids.items():
            if new is not None and str(new) == str(label.id):
                self.new_ids[old] = new_id
        for other in list(self.labels.values()):
            if other.parent is not None and str(other.parent) == str(label.id):
                self.change(other, parent=parent)

    def finish(self, version: str) -> LabelSpace:
        """Return the label space of the draft, without the groups that have become empty.

        Raises
        ------
        LabelSpaceInvalid : if it contradicts itself or no label is left.
        """
        try:
            return LabelSpace(
                version=version, groups=self._groups(), labels=tuple(self.labels.values())
            )
        except ValidationError as error:
            raise LabelSpaceInvalid(
                f"After these operations {first_fault(error, LabelSpace).at('the label space')}."
            ) from error

    def _groups(self) -> tuple[Group, ...]:
        needed = {label.group for label in self.labels.values()}
        for group in reversed(self.before.groups_parents_first):
            if group.name in needed and group.parent is not None:
                needed.add(group.parent)
        return tuple(group for group in self.before.groups if group.name in needed)
