"""What consensus, migrations and mining write reads back, whatever IDs and groups are called.

`crop` and `top` joined by `_` are `crop_top`, which is another label.
"""

import json
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelId, LabelSpace
from training.data import DescribedPhoto, read_dataset
from training.labels.consensus import majority
from training.labels.migrated_dataset import convert_dataset
from training.labels.migration import operate
from training.labels.migration_run import convert_all
from training.labels.mined_dataset import write_mined_dataset
from training.labels.mining import MinedLabels
from training.labels.operations import Rename
from training.labels.worker_answers import read_worker_answers, write_consensus

IDS: tuple[LabelId, ...] = ("crop", "top", "crop_top", "crop_top_crop", 412, "4,1", "a b", "[1]")
GROUPS = ("neck", "line", "neck_line", "cut")


def space(*ids: LabelId) -> LabelSpace:
    return LabelSpace(
        version="1",
        groups=tuple(Group(name=name, title=name) for name in GROUPS),
        labels=(
            *(Label(id=each, name=f"Name of {each}", group="cut") for each in ids),
            *(Label(id=f"of {name}", name=name, group=name) for name in GROUPS[:3]),
        ),
    )


CROPPED = space(*IDS)
PAIRS = [*combinations(IDS, 2), *combinations(IDS[:4], 3)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a photo for each pair."""
    folder = tmp_path / "source"
    (folder / "images").mkdir(parents=True)
    for number in range(len(PAIRS)):
        Image.new("RGB", (8, 8)).save(folder / "images" / f"{number}.png")
    (folder / "labels.json").write_text(CROPPED.to_json())
    return folder


def read_back(folder: Path) -> list[set[str]]:
    dataset = read_dataset(folder)
    assert dataset.problems == ()
    return [{str(label) for label in photo.labels} for photo in dataset.photos]


def as_text(ids: tuple[LabelId, ...]) -> set[str]:
    return set(map(str, ids))


def test_consensus(source: Path, tmp_path: Path) -> None:
    lines = [
        {"image": f"{n}.png", "answers": [{"worker": "w", "labels": list(map(str, pair))}]}
        for n, pair in enumerate(PAIRS)
    ]
    (source / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    read, answers = read_worker_answers(source, CROPPED)
    out = tmp_path / "out"
    write_consensus(read, answers, majority(answers, CROPPED), CROPPED, source, out)
    assert read_back(out) == [as_text(pair) for pair in PAIRS]
    # Nobody gave a label of three groups, of which two joined are the third.
    assert {photo.unknown_groups for photo in read_dataset(out).photos} == {
        frozenset({"neck", "line", "neck_line"})
    }


def test_mining(source: Path, tmp_path: Path) -> None:
    photos = [
        DescribedPhoto(source / "images" / f"{n}.png", str(n), "A title", "", "")
        for n in range(len(PAIRS))
    ]
    mined = MinedLabels(
        label_space=CROPPED,
        labels={str(n): pair for n, pair in enumerate(PAIRS)},
        unknown_groups={str(n): ("neck", "line") for n in range(len(PAIRS))},
        summaries=(),
    )
    out = tmp_path / "out"
    assert write_mined_dataset(photos, mined, out) == len(PAIRS)
    assert read_back(out) == [as_text(pair) for pair in PAIRS]
    assert {photo.unknown_groups for photo in read_dataset(out).photos} == {
        frozenset({"neck", "line"})
    }


def test_a_migration_that_makes_ids_which_join(source: Path, tmp_path: Path) -> None:
    before = space("crop", 7, "crop_top")
    (source / "labels.json").write_text(before.to_json())
    (source / "products.csv").write_text(
        "image,labels,unknown_groups\n0.png,crop_7,line_neck\n1.png,crop_top,neck_line\n"
    )
    migrated = operate(before, "2", [Rename(label=7, new_id="top")])
    out = tmp_path / "out"
    convert_dataset(source, migrated, out)
    assert read_back(out) == [{"crop", "top"}, {"crop_top"}]
    groups = [photo.unknown_groups for photo in read_dataset(out).photos]
    assert groups == [{"neck", "line"}, {"neck_line"}]
    # And once more, of what was written.
    again = operate(migrated.after, "3", [Rename(label="crop_top", new_name="Cropped top")])
    convert_dataset(out, again, tmp_path / "again")
    assert read_back(tmp_path / "again") == [{"crop", "top"}, {"crop_top"}]


def test_a_dataset_of_a_supplier_is_migrated_as_it_is_trained_on(
    source: Path, tmp_path: Path
) -> None:
    before = space("crop", 7)
    (source / "labels.json").write_text(before.to_json())
    text = "Image;Labels;Brand\nimages\\0.PNG;7.0;Grün\n1;crop, 7;\n"
    (source / "products.csv").write_bytes(text.encode("cp1252"))
    out = tmp_path / "out"
    convert_dataset(source, operate(before, "2", [Rename(label=7, new_id="top")]), out)
    assert (out / "products.csv").read_text(encoding="utf-8") == (
        "image,labels,Brand\n../source/images/0.png,top,Grün\n../source/images/1.png,crop_top,\n"
    )


def test_nothing_is_written_where_labels_cannot_be(source: Path, tmp_path: Path) -> None:
    before = space("crop", 7, "crop_top", '["crop", "top"]')
    (source / "labels.json").write_text(before.to_json())
    (source / "products.csv").write_text("image,labels\n0.png,crop_7\n")
    tags = tmp_path / "tags.jsonl"
    tags.write_text('["crop", 7]\n')
    migrated = operate(before, "2", [Rename(label=7, new_id="top")])
    with pytest.raises(DataInvalid, match="'crop', 'top' cannot be written into one cell"):
        convert_all(migrated, tmp_path / "out", source, [tags])
    assert not (tmp_path / "out").exists()
