"""What is to be tagged: a folder of photos, or the rows of a csv or parquet file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import abspath, normpath
from pathlib import Path

from hangtag.bulk.tables import TABLES, read_table
from hangtag.errors import DataInvalid
from hangtag.near_names import name_hint

PRODUCTS = "products.csv"
PHOTOS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
)
# Of a cell that names several photos.
_SEPARATOR = ";"


@dataclass(frozen=True)
class ListedProduct:
    """A product whose photos are not read yet; `names` are those photos as they were written.

    It has names and no photos if one of them lies outside the table's folder.
    """

    product_id: str
    photos: tuple[Path, ...]
    names: tuple[str, ...]
    title: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Listing:
    """The products of an input, and how many of its files are not photos."""

    products: tuple[ListedProduct, ...]
    left_out: int = 0


def list_products(source: Path) -> Listing:
    """Return the products of a folder, or of a csv or parquet file.

    In a folder, each photo is a product of its own, called as the file without its extension; a
    folder in it is one product with all photos that lie in it. A folder that holds products.csv is
    read by that.

    Raises
    ------
    DataInvalid : if there is nothing to tag, or the file cannot be read.
    """
    if not source.exists():
        raise DataInvalid(f"{source} is not there; name a folder of photos, a csv or a parquet.")
    if source.is_dir() and (source / PRODUCTS).is_file():
        source = source / PRODUCTS
    if source.is_dir():
        return _of_folder(source)
    if source.suffix.lower() not in TABLES:
        raise DataInvalid(
            f"{source} is neither a folder nor a file whose name ends in {' or '.join(TABLES)}."
        )
    products = tuple(_of_rows(source, read_table(source)))
    if not products:
        raise DataInvalid(f"{source} has no rows.")
    return Listing(products)


def _of_folder(folder: Path) -> Listing:
    files = sorted(
        path
        for path in folder.rglob("*")
        # What macOS and other tools put beside photos.
        if path.is_file() and not any(part[0] == "." for part in path.relative_to(folder).parts)
    )
    photos = [path for path in files if path.suffix.lower() in PHOTOS]
    if not photos:
        raise DataInvalid(f"There are no photos in {folder}; name a folder that has some.")
    alone = [path for path in photos if path.parent == folder]
    stems = Counter(path.stem for path in alone)
    products = [
        ListedProduct(path.stem if stems[path.stem] == 1 else path.name, (path,), (path.name,))
        for path in alone
    ]
    products += [_of_subfolder(folder, parent, photos) for parent in _subfolders(folder, photos)]
    return Listing(tuple(products), left_out=len(files) - len(photos))


def _subfolders(folder: Path, photos: Iterable[Path]) -> list[Path]:
    return [parent for parent in dict.fromkeys(map(_parent, photos)) if parent != folder]


def _parent(path: Path) -> Path:
    return path.parent


def _of_subfolder(folder: Path, subfolder: Path, photos: Iterable[Path]) -> ListedProduct:
    own = tuple(path for path in photos if path.parent == subfolder)
    names = tuple(path.relative_to(folder).as_posix() for path in own)
    return ListedProduct(subfolder.relative_to(folder).as_posix(), own, names)


def _of_rows(source: Path, rows: Sequence[Mapping[str, str]]) -> Iterator[ListedProduct]:
    """Yield the products of rows; those of one product_id are one product."""
    if rows and "image" not in rows[0]:
        raise DataInvalid(f"{source} lacks the column image; {name_hint('image', rows[0])}.")
    # Not resolved: folders of photos are made of links.
    folder = Path(abspath(source.parent))  # noqa: PTH100
    by_id: dict[str, ListedProduct] = {}
    for number, row in enumerate(rows):
        product = _of_row(folder, row)
        # A row without an ID is a product of its own.
        key = row.get("product_id") or f"\0{number}"
        known = by_id.get(key)
        by_id[key] = product if known is None else _joined(known, product)
    yield from by_id.values()


def _joined(first: ListedProduct, second: ListedProduct) -> ListedProduct:
    return replace(first, photos=first.photos + second.photos, names=first.names + second.names)


def _of_row(folder: Path, row: Mapping[str, str]) -> ListedProduct:
    cell = row["image"]
    whole = _find(folder, cell)
    names = [cell] if whole else [part.strip() for part in cell.split(_SEPARATOR)]
    names = [name for name in names if name]
    photos = [_find(folder, name) or _beside(folder, name) for name in names]
    return ListedProduct(
        product_id=row.get("product_id") or cell,
        # A photo too few would give other tags: rather none.
        photos=tuple(photo for photo in photos if photo) if all(photos) else (),
        names=tuple(names),
        title=row.get("title") or None,
        description=row.get("description") or None,
    )


def _find(folder: Path, name: str) -> Path | None:
    """Return a file in `images/` or beside the table; None if there is none inside the folder."""
    paths = (_beside(folder, f"images/{name}"), _beside(folder, name))
    return next((path for path in paths if name and path and path.is_file()), None)


def _beside(folder: Path, name: str) -> Path | None:
    """Return where a file would lie; None if that is outside: tables come from other people."""
    path = Path(normpath(folder / name))
    return path if path.is_relative_to(folder) else None
