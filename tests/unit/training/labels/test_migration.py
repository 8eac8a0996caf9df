"""Label spaces, dataset folders and stored tags from one version to the next."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hangtag.errors import DataInvalid, LabelSpaceInvalid
from hangtag.label_space import Group, Label, LabelSpace
from hangtag.schema import TagResponse
from training.data import read_dataset
from training.labels.label_lists import ConversionReport, convert_labels
from training.labels.migrated_dataset import convert_dataset
from training.labels.migration import Migrated, migrate, plan_migration, read_migration
from training.labels.migration_plan import rare_labels
from training.labels.operations import Drop, Merge, Operation, Rename, Reparent
from training.labels.stored_tags import convert_stored_tags

CLOTHES = LabelSpace(
    version="1",
    groups=(
        Group(name="category", title="Category", exclusive=True),
        Group(name="type", title="Type", exclusive=True, parent="category"),
        Group(name="details", title="Details"),
    ),
    labels=(
        Label(id=1, name="Topwear", group="category"),
        Label(id=2, name="Bottomwear", group="category"),
        Label(id=11, name="T-shirt", group="type", parent=1),
        Label(id=12, name="Tee", group="type", parent=1),
        Label(id=13, name="Dress", group="type", parent=1),
        Label(id=21, name="Skirt", group="type", parent=2),
        Label(id="zip", name="Zip", group="details"),
    ),
)


def with_labels(*labels: Label) -> LabelSpace:
    return LabelSpace(version=CLOTHES.version, groups=CLOTHES.groups, labels=labels)


def moved(*operations: Operation) -> Migrated:
    return migrate(CLOTHES, [plan_migration(CLOTHES, "2", operations)])


def convert(label_ids: list[int | str], *operations: Operation) -> list[int | str]:
    return convert_labels(label_ids, moved(*operations), ConversionReport(), "here")


def summary(label_space: LabelSpace) -> list[tuple[object, str, object]]:
    return [(label.id, label.name, label.parent) for label in label_space.labels]


def test_all_operations_on_the_label_space() -> None:
    after = moved(
        Merge(labels=(12,), into=11),
        Reparent(labels=(13,), parent=2),
        Rename(label=1, new_name="Tops", new_id="tops"),
        Drop(labels=("zip",)),
    ).after
    assert after.version == "2"
    assert summary(after) == [
        ("tops", "Tops", None), (2, "Bottomwear", None), (11, "T-shirt", "tops"),
        (13, "Dress", 2), (21, "Skirt", 2),
    ]  # fmt: skip
    assert [group.name for group in after.groups] == ["category", "type"]


def test_what_was_below_a_label_that_goes() -> None:
    assert {label.parent for label in moved(Drop(labels=(1,))).after.labels} == {None, 2}
    merged = moved(Merge(labels=(1,), into=2)).after
    assert {label.parent for label in merged.labels if label.group == "type"} == {2}


def test_a_label_can_be_merged_into_one_below_it() -> None:
    below = Label(id=3, name="Zip 2", group="details", parent="zip")
    space = with_labels(*CLOTHES.labels, below)
    migrated = migrate(space, [plan_migration(space, "2", [Merge(labels=("zip",), into=3)])])
    assert (3, "Zip 2", None) in summary(migrated.after)
    assert migrated.new_ids["zip"] == 3


def test_ids_are_compared_as_text() -> None:
    migrated = moved(Merge(labels=("12",), into="11"), Rename(label=13, new_id="13"))
    assert (migrated.new_ids["12"], migrated.new_ids["13"]) == (11, "13")


def test_migrations_compose() -> None:
    first = plan_migration(CLOTHES, "2", [Merge(labels=(12,), into=11), Drop(labels=("zip",))])
    between = migrate(CLOTHES, [first]).after
    second = plan_migration(between, "3", [Rename(label=11, new_id=110), Drop(labels=(21,))])
    chained = migrate(CLOTHES, [first, second])
    assert chained.after == migrate(between, [second]).after
    assert chained.new_ids == {
        "1": 1, "2": 2, "11": 110, "12": 110, "13": 13, "21": None, "zip": None,
    }  # fmt: skip
    with pytest.raises(LabelSpaceInvalid, match=r"starts at version '2', .* is '1'; .* order"):
        migrate(CLOTHES, [second, first])


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Drop(labels=(99,)), "There is no label 99"),
        (Merge(labels=(99,), into=11), "There is no label 99"),
        (Merge(labels=(11,), into="11"), "11 cannot be merged into itself"),
        (Merge(labels=(11,), into="zip"), "in the group 'type' and 'zip' in 'details'"),
        (Rename(label=11, new_id=12), "cannot become 12, which exists; merge"),
        (Reparent(labels=(11,), parent=99), "There is no label 99"),
        (Reparent(labels=(1,), parent=11), "is its own ancestor"),
        (Drop(labels=(1, 2, 11, 12, 13, 21, "zip")), "there are no labels"),
    ],
)
def test_operations_that_do_not_fit(operation: Operation, message: str) -> None:
    with pytest.raises(LabelSpaceInvalid, match=message):
        plan_migration(CLOTHES, "2", [operation])


def test_a_migration_of_another_label_space(tmp_path: Path) -> None:
    migration = plan_migration(CLOTHES, "2", [Drop(labels=(21,))])
    other = with_labels(*CLOTHES.labels[:-1])
    with pytest.raises(LabelSpaceInvalid, match=r"not the one .* planned for"):
        migrate(other, [migration])
    edited = migration.model_copy(update={"operations": (Drop(labels=(11,)),)})
    with pytest.raises(LabelSpaceInvalid, match="does not give the label space"):
        migrate(CLOTHES, [edited])
    with pytest.raises(LabelSpaceInvalid, match="'1' already; name a new version"):
        plan_migration(CLOTHES, "1", [Drop(labels=(21,))])
    with pytest.raises(LabelSpaceInvalid, match="nothing to change"):
        plan_migration(CLOTHES, "2", [])


def test_the_file(tmp_path: Path) -> None:
    migration = plan_migration(
        CLOTHES, "2", [Merge(labels=(12,), into=11), Rename(label="zip", new_name="Zipper")]
    )
    path = tmp_path / "migration.json"
    path.write_text(migration.to_json())
    assert read_migration(path) == migration
    document = json.loads(path.read_text())
    assert document["operations"][0] == {"op": "merge", "from": [12], "into": 11}
    for wrong, message in [
        (
            {"op": "split", "label": 1},
            "operations.0 has the op 'split'; there are: 'merge', 'drop', 'rename', 'reparent'",
        ),
        ({"op": "rename", "label": 1}, "needs new_name, new_id or both"),
    ]:
        path.write_text(json.dumps({**document, "operations": [wrong]}))
        with pytest.raises(DataInvalid, match=message):
            read_migration(path)


@pytest.mark.parametrize(
    ("given", "operation", "expected"),
    [
        ([12, "zip"], Merge(labels=(12,), into=11), [11, "zip"]),
        ([11, 12], Merge(labels=(12,), into=11), [11]),
        # What was known of a product stays known.
        ([11, "zip"], Drop(labels=(11,)), [1, "zip"]),
        ([1, 11], Drop(labels=(11,)), [1]),
        ([1, 11], Drop(labels=(1,)), [11]),
        (["zip"], Drop(labels=("zip",)), []),
        # A dress is no topwear any more; but a T-shirt without a parent still was said to be.
        ([1, 13], Reparent(labels=(13,), parent=2), [13]),
        ([1, 11], Reparent(labels=(13,), parent=2), [1, 11]),
        ([1, 11], Reparent(labels=(11,), parent=None), [1, 11]),
    ],
)
def test_label_lists(
    given: list[int | str], operation: Operation, expected: list[int | str]
) -> None:
    assert convert(given, operation) == expected


def test_nothing_is_lost_silently() -> None:
    report = ConversionReport()
    migrated = moved(
        Merge(labels=(12,), into=11), Drop(labels=("zip",)), Reparent(labels=(13,), parent=2)
    )
    lists: list[list[int | str]] = [[12, "zip"], [1, 13], [11]]
    for given in lists:
        convert_labels(given, migrated, report, "here")
    assert report.replaced == {("12", "11"): 1}
    assert report.dropped == {"zip": 1}
    assert report.left_behind == {"1": 1}
    with pytest.raises(DataInvalid, match="here: the label 99 is not in the version '1'"):
        convert_labels([99], migrated, report, "here")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    (folder / "images").mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (40, 40), (0, 60 * number, 0)).save(folder / "images" / f"{number}.png")
    (folder / "labels.json").write_text(CLOTHES.to_json())
    (folder / "products.csv").write_text(
        "image,labels,product_id,season\n"
        "0.png,12_zip,A,Summer\n1.png,1_11,B,Fall\n2.png,zip,C,Fall\n3.png,1_13,D,Fall\n"
    )
    return folder


def test_a_dataset_folder(dataset: Path, tmp_path: Path) -> None:
    migrated = moved(
        Merge(labels=(12,), into=11),
        Rename(label=11, new_id="t_shirt"),
        Drop(labels=("zip",)),
        Reparent(labels=(13,), parent=2),
    )
    out = tmp_path / "next"
    converted = convert_dataset(dataset, migrated, out)
    assert (converted.rows, converted.unlabelled) == (3, 1)
    assert (out / "products.csv").read_text() == (
        "image,labels,product_id,season\n"
        "../dataset/images/0.png,t_shirt,A,Summer\n"
        "../dataset/images/1.png,1_t_shirt,B,Fall\n"
        "../dataset/images/3.png,13,D,Fall\n"
    )
    assert (out / "unlabelled.csv").read_text().splitlines()[1:] == [
        "../dataset/images/2.png,zip,C,Fall"
    ]
    catalogue = read_dataset(out)
    assert catalogue.problems == ()
    assert [photo.labels for photo in catalogue.photos] == [
        {1, "t_shirt"}, {1, "t_shirt"}, {2, 13},
    ]  # fmt: skip
    with pytest.raises(DataInvalid, match="exists already"):
        convert_dataset(dataset, migrated, out)


@pytest.mark.parametrize("column", ["unknown_groups", "Unknown Groups", "unknown-groups"])
def test_unknown_groups_stay_unknown_as_long_as_they_have_labels(
    dataset: Path, tmp_path: Path, column: str
) -> None:
    products = dataset / "products.csv"
    products.write_text(f"image,labels,{column}\n0.png,1,type_details\n1.png,11,\n")
    out = tmp_path / "next"
    convert_dataset(dataset, moved(Drop(labels=("zip",)), Merge(labels=(12,), into=11)), out)
    assert (out / "products.csv").read_text().splitlines()[1:] == [
        "../dataset/images/0.png,1,type", "../dataset/images/1.png,11,",
    ]  # fmt: skip
    catalogue = read_dataset(out)
    assert catalogue.problems == ()
    assert [photo.unknown_groups for photo in catalogue.photos] == [{"type"}, set()]
    products.write_text("image,labels,unknown_groups\n0.png,1,size\n")
    with pytest.raises(DataInvalid, match=r"products\.csv:2: the group 'size' is not in .* '1'"):
        convert_dataset(dataset, moved(Drop(labels=("zip",))), tmp_path / "other")


def test_a_dataset_row_with_an_unknown_label(dataset: Path, tmp_path: Path) -> None:
    with (dataset / "products.csv").open("a") as file:
        file.write("0.png,11_99,E,Fall\n")
    with pytest.raises(DataInvalid, match=r"products\.csv:6: the label '99'"):
        convert_dataset(dataset, moved(Drop(labels=("zip",))), tmp_path / "next")
    assert not (tmp_path / "next").exists()


def test_rare_labels_are_counted_after_the_merges(dataset: Path) -> None:
    merge = Merge(labels=(12,), into=11)
    assert rare_labels(CLOTHES, [merge], dataset, 2) == [Drop(labels=(2, 13, 21))]
    assert rare_labels(CLOTHES, [], dataset, 2) == [Drop(labels=(2, 11, 12, 13, 21))]
    assert rare_labels(CLOTHES, [], dataset, 0) == []


def api_answer() -> dict[str, Any]:
    def tag(label_id: int | str, name: str, group: str, score: float, *path: str) -> dict[str, Any]:
        return {"id": label_id, "name": name, "group": group, "score": score, "threshold": 0.5,
                "path": [*path, name], "images": [0]}  # fmt: skip

    answer = {
        "product_id": "SKU-1",
        "tags": [
            tag(1, "Topwear", "category", 0.9),
            tag(12, "Tee", "type", 0.6, "Topwear"),
            tag("zip", "Zip", "details", 0.7),
        ],
        "groups": {
            "category": {"decision": "accept", "candidates": [], "set": [1]},
            "type": {
                "decision": "review",
                "candidates": [
                    {"id": 12, "name": "Tee", "score": 0.6},
                    {"id": 11, "name": "T-shirt", "score": 0.3},
                ],
                "set": [12, 11],
            },
            "details": {"decision": "accept", "candidates": [], "set": ["zip"]},
        },
        "images": [{"index": 0, "width": 9, "height": 9, "warnings": []}],
        "model": {"name": "tagger", "version": "1.0", "bundle": "sha256:0", "label_space": "1"},
        "stored_at": "2026-01-01",
    }
    TagResponse.model_validate(answer)
    return answer


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_stored_tags(tmp_path: Path) -> None:
    migrated = moved(
        Merge(labels=(12,), into=11),
        Rename(label=11, new_name="Shirt"),
        Rename(label=1, new_name="Tops", new_id=100),
        Drop(labels=("zip",)),
    )
    path = write_lines(tmp_path / "tags.jsonl", api_answer(), [12, "zip"], [11])
    out = tmp_path / "next" / "tags.jsonl"
    count, report = convert_stored_tags(path, migrated, out)
    answer, *lists = [json.loads(text) for text in out.read_text().splitlines()]
    assert lists == [[11], [11]]
    assert [(tag["id"], tag["name"], tag["path"], tag["score"]) for tag in answer["tags"]] == [
        (100, "Tops", ["Tops"], 0.9), (11, "Shirt", ["Tops", "Shirt"], 0.6),
    ]  # fmt: skip
    assert answer["groups"].keys() == {"category", "type"}
    assert answer["groups"]["type"] == {
        "decision": "review",
        "candidates": [{"id": 11, "name": "Shirt", "score": 0.6}],
        "set": [11],
    }
    assert answer["model"]["label_space"] == "2"
    assert answer["stored_at"] == "2026-01-01"
    TagResponse.model_validate(answer)
    assert count == 3
    assert report.dropped == {"zip": 2}
    assert report.replaced == {("1", "100"): 1, ("12", "11"): 2}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([[11], [99]], r"tags\.jsonl:2: the label 99 is not in"),
        ([{"tags": []}], r"tags\.jsonl:1 is neither a list of IDs nor an answer"),
        ([[True]], r"tags\.jsonl:1 is neither"),
        (
            [{**api_answer(), "model": {**api_answer()["model"], "label_space": "0"}}],
            "is of the label space '0', not of '1'",
        ),
    ],
)
def test_stored_tags_that_do_not_fit(tmp_path: Path, lines: list[object], message: str) -> None:
    path = write_lines(tmp_path / "tags.jsonl", *lines)
    with pytest.raises(DataInvalid, match=message):
        convert_stored_tags(path, moved(Drop(labels=("zip",))), tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
