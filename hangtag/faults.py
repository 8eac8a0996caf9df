"""What pydantic found wrong -> where, and a sentence of our own."""

import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from hangtag.near_names import name_hint

Step = str | int

_MAX_QUOTED = 40
# Of a value that may be of several kinds, pydantic names each kind as if it were a step.
_KIND = re.compile(
    r"(str|int|float|bool|bytes|none|nullable|constrained-\w+|finite-\w+|path)$"
    r"|(literal|list|tuple|set|frozenset|dict|union|function-\w+|json-or-python|lax-or-strict"
    r"|is-instance|tagged-union|model-fields|definition-ref)\W"
)
_NEEDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "iterable": "a list",
    "dict": "an object",
    "mapping": "an object",
    "model": "an object",
    "dataclass": "an object",
    "none": "null",
    "path": "a path",
    "date": "a date",
    "datetime": "a date and time",
    "url": "a URL",
}


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong.

    `steps` lead to it from the outside in (none: the whole), and `what` goes after the name of the
    place: `must be at least 1, and is 0`.
    """

    steps: tuple[Step, ...]
    what: str

    @property
    def place(self) -> str:
        """The steps as `groups.0.name`; empty if it is the whole."""
        return ".".join(str(step) for step in self.steps)

    @property
    def json_path(self) -> str:
        """The steps as `$.groups[0].name`."""
        return "$" + "".join(
            f"[{step}]" if isinstance(step, int) else f".{printable(step)}" for step in self.steps
        )

    def at(self, whole: str = "the file") -> str:
        """Return place and fault: `groups.0.name is missing`."""
        return f"{self.place or whole} {self.what}"


def first_fault(error: ValidationError, model: Any) -> Fault:
    """Return what is wrong, in our own words.

    `model` is what was validated: a model, or what a TypeAdapter takes, such as `list[Item]`.

    A name that is unknown comes first: it often is the misspelt one of another that is missing.
    """
    faults = error.errors(include_url=False)
    first = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    if first["type"] == "extra_forbidden":
        *around, name = first["loc"]
        steps, models = _follow(around, model)
        return Fault((*steps, name), f"is unknown; {name_hint(str(name), _names_of(models))}")
    steps, _ = _follow(first["loc"], model)
    same = [each for each in faults if _follow(each["loc"], model)[0] == steps]
    return Fault(steps, _sentence(same))


def shown(value: object) -> str:
    """Return a value as a sentence quotes it: short, whatever was sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value) if len(value) <= _MAX_QUOTED else f"a text of {len(value):,} characters"
    if value is None:
        return "null"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**_MAX_QUOTED):
        return str(value)
    if isinstance(value, int):
        return "a number of more than 40 digits"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, Sequence):
        return f"a list of {len(value):,}"
    return f"a {type(value).__name__}"


def printable(text: str) -> str:
    """Return a text that can be written as UTF-8, whatever halves of letters were sent."""
    return text.encode("utf-8", "backslashreplace").decode()


def _follow(location: Sequence[Step], model: Any) -> tuple[tuple[Step, ...], list[type[BaseModel]]]:
    """Return the steps that are in the data, and the models at their end."""
    steps: list[Step] = []
    models = _models_in(model)
    for step in location:
        annotations = [_fields(each).get(str(step)) for each in models]
        found = [each for each in annotations if each is not None]
        if found:
            models = [each for annotation in found for each in _models_in(annotation)]
        elif isinstance(step, str) and (_KIND.match(step) or step in {m.__name__ for m in models}):
            continue
        steps.append(step)
    return tuple(steps), models


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    fields = model.model_fields
    by_alias = {field.alias: field.annotation for field in fields.values() if field.alias}
    return {**{name: field.annotation for name, field in fields.items()}, **by_alias}


def _names_of(models: Iterable[type[BaseModel]]) -> list[str]:
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models_in(part)]


def _sentence(faults: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with one value; `faults` has an entry for each kind that it may be."""
    first = faults[0]
    if first["type"] == "missing":
        return "is missing"
    if first["type"] in ("value_error", "assertion_error"):
        return f"is wrong: {first['ctx']['error']}"
    if first["type"] == "union_tag_invalid":
        kind = first["ctx"]["discriminator"].strip("'")
        return f"has the {kind} {first['ctx']['tag']!r}; there are: {first['ctx']['expected_tags']}"
    if first["type"] == "json_invalid":
        return f"is no JSON: {first['ctx']['error']}"
    needs = dict.fromkeys(_need(each) for each in faults)
    return f"must be {' or '.join(needs)}, and is {shown(first['input'])}"


def _need(fault: Mapping[str, Any]) -> str:
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return _bound(kind, context)
    if kind == "multiple_of":
        return f"a multiple of {context['multiple_of']}"
    if kind in ("too_short", "too_long"):
        return f"a list of {_length(kind, context)}"
    if kind in ("string_too_short", "string_too_long"):
        return f"text of {_length(kind, context)} characters"
    if kind in ("literal_error", "enum"):
        return str(context["expected"])
    if kind == "string_unicode":
        return "text of whole Unicode characters"
    return _NEEDS.get(kind.split("_")[0], "something else")


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    words = {
        "greater_than": ("gt", "more than"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "less than"),
        "less_than_equal": ("le", "at most"),
    }
    key, word = words[kind]
    bound = context[key]
    return f"{word} {int(bound):,}" if bound == int(bound) else f"{word} {bound}"


def _length(kind: str, context: Mapping[str, Any]) -> str:
    least, most = context.get("min_length"), context.get("max_length")
    return f"at least {least}" if kind.endswith("short") else f"at most {most:,}"
