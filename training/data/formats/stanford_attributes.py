"""The layout of *Stanford Clothing Attributes* (Chen, Gallagher, Girod, ECCV 2012): 1,856 photos.

https://purl.stanford.edu/tb980qz1002

- `labels/<attribute>_GT.mat`: `GT`, one value a photo, NaN where the six annotators did not agree.
  Of most attributes 1 is no and 2 is yes; category, gender, neckline and sleevelength have the
  values below, in the order of the paper's table 1.
- `images/000001.jpg` and on: the photo of the first value, and so on
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from hangtag.arrays import DoubleArray
from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label
from hangtag.tables.photo_finder import find_photo
from training.data.dataset import Dataset
from training.data.mat_files import read_numbers
from training.data.own_label_space import label_space_of
from training.data.product_rows import ProductRow, check_rows

LOOKED_FOR = "labels/<attribute>_GT.mat with images/000001.jpg, …"

_SUFFIX = "_GT.mat"
_VALUES = {
    "category": ("Shirt", "Sweater", "T-shirt", "Outerwear", "Suit", "Tank top", "Dress"),
    "gender": ("Male", "Female"),
    "neckline": ("V-shape", "Round", "Other"),
    "sleevelength": ("No sleeves", "Short sleeves", "Long sleeves"),
}
_COLOURS = (
    "black", "blue", "brown", "cyan", "gray", "green", "many_colors", "purple", "red", "white",
    "yellow",
)  # fmt: skip
_PATTERN = "pattern_"
_NO, _YES = 1, 2


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return any((folder / "labels").glob(f"*{_SUFFIX}"))


def read(folder: Path) -> Dataset:
    """Read the folder; labels have IDs such as `neckline:Round` and `colour:red`.

    Raises
    ------
    DataInvalid : if a .mat file is broken, has other values, or another number of them.
    """
    paths = sorted((folder / "labels").glob(f"*{_SUFFIX}"))
    columns = {path.name.removesuffix(_SUFFIX): _read_column(path) for path in paths}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise DataInvalid(
            f"{folder / 'labels'}: the files have {min(lengths):,} to {max(lengths):,} values "
            "where each should have one a photo; download them again."
        )
    labels = [label for attribute in columns for label in _labels(attribute)]
    names = dict.fromkeys(label.group for label in labels)
    groups = (Group(name=n, title=n.capitalize(), exclusive=n in _VALUES) for n in names)
    label_space = label_space_of(folder / "labels", groups, labels)
    photos, problems = check_rows(_rows(folder, columns, lengths.pop()), label_space)
    return Dataset(label_space, photos, problems, source="labels")


def _read_column(path: Path) -> DoubleArray:
    values = read_numbers(path, "GT")
    attribute = path.name.removesuffix(_SUFFIX)
    largest = len(_VALUES.get(attribute, (_NO, _YES)))
    strange = values[~np.isnan(values) & ~np.isin(values, range(1, largest + 1))]
    if len(strange):
        raise DataInvalid(
            f"{path}: the value {strange[0]:g} is none of 1 to {largest} and NaN (unknown)."
        )
    return values


def _labels(attribute: str) -> list[Label]:
    """Return the labels of an attribute: one for each value, or one that holds or does not."""
    if attribute in _VALUES:
        return [
            Label(id=f"{attribute}:{value}", name=value, group=attribute)
            for value in _VALUES[attribute]
        ]
    group, name = "detail", attribute
    if attribute in _COLOURS:
        group = "colour"
    elif attribute.startswith(_PATTERN):
        group, name = "pattern", attribute.removeprefix(_PATTERN)
    title = name.replace("_", " ").capitalize()
    return [Label(id=f"{group}:{name}", name=title, group=group)]


def _rows(folder: Path, columns: Mapping[str, DoubleArray], count: int) -> Iterator[ProductRow]:
    for row in range(count):
        image = f"{row + 1:06d}"
        values = {attribute: column[row] for attribute, column in columns.items()}
        unknown = [attribute for attribute, value in values.items() if np.isnan(value)]
        yield ProductRow(
            where=f"labels:{row + 1}",
            image=f"{image}.jpg",
            path=find_photo((folder / "images",), image),
            product_id=image,
            label_ids=tuple(
                str(label.id) for each, value in values.items() for label in _holding(each, value)
            ),
            unknown_groups=frozenset(unknown).intersection(_VALUES),
            unknown_labels=frozenset(
                str(label.id) for each in unknown if each not in _VALUES for label in _labels(each)
            ),
        )


def _holding(attribute: str, value: float) -> list[Label]:
    if np.isnan(value):
        return []
    if attribute in _VALUES:
        return [_labels(attribute)[int(value) - 1]]
    return _labels(attribute) if value == _YES else []
