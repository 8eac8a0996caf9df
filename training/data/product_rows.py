"""Rows of any layout -> checked photos; a row with a problem yields no photo."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hangtag.label_space import LabelId, LabelSpace
from hangtag.near_names import name_hint
from hangtag.tables.spoilt_cells import is_spoilt
from training.data.dataset import Crop, Problem, ProductPhoto, groups_of, with_ancestors
from training.data.split import SPLIT_NAMES
from training.data.spoilt_ids import spoilt_problems
from training.data.unknown_names import UnknownNames

_CONFLICT = (
    "labels that exclude each other: correct the rows, or else their groups count as unknown with "
    "skip_bad=true"
)


@dataclass(frozen=True)
class ProductRow:
    """What a layout's reader makes of one photo's entry, before anything is checked.

    `where` differs from row to row; `image` is the name as written, `path` the file it was found
    to mean, if any; `photo_cause` is the cause of its being missing. Of a group in `unknown_groups`
    nothing is known but the labels that are given.
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
    photo_cause: str = ""


def check_rows(
    rows: Iterable[ProductRow], label_space: LabelSpace
) -> tuple[tuple[ProductPhoto, ...], tuple[Problem, ...]]:
    """Return the photos of the sound rows, and every problem of the others.

    Labels are closed upwards: a child given without its parent brings its ancestors with it. Of
    labels that exclude each other none is taken: their groups are unknown, and if no other label
    is left the row is left out.
    """
    problems: list[Problem] = []
    sound: dict[str, ProductPhoto] = {}
    unknown = UnknownNames(label_space)
    for row in rows:
        found = list(_row_problems(row, label_space, unknown))
        problems += found
        if row.path is not None and all(each.kind == "conflicting_labels" for each in found):
            photo = _photo(row, row.path, label_space)
            sound[row.where] = _leave_open(photo, _disputed(photo.labels, label_space), label_space)
    problems += _settle_disagreements(sound, label_space)
    problems += _leave_out_repetitions(sound)
    return tuple(photo for photo in sound.values() if photo.labels), tuple(problems)


def _row_problems(
    row: ProductRow, label_space: LabelSpace, unknown_names: UnknownNames
) -> Iterator[Problem]:
    unknown = [label_id for label_id in row.label_ids if label_id not in label_space]
    known = with_ancestors(set(row.label_ids) - set(unknown), label_space)
    if not row.image:
        yield Problem("malformed_row", row.where, "the row names no photo")
    elif row.path is None:
        detail = f"there is no photo {row.image!r}"
        yield Problem("missing_photo", row.where, detail, row.photo_cause)
    if unknown:
        detail = f"not in the label space: {', '.join(map(repr, unknown))}"
        cause = unknown_names.cause_of_label(unknown[0])
        yield Problem("unknown_label", row.where, detail, cause)
    if strange := sorted(name for name in row.unknown_groups if not label_space.has_group(name)):
        detail = f"no group of the label space: {', '.join(map(repr, strange))}"
        cause = unknown_names.cause_of_group(strange[0])
        yield Problem("unknown_group", row.where, detail, cause)
    if not row.label_ids:
        yield Problem("no_labels", row.where, "the row has no labels at all")
    if conflict := _conflict(known, label_space):
        yield Problem("conflicting_labels", row.where, conflict, _CONFLICT)
    if row.split and row.split.lower() not in SPLIT_NAMES:
        names = ", ".join(SPLIT_NAMES)
        cause = f"there is no split {row.split!r}; {name_hint(row.split, SPLIT_NAMES)}"
        detail = f"split {row.split!r} is none of {names}"
        yield Problem("unknown_split", row.where, detail, cause)


def _conflict(labels: Iterable[LabelId], label_space: LabelSpace) -> str:
    """Return what contradicts itself: several labels, given or implied, of an exclusive group."""
    conflicts = sorted(_conflicts(labels, label_space).items())
    return "; ".join(f"{' and '.join(ids)} exclude each other ({name})" for name, ids in conflicts)


def _disputed(labels: Iterable[LabelId], label_space: LabelSpace) -> frozenset[str]:
    return frozenset(_conflicts(labels, label_space))


def _conflicts(labels: Iterable[LabelId], label_space: LabelSpace) -> dict[str, list[str]]:
    by_group: dict[str, list[str]] = defaultdict(list)
    for label in (label_space.labels[label_space.index_of(label_id)] for label_id in labels):
        if label_space.group(label.group).exclusive:
            by_group[label.group].append(repr(label.id))
    return {name: sorted(ids) for name, ids in by_group.items() if len(ids) > 1}


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


def _leave_open(
    photo: ProductPhoto, groups: frozenset[str], label_space: LabelSpace
) -> ProductPhoto:
    """Return the photo with these groups unknown, and those of labels that are below theirs."""
    if not groups:
        return photo
    disputed = frozenset(
        label
        for label in photo.labels
        if groups & groups_of(with_ancestors([str(label)], label_space), label_space)
    )
    return replace(
        photo,
        labels=photo.labels - disputed,
        unknown_groups=photo.unknown_groups | groups | groups_of(disputed, label_space),
    )


def _settle_disagreements(
    photos: dict[str, ProductPhoto], label_space: LabelSpace
) -> Iterator[Problem]:
    """Leave open what the rows of a product disagree on: which is right is not ours to guess."""
    rows_by_product: dict[str, list[str]] = defaultdict(list)
    for where, photo in photos.items():
        rows_by_product[photo.product_id].append(where)
    for product_id, rows in rows_by_product.items():
        labels = frozenset().union(*(photos[where].labels for where in rows))
        conflict = _conflict(labels, label_space)
        if is_spoilt(product_id) and len(rows) > 1:
            yield from spoilt_problems(product_id, {where: photos[where] for where in rows})
        elif conflict:
            detail = f"the rows of product {product_id!r} disagree: {conflict}"
            yield Problem("conflicting_labels", ", ".join(rows), detail, _CONFLICT)
            groups = _disputed(labels, label_space)
            photos.update((w, _leave_open(photos[w], groups, label_space)) for w in rows)


def _leave_out_repetitions(photos: dict[str, ProductPhoto]) -> list[Problem]:
    first: dict[Path, str] = {}
    problems = []
    for where, photo in list(photos.items()):
        earlier = first.setdefault(photo.path, where)
        if earlier != where:
            detail = f"{photo.path.name} is already in {earlier}"
            problems.append(Problem("duplicated_row", where, detail))
            del photos[where]
    return problems
