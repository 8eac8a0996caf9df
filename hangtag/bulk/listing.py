"""What is to be tagged: a folder of photos, or the rows of a csv or parquet file."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import abspath, normpath
from pathlib import Path

from hangtag.errors import DataInvalid, ImageMissing, RequestError, RequestFailed
from hangtag.tables.csv_table import MalformedRow, Table, TableRow
from hangtag.tables.photo_finder import PhotoFinder, find_photo
from hangtag.tables.photo_names import PHOTO_SUFFIX
from hangtag.tables.product_ids import with_product_ids
from hangtag.tables.product_table import SEPARATOR, TABLES, read_product_table

PRODUCTS = "products.csv"
_MAX_ID = 256


@dataclass(frozen=True)
class ListedProduct:
    """A product whose photos are not read yet.

    photos : path -> as it was written
    fault : what is wrong with its row; such a product is not tagged, as a photo too few would give
        other tags
    """

    product_id: str
    photos: Mapping[Path, str]
    title: str | None = None
    description: str | None = None
    fault: RequestFailed | None = None


@dataclass(frozen=True)
class Listing:
    """The products of an input, how many of its files are not photos, and what to say of it."""

    products: tuple[ListedProduct, ...]
    left_out: int = 0
    remarks: tuple[str, ...] = ()


def require_source(source: Path) -> None:
    """Check that there is something to read.

    Raises
    ------
    DataInvalid : if there is not.
    """
    if not source.exists():
        raise DataInvalid(f"{source} is not there; name a folder of photos, a csv or a parquet.")


def list_products(source: Path) -> Listing:
    """Return the products of a folder, or of a csv or parquet file.

    In a folder, each photo is a product of its own, called as the file without its extension; a
    folder in it is one product with all photos that lie in it. A folder that holds products.csv is
    read by that. In a table, rows of one product_id are one product.

    Raises
    ------
    DataInvalid : if there is nothing to tag, or the file cannot be read.
    """
    require_source(source)
    if source.is_dir() and (source / PRODUCTS).is_file():
        source = source / PRODUCTS
    if source.is_dir():
        return _of_folder(source)
    if source.suffix.lower() not in TABLES:
        raise DataInvalid(
            f"{source} is neither a folder nor a file whose name ends in {' or '.join(TABLES)}."
        )
    return _of_table(source.name, read_product_table(source), Path(abspath(source.parent)))  # noqa: PTH100  (links stay links)


def _of_folder(folder: Path) -> Listing:
    files = sorted(_files_in(folder))
    photos = [path for path in files if PHOTO_SUFFIX.search(path.name)]
    if not photos:
        raise DataInvalid(f"There are no photos in {folder}; name a folder that has some.")
    alone = [path for path in photos if path.parent == folder]
    stems = Counter(path.stem for path in alone)
    products = [
        ListedProduct(path.stem if stems[path.stem] == 1 else path.name, {path: path.name})
        for path in alone
    ]
    by_folder: dict[Path, dict[Path, str]] = {}
    for path in photos:
        if path.parent != folder:
            by_folder.setdefault(path.parent, {})[path] = path.relative_to(folder).as_posix()
    products += [
        ListedProduct(parent.relative_to(folder).as_posix(), own)
        for parent, own in by_folder.items()
    ]
    return Listing(tuple(products), left_out=len(files) - len(photos))


def _files_in(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the files below a folder, also by links, but for hidden ones."""
    real = os.path.realpath(folder)
    # A link may lead back to where it lies.
    if real in above:
        return
    for path in folder.iterdir():
        # What macOS and other tools put beside photos.
        if path.name[0] == ".":
            continue
        if path.is_dir():
            yield from _files_in(path, (*above, real))
        elif path.is_file():
            yield path


def _of_table(name: str, table: Table, folder: Path) -> Listing:
    rows, remarks = with_product_ids(table.rows)
    folders = (folder / "images", folder)
    named = [_photo_names(row["image"], folders) for row in rows]
    finder = PhotoFinder(folders, [each for names in named for each in names])
    # A row without an ID is a product of its own, and so is one that cannot be read.
    listed = [
        (row.where, row["product_id"] or f"\0{row.where}", _of_row(row, names, finder, folder))
        for row, names in zip(rows, named, strict=True)
    ]
    listed += [(row.where, f"\0{row.where}", _unread(row)) for row in table.malformed]
    by_id: dict[str, list[ListedProduct]] = {}
    for _, key, product in sorted(listed, key=_line):
        by_id.setdefault(key, []).append(product)
    remarks += finder.remarks()
    return Listing(
        tuple(map(_joined, by_id.values())),
        remarks=(*table.remarks, *(f"{name}: {text}" for text in remarks)),
    )


def _line(listed: tuple[str, str, ListedProduct]) -> int:
    return int(listed[0].rpartition(":")[2])


def _unread(row: MalformedRow) -> ListedProduct:
    fault = RequestError(f"{row.detail[:1].upper()}{row.detail[1:]}; {row.cause}.")
    return ListedProduct(row.where, {}, fault=fault)


def _photo_names(cell: str, folders: Iterable[Path]) -> list[str]:
    if SEPARATOR not in cell or find_photo(tuple(folders), cell):
        return [cell] if cell else []
    return [name for part in cell.split(SEPARATOR) if (name := part.strip())]


def _of_row(
    row: TableRow, names: Iterable[str], finder: PhotoFinder, folder: Path
) -> ListedProduct:
    found = {name: finder.find(name) for name in names}
    faults = [_fault(name, path, finder, folder) for name, path in found.items()]
    if not found:
        faults = [ImageMissing("The row names no photo.")]
    return ListedProduct(
        product_id=row["product_id"] or _short(row["image"]) or row.where,
        photos={path or Path(name): name for name, path in found.items()},
        title=row["title"] or None,
        description=row["description"] or None,
        fault=next(filter(None, faults), None),
    )


def _short(cell: str) -> str:
    """Return a cell that may be an ID of the REST contract, else nothing."""
    return cell if len(cell) <= _MAX_ID else ""


def _fault(name: str, path: Path | None, finder: PhotoFinder, folder: Path) -> ImageMissing | None:
    if path is None:
        return ImageMissing(f"There is no photo {name!r}: {finder.why_missing(name)}.")
    # Tables come from other people.
    if not Path(normpath(path)).is_relative_to(folder):
        return ImageMissing(f"The photo {name!r} lies outside the table's folder; lay it in there.")
    return None


def _joined(rows: Sequence[ListedProduct]) -> ListedProduct:
    """Return the one product that the rows of one ID are."""
    return replace(
        rows[0],
        photos={path: name for row in rows for path, name in row.photos.items()},
        title=next((row.title for row in rows if row.title), None),
        description=next((row.description for row in rows if row.description), None),
        fault=next((row.fault for row in rows if row.fault), None),
    )
