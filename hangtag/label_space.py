"""The label space: which attributes exist, in the retailer's own label IDs.

`labels.json` is the one place that defines it. The position of a label in `LabelSpace.labels` is
the model's output index; nothing outside the core speaks of it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from hangtag.errors import LabelSpaceInvalid
from hangtag.faults import first_fault
from hangtag.files.json_file import JsonFault, parse_json
from hangtag.label_document import as_label_space
from hangtag.near_names import name_hint

LabelId = int | str


class Group(BaseModel):
    """One attribute, such as `colour`. In an exclusive group at most one label holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    exclusive: bool = False
    parent: str | None = None


class Label(BaseModel):
    """One value of an attribute, such as `Red`; `id` is what the API speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: LabelId
    name: str
    group: str
    parent: LabelId | None = None


class LabelSpace(BaseModel):
    """All groups and labels, checked to be consistent with each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    groups: tuple[Group, ...]
    labels: tuple[Label, ...]

    @model_validator(mode="after")
    def _check(self) -> LabelSpace:
        _refuse_duplicates("group", (group.name for group in self.groups))
        # IDs are compared as text: 412 and "412" are the same cell of a csv file.
        _refuse_duplicates("label ID", (str(label.id) for label in self.labels))
        if not self.labels:
            raise ValueError("there are no labels")
        for group in self.groups:
            if group.parent is not None and group.parent not in self._group_by_name:
                raise ValueError(f"group {group.name!r} has the unknown parent {group.parent!r}")
        for label in self.labels:
            self._check_label(label)
        return self

    def _check_label(self, label: Label) -> None:
        if label.group not in self._group_by_name:
            hint = name_hint(label.group, self._group_by_name)
            raise ValueError(f"label {label.id!r} is in the unknown group {label.group!r}; {hint}")
        if label.id == "":
            raise ValueError(f"the label {label.name!r} has an empty ID")
        if label.parent is None:
            return
        if str(label.parent) not in self._index_by_id:
            raise ValueError(f"label {label.id!r} has the unknown parent {label.parent!r}")
        ancestors = [label]
        while (parent := self.parent_of(ancestors[-1])) is not None:
            if parent in ancestors:
                raise ValueError(f"label {label.id!r} is its own ancestor")
            ancestors.append(parent)

    @cached_property
    def _group_by_name(self) -> dict[str, Group]:
        return {group.name: group for group in self.groups}

    @cached_property
    def _index_by_id(self) -> dict[str, int]:
        return {str(label.id): index for index, label in enumerate(self.labels)}

    @cached_property
    def _indices_by_group(self) -> dict[str, tuple[int, ...]]:
        return {
            group.name: tuple(i for i, label in enumerate(self.labels) if label.group == group.name)
            for group in self.groups
        }

    @cached_property
    def hierarchies(self) -> tuple[tuple[str, ...], ...]:
        """Exclusive groups that are the levels of one hierarchy, from the top down.

        A group is a level below its parent group if both are exclusive and each of its labels has
        its parent there; otherwise, or if another group is that level already, it is a hierarchy of
        its own. Groups without labels are in none.

        One label without a parent is enough: in the softmax of a hierarchy it would exclude every
        label of the levels above. But mostly its parent is only unknown, which must not count as
        none, and where one of these labels holds beside it the photo would contradict itself.
        """
        hierarchies: dict[str, list[str]] = {}
        for group in self.groups_parents_first:
            if not group.exclusive or not self.indices_of_group(group.name):
                continue
            above = hierarchies[group.parent or ""] if self._is_level_below_parent(group) else []
            # Of two groups below one, neither is a level of the other.
            hierarchy = above if above[-1:] == [group.parent] else []
            hierarchy.append(group.name)
            hierarchies[group.name] = hierarchy
        distinct = {id(hierarchy): tuple(hierarchy) for hierarchy in hierarchies.values()}
        return tuple(distinct.values())

    @cached_property
    def groups_parents_first(self) -> tuple[Group, ...]:
        """The groups, each after those that the parents of its labels are in."""
        return tuple(sorted(self.groups, key=self._depth_of))

    def _depth_of(self, group: Group) -> int:
        indices = self.indices_of_group(group.name)
        return max((len(self.path_of(self.labels[index])) for index in indices), default=0)

    def _is_level_below_parent(self, group: Group) -> bool:
        if group.parent is None or not self.group(group.parent).exclusive:
            return False
        parents = [self.parent_of(self.labels[i]) for i in self.indices_of_group(group.name)]
        return all(parent is not None and parent.group == group.parent for parent in parents)

    @cached_property
    def labels_parents_first(self) -> tuple[int, ...]:
        """The output indices of all labels, each after its parent's."""
        depths = [len(self.path_of(label)) for label in self.labels]
        return tuple(sorted(range(len(self.labels)), key=depths.__getitem__))

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, label_id: object) -> bool:
        return str(label_id) in self._index_by_id

    def has_group(self, name: str) -> bool:
        """Whether a group of that name exists."""
        return name in self._group_by_name

    def group(self, name: str) -> Group:
        """Return the group of that name; KeyError if there is none."""
        return self._group_by_name[name]

    def index_of(self, label_id: LabelId) -> int:
        """Return the model's output index of a label ID; KeyError if it is unknown."""
        return self._index_by_id[str(label_id)]

    def indices_of_group(self, name: str) -> tuple[int, ...]:
        """Return the output indices of a group's labels; KeyError if it is unknown."""
        return self._indices_by_group[name]

    def parent_of(self, label: Label) -> Label | None:
        """Return the label one level up, if there is one."""
        return None if label.parent is None else self.labels[self.index_of(label.parent)]

    def path_of(self, label: Label) -> list[str]:
        """Return the names from the topmost ancestor down to the label itself."""
        parent = self.parent_of(label)
        return [*(self.path_of(parent) if parent else []), label.name]

    def to_json(self) -> str:
        """Return the text of labels.json: the same label space gives the same bytes."""
        return json.dumps(self.model_dump(), indent=1, ensure_ascii=False) + "\n"

    @cached_property
    def digest(self) -> str:
        """sha256 of the canonical labels.json, as `sha256:…`."""
        return "sha256:" + hashlib.sha256(self.to_json().encode()).hexdigest()


def read_label_space(path: Path) -> LabelSpace:
    """Read a labels.json, or a plain `{"ID": "name"}` map as one non-exclusive group.

    A group without a title is called by its name.

    Raises
    ------
    LabelSpaceInvalid : if the file is missing, is no JSON, or contradicts itself.
    """
    try:
        return parse_label_space(parse_json(path.read_bytes()))
    except OSError as error:
        raise LabelSpaceInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except JsonFault as error:
        raise LabelSpaceInvalid(f"{path} {error}.") from error
    except LabelSpaceInvalid as error:
        raise LabelSpaceInvalid(f"{path}: {error}") from error


def parse_label_space(document: Any) -> LabelSpace:
    """Return the label space that a parsed labels.json describes (either of its two forms).

    Raises
    ------
    LabelSpaceInvalid : if it has another form or contradicts itself.
    """
    try:
        return LabelSpace.model_validate(as_label_space(document))
    except ValidationError as error:
        raise LabelSpaceInvalid(f"{first_fault(error, LabelSpace).at()}.") from error
    except ValueError as error:
        raise LabelSpaceInvalid(f"{error}.") from error


def _refuse_duplicates(what: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"the {what} {repeated[0]!r} occurs more than once")
