"""The layout of *iMaterialist Challenge (Fashion) 2018*: 228 labels on a million photos.

https://www.kaggle.com/c/imaterialist-challenge-fashion-2018 (the json files) and
https://github.com/visipedia/imat_fashion_comp (the names of the labels)

- `train.json`, `validation.json`, or both: `images` [{imageId, url}], `annotations`
  [{imageId, labelId: [...]}]; the file's name is the split. (`test.json` has no labels: not read.)
- The photos, which everyone downloads from the URLs: `train/<imageId>.jpg`,
  `validation/<imageId>.jpg`, the same below `images/`, or `images/<imageId>.jpg`. Both files
  count from 1, so an ID that both have is not looked for in a folder that both would share.
- Optionally `*label_map*.csv` (labelId, labelName, taskName): the tasks become groups. Without
  it there is one group, and labels are named by their IDs.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, TypeAdapter

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelId, LabelSpace
from hangtag.tables.csv_table import read_csv
from hangtag.tables.photo_finder import find_photo
from training.data.csv_rows import rows_of
from training.data.dataset import Dataset, Problem
from training.data.json_files import read_json
from training.data.own_label_space import label_space_of
from training.data.product_rows import ProductRow, check_rows
from training.data.row_progress import show_progress

LOOKED_FOR = "train.json or validation.json (images, annotations) with images/<imageId>.jpg"

_SPLITS = ("train", "validation")
# How the first image or the first annotation begins: many sets have a train.json, COCO's among
# them with images and annotations of its own.
_FIRST_ENTRY = re.compile(
    rb"""
    "images"      \s* : \s* \[ \s* \{ [^{}]* "image_?[iI]d" \s* :
    | "annotations" \s* : \s* \[ \s* \{ [^{}]* "label_?[iI]d" \s* :
    """,
    re.VERBOSE,
)
_HEAD_BYTES = 1 << 16


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


_Id = Annotated[str, BeforeValidator(_as_text)]


class _Image(BaseModel):
    image_id: _Id = Field(validation_alias=AliasChoices("imageId", "image_id"))


class _Annotation(BaseModel):
    image_id: _Id = Field(validation_alias=AliasChoices("imageId", "image_id"))
    label_ids: list[_Id] = Field(validation_alias=AliasChoices("labelId", "label_id"))


class _Part(BaseModel):
    images: list[_Image]
    annotations: list[_Annotation]


_PART = TypeAdapter(_Part)


def matches(folder: Path) -> bool:
    """Whether the folder has this layout; of the json files only the first bytes are read."""
    return any(_is_of_the_set(folder / f"{split}.json") for split in _SPLITS)


def _is_of_the_set(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return _FIRST_ENTRY.search(file.read(_HEAD_BYTES)) is not None
    except OSError:  # reading it says why
        return True


def read(folder: Path) -> Dataset:
    """Read the folder; a label that a photo does not have does not hold.

    Raises
    ------
    DataInvalid : if a json file or the label map is not as the set has it.
    """
    paths = [folder / f"{split}.json" for split in _SPLITS]
    parts = {path: read_json(path, _PART) for path in paths if path.is_file()}
    label_space = _label_space(folder, parts.values())
    shared = _shared_ids(parts.values())
    rows = [row for path, part in parts.items() for row in _rows(path, part, shared)]
    photos, problems = check_rows(rows, label_space)
    unlabelled = [problem for path, part in parts.items() for problem in _unlabelled(path, part)]
    source = ", ".join(path.name for path in parts)
    return Dataset(label_space, photos, (*unlabelled, *problems), source)


def _label_space(folder: Path, parts: Iterable[_Part]) -> LabelSpace:
    maps = sorted(folder.glob("*label_map*.csv"))
    if len(maps) > 1:
        raise DataInvalid(f"{folder} has several label maps; keep one of {maps[0]}, {maps[1]}.")
    if maps:
        return _mapped_label_space(maps[0])
    ids = {label_id for part in parts for each in part.annotations for label_id in each.label_ids}
    labels = (
        Label(id=label_id, name=str(label_id), group="labels")
        for label_id in sorted(map(_own_id, ids), key=lambda own: (isinstance(own, str), own))
    )
    group = Group(name="labels", title="Labels")
    return label_space_of(folder / f"{_SPLITS[0]}.json", [group], labels)


def _mapped_label_space(path: Path) -> LabelSpace:
    rows, malformed = rows_of(read_csv(path, required=("labelId", "labelName", "taskName")))
    if malformed:
        raise DataInvalid(f"{path.parent / malformed[0].where}: {malformed[0].detail}.")
    names = dict.fromkeys(row["taskName"] for row in rows)
    groups = [Group(name=name, title=name.capitalize()) for name in names]
    labels = (
        Label(id=_own_id(row["labelId"]), name=row["labelName"], group=row["taskName"])
        for row in rows
    )
    return label_space_of(path, groups, labels)


def _own_id(text: str) -> LabelId:
    return int(text) if text.isdecimal() and str(int(text)) == text else text


def _shared_ids(parts: Iterable[_Part]) -> set[str]:
    ids = [{each.image_id for each in part.annotations} for part in parts]
    return set.intersection(*ids) if len(ids) > 1 else set()


def _rows(path: Path, part: _Part, shared: set[str]) -> Iterator[ProductRow]:
    split, folder = path.stem, path.parent
    own = (folder / split, folder / "images" / split)
    annotations = show_progress(part.annotations, f"Looking for the photos of {path.name}")
    for number, annotation in enumerate(annotations):
        image_id = annotation.image_id
        folders = own if image_id in shared else (*own, folder / "images")
        yield ProductRow(
            where=f"{path.name}:annotations.{number}",
            image=f"{image_id}.jpg",
            path=find_photo(folders, f"{image_id}.jpg"),
            product_id=f"{split}:{image_id}",
            label_ids=tuple(dict.fromkeys(annotation.label_ids)),
            split=split,
        )


def _unlabelled(path: Path, part: _Part) -> Iterator[Problem]:
    labelled = {annotation.image_id for annotation in part.annotations}
    for number, image in enumerate(part.images):
        if image.image_id not in labelled:
            detail = f"there is no annotation of the image {image.image_id!r}"
            yield Problem("no_labels", f"{path.name}:images.{number}", detail)
