"""Rows of any layout -> checked photos; a row with a problem yields no photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.label_space import LabelId, LabelSpace
from training.data.catalogue import Crop, Problem, ProductPhoto, groups_of, with_ancestors
from training.data.split import SPLIT_NAMES

_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".JPG", ".JPEG", ".PNG", ".WEBP")


@dataclass(frozen=True)
class ProductRow:
    """What a layout's reader makes of one photo's entry, before anything is checked.

    `where` differs from row to row; `image` is the name as written, `path` the file it was found
    to mean, if any. Of a group in `unknown_groups` nothing is known but the labels that are given.
    """

    where: str
    image: str
    path: Path | None
    product_id: str
    label_ids: tuple[str, ...]
    title: str = ""
    description: str = ""
    unknown_groups: frozenset[str] = frozenset()
    split: str = ""
    unknown_labels: frozenset[str] = frozenset()
    crop: Crop | None = None


def find_photo(folders: Sequence[Path], image: str) -> Path | None:
    """Return the file that an image cell means, with or without its extension."""
    if not image:
        return None
    names = [image, *(image + suffix for suffix in _PHOTO_SUFFIXES)]
    paths = (folder / name for name in names for folder in folders)
    return next((path for path in paths if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a whole URL or sentence in the cell is too long for a file name
        return False


def split_cell(cell: str, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the keys that `_` joins; where keys contain `_` themselves, the longest wins."""
    pieces = cell.split("_") if cell else []
    keys = []
    while pieces:
        sizes = range(len(pieces), 0, -1)
        size = next((n for n in sizes if is_known("_".join(pieces[:n]).strip())), 1)
        keys.append("_".join(pieces[:size]).strip())
        pieces = pieces[size:]
    return tuple(keys)


def check_rows(
    rows: Iterable[ProductRow], label_space: LabelSpace
) -> tuple[tuple[ProductPhoto, ...], tuple[Problem, ...]]:
    """Return the photos of the sound rows, and every problem of the others.

    Labels are closed upwards: a child given without its parent brings its ancestors with it.
    """
    problems: list[Problem] = []
    sound: dict[str, ProductPhoto] = {}
    for row in rows:
        found = list(_row_problems(row, label_space))
        problems += found
        if not found and row.path is not None:
            sound[row.where] = _photo(row, row.path, label_space)
    for check in (_disagreements, _repetitions):
        for problem, left_out in check(sound, label_space):
            problems.append(problem)
            for where in left_out:
                del sound[where]
    return tuple(sound.values()), tuple(problems)


def _row_problems(row: ProductRow, label_space: LabelSpace) -> Iterator[Problem]:
    unknown = [label_id for label_id in row.label_ids if label_id not in label_space]
    known = with_ancestors(set(row.label_ids) - set(unknown), label_space)
    if not row.image:
        yield Problem("malformed_row", row.where, "the row names no photo")
    elif row.path is None:
        yield Problem("missing_photo", row.where, f"there is no photo {row.image!r}")
    if unknown:
        listed = ", ".join(map(repr, unknown))
        yield Problem("unknown_label", row.where, f"not in the label space: {listed}")
    if strange := sorted(name for name in row.unknown_groups if not label_space.has_group(name)):
        listed = ", ".join(map(repr, strange))
        yield Problem("unknown_group", row.where, f"no group of the label space: {listed}")
    if not row.label_ids:
        yield Problem("no_labels", row.where, "the row has no labels at all")
    if conflict := _conflict(known, label_space):
        yield Problem("conflicting_labels", row.where, conflict)
    if row.split and row.split.lower() not in SPLIT_NAMES:
        names = ", ".join(SPLIT_NAMES)
        yield Problem("unknown_split", row.where, f"split {row.split!r} is none of {names}")


def _conflict(labels: Iterable[LabelId], label_space: LabelSpace) -> str:
    """Return what contradicts itself: several labels, given or implied, of an exclusive group."""
    by_group: dict[str, list[str]] = defaultdict(list)
    for label in (label_space.labels[label_space.index_of(label_id)] for label_id in labels):
        if label_space.group(label.group).exclusive:
            by_group[label.group].append(repr(label.id))
    conflicts = sorted((name, sorted(ids)) for name, ids in by_group.items() if len(ids) > 1)
    return "; ".join(f"{' and '.join(ids)} exclude each other ({name})" for name, ids in conflicts)


def _photo(row: ProductRow, path: Path, label_space: LabelSpace) -> ProductPhoto:
    labels = with_ancestors(row.label_ids, label_space)
    decided = {n for n in groups_of(labels, label_space) if label_space.group(n).exclusive}
    unknown = (label_space.labels[label_space.index_of(each)] for each in row.unknown_labels)
    return ProductPhoto(
        path=path,
        product_id=row.product_id or row.image,
        title=row.title,
        description=row.description,
        labels=labels,
        unknown_groups=row.unknown_groups - decided,
        split=SPLIT_NAMES[row.split.lower()] if row.split else None,
        unknown_labels=frozenset(label.id for label in unknown if label.group not in decided),
        crop=row.crop,
    )


_LeftOut = list[tuple[Problem, list[str]]]


def _disagreements(photos: dict[str, ProductPhoto], label_space: LabelSpace) -> _LeftOut:
    """Products whose rows exclude each other: which row is right is not ours to guess."""
    rows_by_product: dict[str, list[str]] = defaultdict(list)
    for where, photo in photos.items():
        rows_by_product[photo.product_id].append(where)
    found = []
    for product_id, rows in rows_by_product.items():
        if conflict := _conflict(frozenset().union(*(photos[w].labels for w in rows)), label_space):
            detail = f"the rows of product {product_id!r} disagree: {conflict}"
            found.append((Problem("conflicting_labels", ", ".join(rows), detail), rows))
    return found


def _repetitions(photos: dict[str, ProductPhoto], _: LabelSpace) -> _LeftOut:
    first: dict[Path, str] = {}
    found = []
    for where, photo in photos.items():
        earlier = first.setdefault(photo.path, where)
        if earlier != where:
            detail = f"{photo.path.name} is already in {earlier}"
            found.append((Problem("duplicated_row", where, detail), [where]))
    return found
