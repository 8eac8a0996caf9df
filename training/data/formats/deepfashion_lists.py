"""The text files of DeepFashion: a count, a line that names the columns, and one line an entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from hangtag.errors import DataInvalid
from training.data.dataset import Crop
from training.data.row_progress import show_progress

_HOLDS, _FAILS, _UNKNOWN = "1", "-1", "0"


@dataclass(frozen=True)
class PhotoLists:
    """What the lists say of each photo, by its name; a photo may be missing in any of them.

    holding, unknown : label IDs of the attributes that hold, and of those nobody has judged
    crops : the boxes
    splits : train, val or test
    """

    holding: dict[str, frozenset[str]]
    unknown: dict[str, frozenset[str]]
    crops: dict[str, Crop]
    splits: dict[str, str]

    @classmethod
    def read(
        cls, attributes: Path, boxes: Path, partition: Path, columns: Sequence[str]
    ) -> PhotoLists:
        """Read the lists; `columns` are the label IDs of the attributes, in their order.

        Raises
        ------
        DataInvalid : if a list cannot be read, is cut short, or has other values.
        """
        holding, unknown = _read_attributes(attributes, columns)
        splits = {image: split for _, image, (split,) in read_cells(partition, cell_count=1)}
        return cls(holding, unknown, _read_crops(boxes), splits)


def read_names(path: Path) -> list[tuple[str, int]]:
    """Return the entries of a list of classes: a name, in which spaces may be, and its type.

    Raises
    ------
    DataInvalid : if the file cannot be read, or is not of this form.
    """
    entries = []
    for number, line in _entries(path):
        name, *kind = line.rsplit(maxsplit=1)
        if not kind or not kind[0].isdecimal():
            raise DataInvalid(f"{path}, line {number}: {line!r} is not a name and a type.")
        entries.append((name, int(kind[0])))
    return entries


def read_cells(path: Path, cell_count: int) -> Iterator[tuple[int, str, list[str]]]:
    """Yield (line number, photo's name, cells) of a list of photos.

    Raises
    ------
    DataInvalid : if the file cannot be read, or a line has another number of cells.
    """
    for number, line in _entries(path):
        image, *cells = line.split()
        if len(cells) != cell_count:
            raise DataInvalid(
                f"{path}, line {number}: {len(cells):,} values follow the photo's name where "
                f"{cell_count:,} should; download the file again."
            )
        yield number, image, cells


def _read_attributes(
    path: Path, columns: Sequence[str]
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Return the label IDs that hold and those that are unknown, of each photo."""
    holding, unknown = {}, {}
    for number, image, cells in read_cells(path, len(columns)):
        if strange := set(cells) - {_HOLDS, _FAILS, _UNKNOWN}:
            raise DataInvalid(
                f"{path}, line {number}: {min(strange)!r} is none of 1, -1 and 0 (unknown)."
            )
        holding[image] = frozenset(compress(columns, (cell == _HOLDS for cell in cells)))
        unknown[image] = frozenset(compress(columns, (cell == _UNKNOWN for cell in cells)))
    return holding, unknown


def _read_crops(path: Path) -> dict[str, Crop]:
    crops = {}
    for number, image, cells in read_cells(path, cell_count=4):
        if not all(cell.lstrip("-").isdecimal() for cell in cells):
            raise DataInvalid(f"{path}, line {number}: a box is four whole numbers of pixels.")
        left, upper, right, lower = map(int, cells)
        crops[image] = (left, upper, right, lower)
    return crops


def _entries(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, line) of each entry; there must be as many as the first line says.

    Line by line: the attributes of the whole set are most of a gigabyte.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            count = file.readline().strip()
            if not count.isdecimal():
                raise DataInvalid(f"{path}: its first line must be the number of its entries.")
            file.readline()
            stripped = ((number, line.strip()) for number, line in enumerate(file, start=3))
            entries = (entry for entry in stripped if entry[1])
            found = 0
            for entry in show_progress(entries, f"Reading {path.name}", int(count)):
                yield entry
                found += 1
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataInvalid(f"{path} is not UTF-8; download it again.") from error
    if found != int(count):
        raise DataInvalid(
            f"{path} announces {int(count):,} entries and has {found:,}; download it again."
        )
