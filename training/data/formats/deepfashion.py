"""The layout of *DeepFashion: Category and Attribute Prediction* (Liu et al., CVPR 2016).

https://mmlab.ie.cuhk.edu.hk/projects/DeepFashion/AttributePrediction.html

- `Anno/` (`Anno_coarse/` in the later release): `list_category_cloth.txt` (50 categories, each of
  type 1 upper, 2 lower or 3 full body), `list_category_img.txt`, `list_attr_cloth.txt` (1,000
  attributes of 5 types), `list_attr_img.txt` (1 holds, -1 does not, 0 unknown), `list_bbox.txt`
- `Eval/list_eval_partition.txt` (train, val, test)
- the photos that the lists name, `img/<folder>/<photo>.jpg`, here or below `Img/`

Photos are cropped to their box, unless it does not lie within the photo. Photos of one folder
show one style of garment and lie in all three parts of the official partition: they are not taken
for photos of one product, or hardly one would be left to learn from.
"""

from collections.abc import Iterator
from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelSpace
from hangtag.tables.photo_finder import find_photo
from training.data.dataset import Dataset
from training.data.formats.deepfashion_lists import PhotoLists, read_cells, read_names
from training.data.own_label_space import label_space_of
from training.data.product_rows import ProductRow, check_rows

LOOKED_FOR = (
    "Anno/list_category_cloth.txt, list_category_img.txt, list_attr_cloth.txt, list_attr_img.txt, "
    "list_bbox.txt and Eval/list_eval_partition.txt with img/"
)

_FOLDERS = ("Anno", "Anno_coarse")
_BODY_PARTS = {1: "upper body", 2: "lower body", 3: "full body"}
_ATTRIBUTE_TYPES = {1: "texture", 2: "fabric", 3: "shape", 4: "part", 5: "style"}
_GROUPS = (
    Group(name="bodyPart", title="Body part", exclusive=True),
    Group(name="category", title="Category", exclusive=True, parent="bodyPart"),
    *(Group(name=name, title=name.capitalize()) for name in _ATTRIBUTE_TYPES.values()),
)


def matches(folder: Path) -> bool:
    """Whether the folder has this layout, complete or not."""
    return any(any((folder / name).glob("list_*_cloth.txt")) for name in _FOLDERS)


def read(folder: Path) -> Dataset:
    """Read the folder.

    Raises
    ------
    DataInvalid : if one of the six lists is missing, cut short, or not as the set has it.
    """
    anno = next(folder / name for name in _FOLDERS if (folder / name).is_dir())
    categories = _labels(anno / "list_category_cloth.txt", _BODY_PARTS)
    columns = _labels(anno / "list_attr_cloth.txt", _ATTRIBUTE_TYPES)
    label_space = _label_space(anno, categories, columns)
    lists = PhotoLists.read(
        attributes=anno / "list_attr_img.txt",
        boxes=anno / "list_bbox.txt",
        partition=folder / "Eval" / "list_eval_partition.txt",
        columns=[f"{group}:{name}" for name, group in columns],
    )
    names = [name for name, _ in categories]
    photos, problems = check_rows(_rows(folder, anno, names, lists), label_space)
    return Dataset(label_space, photos, problems, source="list_category_img.txt")


def _labels(path: Path, types: dict[int, str]) -> list[tuple[str, str]]:
    """Return the name and the type's name of each entry."""
    entries = read_names(path)
    for name, kind in entries:
        if kind not in types:
            raise DataInvalid(f"{path}: {name!r} has the type {kind}; {min(types)} to {max(types)} "
                              "are known.")  # fmt: skip
    return [(name, types[kind]) for name, kind in entries]


def _label_space(
    anno: Path, categories: list[tuple[str, str]], columns: list[tuple[str, str]]
) -> LabelSpace:
    tops = [
        Label(id=f"bodyPart:{part}", name=part.capitalize(), group="bodyPart")
        for part in _BODY_PARTS.values()
    ]
    middle = [
        Label(id=f"category:{name}", name=name, group="category", parent=f"bodyPart:{part}")
        for name, part in categories
    ]
    # A name that two columns of one type share is one label.
    attributes = [
        Label(id=f"{group}:{name}", name=name, group=group)
        for name, group in dict.fromkeys(columns)
    ]
    return label_space_of(anno / "list_category_cloth.txt", _GROUPS, [*tops, *middle, *attributes])


def _rows(folder: Path, anno: Path, names: list[str], lists: PhotoLists) -> Iterator[ProductRow]:
    for number, image, (cell,) in read_cells(anno / "list_category_img.txt", cell_count=1):
        is_listed = cell.isdecimal() and 1 <= int(cell) <= len(names)
        known = image in lists.holding
        yield ProductRow(
            where=f"list_category_img.txt:{number}",
            image=image,
            path=find_photo((folder, folder / "Img"), image),
            product_id=image,
            label_ids=(
                f"category:{names[int(cell) - 1] if is_listed else cell}",
                *sorted(lists.holding.get(image, ())),
            ),
            description=Path(image).parent.name.replace("_", " "),
            unknown_groups=frozenset() if known else frozenset(_ATTRIBUTE_TYPES.values()),
            unknown_labels=lists.unknown.get(image, frozenset()),
            split=lists.splits.get(image, ""),
            crop=lists.crops.get(image),
        )
