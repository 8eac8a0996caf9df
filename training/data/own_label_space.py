"""The label space that a public set's own files define."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from hangtag.errors import DataInvalid
from hangtag.faults import first_fault
from hangtag.label_space import Group, Label, LabelSpace


def label_space_of(path: Path, groups: Iterable[Group], labels: Iterable[Label]) -> LabelSpace:
    """Return the label space of these groups and labels, named after the file they come from.

    Raises
    ------
    DataInvalid : if there are no labels, or they contradict each other.
    """
    try:
        return LabelSpace(version=path.name, groups=tuple(groups), labels=tuple(labels))
    except ValidationError as error:
        raise DataInvalid(f"{path}: {first_fault(error, LabelSpace).at()}.") from error
