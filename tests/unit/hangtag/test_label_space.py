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
        ("[]", "the file must be an object, and is a list of 0"),
        ({}, "no labels"),
        (with_change(id=12), "'12' occurs more than once"),
        (with_change(id="12"), "'12' occurs more than once"),
        (with_change(group="size"), "unknown group 'size'"),
        (with_change(group="Colour"), "unknown group 'Colour'; did you mean 'colour'?"),
        (with_change(id=""), "has an empty ID"),
        (with_change(id="  "), "has an empty ID"),
        (with_change(id=" 12 "), "'12' occurs more than once"),
        ({"": "Red"}, "the label 'Red' has an empty ID"),
        (with_change(parent=99), "unknown parent 99"),
        (with_change(parent=11), "its own ancestor"),
        (with_change(id=1.5), "labels.1.id"),
        (
            with_change(colour="red"),
            "labels.1.colour is unknown; there are: group, id, name, parent",
        ),
    ],
)
def test_contradictions_are_named(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(LabelSpaceInvalid) as raised:
        read(tmp_path, content)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelSpaceInvalid, match=r"labels\.json cannot be read: No such file"):
        read_label_space(tmp_path / "labels.json")


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "labels.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = json.dumps({"7": "Grün", "8": "Weiß"}, ensure_ascii=False)
    space = read_label_space(write(tmp_path, text.encode(encoding)))
    assert [label.name for label in space.labels] == ["Grün", "Weiß"]


def test_what_is_left_out_or_a_number_is_taken_as_meant(tmp_path: Path) -> None:
    space = read(
        tmp_path,
        """{"version": 2026.10,
            "groups": [{"name": "size"}, {"name": 2, "parent": null, "exclusive": true}],
            "labels": [{"id": 412.0, "name": 38, "group": "size"},
                       {"id": 7, "name": "S", "group": 2, "parent": 412.0}]}""",
    )
    assert space.version == "2026.10"
    assert [(group.name, group.title, group.exclusive) for group in space.groups] == [
        ("size", "size", False),
        ("2", "2", True),
    ]
    assert [(label.id, label.name, label.parent) for label in space.labels] == [
        (412, "38", None),
        (7, "S", 412),
    ]
    assert read(tmp_path, space.to_json()).digest == space.digest
    assert read(tmp_path, {**document(), "version": 2026}).version == "2026"


def test_ids_have_no_spaces_around_them(tmp_path: Path) -> None:
    changed = {"groups": [{"name": "size"}], "version": "1", "labels": [
        {"id": " 412 ", "name": "S", "group": "size"},
        {"id": "7\t", "name": "M", "group": "size", "parent": "412 "},
    ]}  # fmt: skip
    assert [(each.id, each.parent) for each in read(tmp_path, changed).labels] == [
        ("412", None), ("7", "412"),
    ]  # fmt: skip
    assert [label.id for label in read(tmp_path, {" 412 ": "Red"}).labels] == [412]


def test_numbers_as_names_of_a_plain_map(tmp_path: Path) -> None:
    assert [label.name for label in read(tmp_path, {"1": 38, "2": 40.5}).labels] == ["38", "40.5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "labels.json is empty"),
        ('{"1": "Red",\n "2": "Blue",\n}', "line 2: there is a comma too many before the end"),
        ('{"1": [1,\n2,\n]}', "line 2: there is a comma too many before the end"),
        ('{"1": "Red"\n "2": "Blue"}', "line 2: a comma is missing before"),
        ('{\n// names\n"1": "Red"}', "line 2: comments are no part of JSON"),
        ('{"1": "Red" # ours\n}', "line 1: comments are no part of JSON"),
        ('{"1": "Red"}\n/* the end */', "line 2: comments are no part of JSON"),
        ("{'1': 'Red'}", "line 1: names and texts stand in double quotes, not in single ones"),
        ("{\n\u201c1\u201d: 2}", "line 2: names and texts stand in straight quotes"),
        ('{red: "Red"}', "line 1: names stand in double quotes"),
        ('{"1": True}', "line 1: True is written true"),
        ('{"1": "Red}\n', "line 1: a text"),
        ('{"1": "Red"', "line 1: it ends too early"),
        ('{"1": "Red"}\n{"2": "Blue"}', "line 2: there is more after its end"),
        ('{"1": "C:\\Red"}', "line 1: a text holds a backslash that should be written twice"),
        ('{"1": NaN}', "holds NaN, which is no JSON number"),
        ('{"1": "\\ud83d"}', "holds half of a letter"),
        ("[" * 100_000, "nests its lists and objects too deeply"),
        ('{"1": ' + "9" * 5000 + "}", "holds a number of too many digits"),
        ('{"1": "Red",\n\n"1": "Blue"}', "has the key '1' twice, in line 1 and line 3; keep one"),
        (
            '{"labels": [\n{"id": 1, "name": "a:{"},\n{"id": 2, "id": 3, "name": "b"}]}',
            "has the key 'id' twice, in line 3 and line 3; keep one",
        ),
        ('{"groups": [],\n"labels": [],\n"\\u006cabels": []}', "'labels' twice, in line 2 and"),
    ],
)
def test_faults_of_json_have_a_line_and_a_mend(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LabelSpaceInvalid) as raised:
        read_label_space(write(tmp_path, text.encode()))
    assert said in str(raised.value)


def test_windows_1252_is_said_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, '{"1": "Red",\n"2": "Grün"}'.encode("cp1252"))
    with pytest.raises(LabelSpaceInvalid, match=r"\(line 2, byte 21\); save it as UTF-8"):
        read_label_space(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (with_change(parnt=1), "labels.1.parnt is unknown; did you mean 'parent'?"),
        ({**document(), "group": []}, "group is unknown; did you mean 'groups'?"),
        (
            {"version": "1", "label": [], "group": []},
            "label is the name of no label; there must be",
        ),
        ({"version": "1", "labels": document()["labels"]}, "groups is missing"),
        ({**document(), "labels": {"1": "Red"}}, "labels must be a list, and is an object"),
        ({**document(), "version": None}, "version must be text, and is null"),
        ({**document(), "version": True}, "version must be text, and is true"),
        (with_change(id=True), "labels.1.id must be "),
        (with_change(name=None), "labels.1.name must be text, and is null"),
    ],
)
def test_other_forms_are_refused_in_our_words(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(LabelSpaceInvalid) as raised:
        read(tmp_path, content)
    assert said in str(raised.value)
    assert not any(word in str(raised.value) for word in ("Input", "Extra inputs", "Field"))
