"""What can be done to a label space, as a migration file writes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hangtag.errors import LabelSpaceInvalid
from hangtag.label_space import LabelId
from training.labels.label_draft import LabelDraft


class _Operation(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True
    )


class Merge(_Operation):
    """These labels become `into`, which stays. All are of one group."""

    op: Literal["merge"] = "merge"
    # `from` is a word of Python.
    labels: tuple[LabelId, ...] = Field(alias="from", min_length=1)
    into: LabelId

    def apply(self, draft: LabelDraft) -> None:
        """Change the draft; LabelSpaceInvalid if the labels are no two of one group."""
        for label in map(draft.label, self.labels):
            into = draft.label(self.into)
            if label.id == into.id:
                raise LabelSpaceInvalid(f"{into.id!r} cannot be merged into itself.")
            if label.group != into.group:
                raise LabelSpaceInvalid(
                    f"{label.id!r} is in the group {label.group!r} and {into.id!r} in "
                    f"{into.group!r}; merge only labels of one group."
                )
            draft.remove(label, heir=into)


class Drop(_Operation):
    """These labels exist no more; what was below them goes to their parents."""

    op: Literal["drop"] = "drop"
    labels: tuple[LabelId, ...] = Field(min_length=1)

    def apply(self, draft: LabelDraft) -> None:
        """Change the draft; LabelSpaceInvalid if a label does not exist."""
        for label_id in self.labels:
            draft.remove(draft.label(label_id), heir=None)


class Rename(_Operation):
    """A label gets another name, another ID, or both."""

    op: Literal["rename"] = "rename"
    label: LabelId
    new_name: str | None = None
    new_id: LabelId | None = None

    @model_validator(mode="after")
    def _check(self) -> Rename:
        if self.new_name is None and self.new_id is None:
            raise ValueError("a rename needs new_name, new_id or both")
        return self

    def apply(self, draft: LabelDraft) -> None:
        """Change the draft; LabelSpaceInvalid if the ID is unknown or the new one is taken."""
        if self.new_name is not None:
            draft.change(draft.label(self.label), name=self.new_name)
        if self.new_id is not None:
            draft.change_id(draft.label(self.label), self.new_id)


class Reparent(_Operation):
    """These labels get another parent, or none."""

    op: Literal["reparent"] = "reparent"
    labels: tuple[LabelId, ...] = Field(min_length=1)
    parent: LabelId | None

    def apply(self, draft: LabelDraft) -> None:
        """Change the draft; LabelSpaceInvalid if a label does not exist."""
        parent = None if self.parent is None else draft.label(self.parent).id
        for label_id in self.labels:
            draft.change(draft.label(label_id), parent=parent)


Operation = Annotated[Merge | Drop | Rename | Reparent, Field(discriminator="op")]
