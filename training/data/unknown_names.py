"""Labels and groups that the label space does not have -> one sentence for the kind."""

from functools import cached_property

from hangtag.label_space import LabelSpace
from hangtag.near_names import near_names
from hangtag.tables.spoilt_cells import SPOILT, is_spoilt

# Comparing takes time with the number of labels, and nobody reads more sentences.
_MOST_COMPARED = 20
_EXAMPLES = 3


class UnknownNames:
    """Says what unknown names may stand for, with the names of labels beside their IDs."""

    def __init__(self, label_space: LabelSpace) -> None:
        self._label_space = label_space
        self._causes: dict[tuple[str, str], str] = {}

    def cause_of_label(self, text: str) -> str:
        """Return what is known of a text that is no label's ID."""
        if is_spoilt(text):
            return f"labels are numbers that a spreadsheet {SPOILT}"
        if holders := self._by_name.get(text.casefold()):
            return f"{text!r} is the name of {' and '.join(holders)}: write the ID of one"
        return self._cause("label", text, self._labels)

    def cause_of_group(self, text: str) -> str:
        """Return what is known of a text that is no group's name."""
        names = {group.name: repr(group.name) for group in self._label_space.groups}
        return self._cause("group", text, names)

    def _cause(self, what: str, text: str, shown: dict[str, str]) -> str:
        key = (what, text)
        if key not in self._causes:
            near = near_names(text, shown) if len(self._causes) < _MOST_COMPARED else []
            examples = list(shown.values())[:_EXAMPLES]
            listed = dict.fromkeys(shown[name] for name in near)
            hint = (
                f"did you mean {' or '.join(listed)}?"
                if listed
                else (f"there are {', '.join(examples)}{' …' if len(shown) > _EXAMPLES else ''}")
            )
            self._causes[key] = f"there is no {what} {text!r}; {hint}"
        return self._causes[key]

    @cached_property
    def _labels(self) -> dict[str, str]:
        """IDs and names, and how a label is shown: `412 (T-shirt)`."""
        shown = [(label, f"{label.id} ({label.name})") for label in self._label_space.labels]
        by_id = {str(label.id): text for label, text in shown}
        return {**{label.name: text for label, text in shown}, **by_id}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The labels of each name that several have."""
        found: dict[str, list[str]] = {}
        for label in self._label_space.labels:
            found.setdefault(label.name.casefold(), []).append(f"{label.id} ({label.group})")
        return {name: holders for name, holders in found.items() if len(holders) > 1}
