"""labels.json as people and programs write it -> as `LabelSpace` has it."""

from collections.abc import Callable, Iterable
from typing import Any

from hangtag.files.json_file import WrittenFloat
from hangtag.near_names import name_hint

_FIELDS = ("version", "groups", "labels")

Item = dict[str, Any]


def as_label_space(document: Any) -> Any:
    """Return the document with a title for every group, and numbers that are meant as text as text.

    A plain `{"ID": "name"}` map becomes one non-exclusive group. What does not fit is left for
    `LabelSpace` to refuse.

    Raises
    ------
    ValueError : if it is an object of neither form; the sentence ends without a full stop.
    """
    if not isinstance(document, dict):
        return document
    if not {"groups", "labels"} & document.keys():
        document = _single_group(document)
    kinds = {"groups": _group, "labels": _label}
    parts = {key: _each(document[key], one) for key, one in kinds.items() if key in document}
    return {**_with(document, ("version",), _text), **parts}


def _each(items: Any, one: Callable[[Item], Item]) -> Any:
    if not isinstance(items, list):
        return items
    return [one(item) if isinstance(item, dict) else item for item in items]


def _group(item: Item) -> Item:
    group = _with(item, ("name", "title", "parent"), _text)
    return {**group, "title": group["name"]} if "title" not in group and "name" in group else group


def _label(item: Item) -> Item:
    return _with(_with(item, ("name", "group"), _text), ("id", "parent"), _id)


def _with(item: Item, keys: Iterable[str], change: Callable[[Any], Any]) -> Item:
    return {**item, **{key: change(item[key]) for key in keys if key in item}}


def _text(value: Any) -> Any:
    if isinstance(value, WrittenFloat):
        return value.written
    return str(value) if type(value) in (int, float) else value


def _id(value: Any) -> Any:
    """412.0 is what some programs make of 412, if other IDs are missing.

    Cells are read without the spaces around them, so an ID has none.
    """
    if isinstance(value, str):
        return value.strip()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _single_group(names: dict[str, Any]) -> dict[str, Any]:
    for key, name in names.items():
        if not isinstance(_text(name), str):
            raise ValueError(
                f"{key} is the name of no label; there must be groups and labels, or nothing but "
                f"IDs and names ({name_hint(key, _FIELDS)})"
            )
    labels = [
        {"id": int(key) if key.isdecimal() and str(int(key)) == key else key,
         "name": _text(name), "group": "labels"}
        for key, name in ((key.strip(), name) for key, name in names.items())
    ]  # fmt: skip
    group = {"name": "labels", "title": "Labels", "exclusive": False}
    return {"version": "1", "groups": [group], "labels": labels}
