"""The layout of *Fashion Product Images (Small)*: `styles.csv` and `images/<id>.jpg`.

https://www.kaggle.com/datasets/paramaggarwal/fashion-product-images-small
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from hangtag.label_space import Group, Label, LabelSpace
from hangtag.tables.csv_table import TableRow, read_csv
from hangtag.tables.photo_finder import PhotoFinder
from training.data.csv_rows import rows_of
from training.data.dataset import Dataset, with_ancestors
from training.data.product_rows import ProductRow, check_rows
from training.data.remarks import remark
from training.data.row_progress import show_progress

LOOKED_FOR = "styles.csv (id, gender, masterCategory, …) with images/<id>.jpg"

_GROUPS = (
    Group(name="masterCategory", title="Master category", exclusive=True),
    Group(name="subCategory", title="Sub-category", exclusive=True, parent="masterCategory"),
    Group(name="articleType", title="Article type", exclusive=True, parent="subCategory"),
    Group(name="gender", title="Gender", exclusive=True),
    Group(name="baseColour", title="Base colour", exclusive=True),
    Group(name="season", title="Season", exclusive=True),
    Group(name="usage", title="Usage", exclusive=True),
)
_TITLE = "productDisplayName"
_REQUIRED = ("id", *(group.name for group in _GROUPS), _TITLE)
_UNKNOWN = ("", "NA")


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return (folder / "styles.csv").is_file()


def read(folder: Path) -> Dataset:
    """Read the folder; the label space is what occurs in it, with IDs such as `season:Fall`.

    A label's parent is the one it most often occurs with. Rows that say otherwise get that
    parent too: the more specific cell decides (in the original, 'Sandals' are now and then
    under 'Shoes'), so that every photo's labels agree with the hierarchy.

    Raises
    ------
    DataInvalid : if styles.csv is no csv file with the columns of that set.
    """
    rows, malformed = rows_of(read_csv(folder / "styles.csv", _REQUIRED, overflow=_TITLE))
    label_space = _label_space(rows)
    finder = PhotoFinder((folder / "images",), (_photo_name(row) for row in rows))
    product_rows = (_product_row(row, finder, label_space) for row in show_progress(rows))
    photos, problems = check_rows(product_rows, label_space)
    for text in finder.remarks():
        remark(f"styles.csv: {text}")
    return Dataset(label_space, photos, (*malformed, *problems), source="styles.csv")


def _label_space(rows: list[TableRow]) -> LabelSpace:
    labels = [label for group in _GROUPS for label in _labels_of(group, rows)]
    return LabelSpace(version="styles.csv", groups=_GROUPS, labels=tuple(labels))


def _labels_of(group: Group, rows: list[TableRow]) -> Iterator[Label]:
    parents = _parents(group, rows) if group.parent else {}
    for name in sorted({row[group.name] for row in rows}.difference(_UNKNOWN)):
        parent = parents.get(name)
        yield Label(
            id=f"{group.name}:{name}",
            name=name,
            group=group.name,
            parent=f"{group.parent}:{parent}" if parent else None,
        )


def _parents(group: Group, rows: list[TableRow]) -> dict[str, str]:
    """Return each name's most frequent parent; of equals, the more frequent one in all rows."""
    together: dict[str, Counter[str]] = defaultdict(Counter)
    overall: Counter[str] = Counter()
    for row in rows:
        if (parent := row[group.parent or ""]) not in _UNKNOWN:
            together[row[group.name]][parent] += 1
            overall[parent] += 1
    return {
        name: max(counts, key=lambda parent: (counts[parent], overall[parent], parent))
        for name, counts in together.items()
    }


def _photo_name(row: TableRow) -> str:
    return row["id"] + ".jpg" if row["id"] else ""


def _product_row(row: TableRow, finder: PhotoFinder, label_space: LabelSpace) -> ProductRow:
    known: dict[str, str] = {}
    for group in reversed(_GROUPS):  # children before parents
        if group.name not in known and row[group.name] not in _UNKNOWN:
            for label_id in with_ancestors([f"{group.name}:{row[group.name]}"], label_space):
                known[str(label_id).split(":")[0]] = str(label_id)
    path = finder.find(_photo_name(row))
    return ProductRow(
        where=row.where,
        image=row["id"],
        path=path,
        photo_cause="" if path else finder.why_missing(_photo_name(row)),
        product_id=row["id"],
        label_ids=tuple(known.values()),
        title=row[_TITLE],
        unknown_groups=frozenset(group.name for group in _GROUPS if group.name not in known),
    )
