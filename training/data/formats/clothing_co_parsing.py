"""The layout of *Clothing Co-Parsing* (Yang, Luo, Lin, CVPR 2014): 2,098 photos, 58 tags.

https://github.com/bearpaw/clothing-co-parsing

- `label_list.mat`: `label_list`, the names; the first is `null`, which is the background
- `annotations/image-level/NNNN.mat`: `tags`, the numbers of a photo's tags
- `annotations/pixel-level/NNNN.mat`: `groundtruth`, the number of each pixel; what occurs is a
  tag. (The original has 1,094 files of the first kind and 1,004 of the second.)
- `photos/NNNN.jpg`

Numbers count from 0, as in the authors' show_image_anno.m: number 0 is `null`.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label
from hangtag.tables.photo_finder import find_photo
from training.data.dataset import Dataset
from training.data.mat_files import read_numbers, read_texts
from training.data.own_label_space import label_space_of
from training.data.product_rows import ProductRow, check_rows
from training.data.row_progress import show_progress

LOOKED_FOR = "label_list.mat and annotations/image-level/NNNN.mat with photos/NNNN.jpg"

_BACKGROUND = 0
_GROUP = Group(name="tag", title="Tag")
_LEVELS = {"image-level": "tags", "pixel-level": "groundtruth"}


def matches(folder: Path) -> bool:
    """Whether the folder has this layout, complete or not."""
    levels = ((folder / "annotations" / level).is_dir() for level in _LEVELS)
    return (folder / "label_list.mat").is_file() or any(levels)


def read(folder: Path) -> Dataset:
    """Read the folder; a tag's name is its ID.

    Raises
    ------
    DataInvalid : if a .mat file is missing or broken, or there are no annotations.
    """
    names = read_texts(folder / "label_list.mat", "label_list")
    labels = (Label(id=name, name=name.capitalize(), group=_GROUP.name) for name in names[1:])
    label_space = label_space_of(folder / "label_list.mat", [_GROUP], labels)
    files = list(chain.from_iterable(_annotations(folder, level) for level in _LEVELS))
    if not files:
        raise DataInvalid(f"{folder / 'annotations'} holds no .mat files; download it again.")
    photos, problems = check_rows(_rows(folder, files, names), label_space)
    return Dataset(label_space, photos, problems, source="annotations")


def _annotations(folder: Path, level: str) -> list[Path]:
    return sorted((folder / "annotations" / level).glob("*.mat"))


def _rows(folder: Path, files: list[Path], names: list[str]) -> Iterator[ProductRow]:
    for path in show_progress(files, "Reading annotations"):
        numbers = np.unique(read_numbers(path, _LEVELS[path.parent.name]))
        tags = numbers[numbers != _BACKGROUND].tolist()
        yield ProductRow(
            where=path.relative_to(folder).as_posix(),
            image=f"{path.stem}.jpg",
            path=find_photo((folder / "photos",), path.stem),
            product_id=path.stem,
            label_ids=tuple(_tag(number, names) for number in tags),
        )


def _tag(number: float, names: list[str]) -> str:
    is_listed = number.is_integer() and 0 < number < len(names)
    return names[int(number)] if is_listed else f"number {number:g}"
