"""Stored tags, from one version of the label space to another.

A jsonl file; each line is an answer of the REST API, or a list of label IDs.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hangtag.errors import DataInvalid
from hangtag.faults import first_fault
from hangtag.files.whole_file import whole_file
from hangtag.label_space import Label, LabelId
from hangtag.schema import TagResponse
from training.labels.label_lists import ConversionReport, convert_labels, refuse_unknown
from training.labels.migration import Migrated

Item = dict[str, Any]


def convert_stored_tags(path: Path, migrated: Migrated, out: Path) -> tuple[int, ConversionReport]:
    """Write the file anew with the IDs of the new version; return how many lines it has.

    Raises
    ------
    DataInvalid : as `converted_lines`. Then nothing is written.
    """
    lines, report = converted_lines(path, migrated)
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as unfinished:
        write_lines(lines, unfinished)
    return len(lines), report


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write a jsonl file."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def converted_lines(path: Path, migrated: Migrated) -> tuple[list[str], ConversionReport]:
    """Return the lines of the file with the IDs of the new version.

    Raises
    ------
    DataInvalid : if a line is neither answer nor list, or of another version, or holds an ID that
        the old version does not have.
    """
    report = ConversionReport()
    lines = [
        json.dumps(_convert(line, where, migrated, report), ensure_ascii=False)
        for where, line in _lines(path)
    ]
    return lines, report


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        # Not splitlines: JSON may hold line separators of Unicode as they are.
        texts = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataInvalid(f"{path} cannot be read: {error}.") from error
    for number, text in enumerate(texts, start=1):
        if text.strip():
            where = f"{path}:{number}"
            try:
                yield where, json.loads(text)
            except json.JSONDecodeError as error:
                raise DataInvalid(f"{where} is not JSON: {error}.") from error


def _convert(line: Any, where: str, migrated: Migrated, report: ConversionReport) -> Any:
    if isinstance(line, list) and all(type(item) in (int, str) for item in line):
        return convert_labels(line, migrated, report, where)
    try:
        answer = TagResponse.model_validate(line)
    except ValidationError as error:
        fault = first_fault(error, TagResponse).at("it")
        raise DataInvalid(
            f"{where} is neither a list of IDs nor an answer of the API: {fault}."
        ) from error
    if answer.model.label_space != migrated.before.version:
        raise DataInvalid(
            f"{where} is of the label space {answer.model.label_space!r}, not of "
            f"{migrated.before.version!r}; migrate it with the migrations of its own version."
        )
    return _converted_answer(line, where, migrated, report)


def _converted_answer(
    answer: Item, where: str, migrated: Migrated, report: ConversionReport
) -> Item:
    """Return the answer as the new version would have it; scores stay what the model said."""
    after = migrated.after
    held = [str(tag["id"]) for tag in answer["tags"]]
    tags = _merged(answer["tags"], where, migrated)
    for label_id in held:
        new_id = migrated.new_ids[label_id]
        if new_id is None:
            report.dropped[label_id] += 1
        elif str(new_id) != label_id:
            report.replaced[label_id, str(new_id)] += 1
    groups = {
        name: _converted_group(group, where, migrated)
        for name, group in answer["groups"].items()
        if after.has_group(name)
    }
    model = {**answer["model"], "label_space": after.version}
    return {**answer, "tags": [_retold(tag, migrated) for tag in tags],
            "groups": groups, "model": model}  # fmt: skip


def _converted_group(group: Item, where: str, migrated: Migrated) -> Item:
    candidates = _merged(group["candidates"], where, migrated)
    converted = {**group, "candidates": [_renamed(item, migrated) for item in candidates]}
    if group.get("set") is not None:
        refuse_unknown(group["set"], migrated, where)
        new_ids = (migrated.new_ids[str(label_id)] for label_id in group["set"])
        converted["set"] = list(dict.fromkeys(i for i in new_ids if i is not None))
    return converted


def _merged(items: list[Item], where: str, migrated: Migrated) -> list[Item]:
    """Return the items with their new IDs; of those that have become one the best stays."""
    refuse_unknown([item["id"] for item in items], migrated, where)
    best: dict[LabelId, Item] = {}
    for item in items:
        new_id = migrated.new_ids[str(item["id"])]
        if new_id is not None and (new_id not in best or item["score"] > best[new_id]["score"]):
            best[new_id] = {**item, "id": new_id}
    return sorted(best.values(), key=lambda item: -float(item["score"]))


def _label(item: Item, migrated: Migrated) -> Label:
    return migrated.after.labels[migrated.after.index_of(item["id"])]


def _renamed(item: Item, migrated: Migrated) -> Item:
    return {**item, "name": _label(item, migrated).name}


def _retold(tag: Item, migrated: Migrated) -> Item:
    label = _label(tag, migrated)
    path = migrated.after.path_of(label)
    return {**tag, "name": label.name, "group": label.group, "path": path}
