from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hangtag.errors import LabelSpaceInvalid
from hangtag.label_space import read_label_space
from tests.tiny_tagger import tiny_label_space


def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(tiny_label_space().to_json())
    return parsed


def read(tmp_path: Path, content: object) -> Any:
    path = tmp_path / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_label_space(path)


def test_reads_what_it_writes(tmp_path: Path) -> None:
    assert read(tmp_path, tiny_label_space().to_json()) == tiny_label_space()


def test_ids_keep_their_type_and_are_found_as_text() -> None:
    space = tiny_label_space()
    assert [label.id for label in space.labels] == [1, 11, 12, 13, "b"]
    assert space.index_of("12") == space.index_of(12) == 2
    assert "13" in space
    assert 14 not in space


def test_path_goes_from_the_top_down() -> None:
    space = tiny_label_space()
    assert space.path_of(space.labels[1]) == ["Warm", "Red"]


def test_plain_map_is_one_non_exclusive_group(tmp_path: Path) -> None:
    space = read(tmp_path, {"7": "Red", "x1": "Lace", "007": "Bond"})
    assert [label.id for label in space.labels] == [7, "x1", "007"]
    assert [(group.name, group.exclusive) for group in space.groups] == [("labels", False)]


def test_digest_depends_on_the_content_alone() -> None:
    changed = document()
    changed["labels"][0]["name"] = "Hot"
    assert tiny_label_space().digest == tiny_label_space().digest
    assert tiny_label_space().digest != type(tiny_label_space()).model_validate(changed).digest


def with_change(**changes: Any) -> dict[str, Any]:
    changed = document()
    for key, value in changes.items():
        changed["labels"][1][key] = value
    return changed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "dictionary"),
        ({}, "no labels"),
        (with_change(id=12), "'12' occurs more than once"),
        (with_change(id="12"), "'12' occurs more than once"),
        (with_change(group="size"), "unknown group 'size'"),
        (with_change(parent=99), "unknown parent 99"),
        (with_change(parent=11), "its own ancestor"),
        (with_change(id=1.5), "labels.1.id"),
        (with_change(colour="red"), "labels.1.colour: Extra inputs"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(LabelSpaceInvalid) as raised:
        read(tmp_path, content)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelSpaceInvalid, match=r"labels\.json cannot be read: No such file"):
        read_label_space(tmp_path / "labels.json")
