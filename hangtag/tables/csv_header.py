"""The first lines of a csv file: which mark separates its cells, and what its columns are."""

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

from hangtag.errors import DataInvalid
from hangtag.tables.photo_names import PHOTO_SUFFIX

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {"\t": "tab"}
# Excel's own way to say what separates the cells.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([^\w"\r\n])"?[,;\t| ]*[\r\n]*', re.IGNORECASE)
_LINES_LOOKED_AT = 20
_LEAST_LIKENESS = 0.78


@dataclass(frozen=True)
class Header:
    """`first_row` is the index of the line after it; names are known ones where they are meant."""

    delimiter: str
    names: tuple[str, ...]
    first_row: int
    fault: str = ""

    @property
    def delimiter_name(self) -> str:
        """The delimiter as a sentence shows it."""
        return _NAMES.get(self.delimiter, self.delimiter)


def find_header(lines: Sequence[str], known: Sequence[str]) -> Header:
    """Return the first line that is not blank, read with the delimiter that finds most of `known`.

    Names are compared without regard to case, and to spaces and hyphens for `_`; a name exactly as
    known wins over others. A header without a name means that the file is empty.
    """
    said = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    first = 1 if said else 0
    while first < len(lines) and not lines[first].strip(' ,;|\t\r\n\ufeff"'):
        first += 1
    delimiters = (said[1], *_DELIMITERS) if said else _DELIMITERS
    headers = [_read_header(lines, first, delimiter, known) for delimiter in delimiters]
    # Of equals the first; what has but one cell was not separated at all.
    return max(
        headers,
        key=lambda each: (len({*each.names} & {*known}), len(each.names) > 1, len(each.names)),
    )


def unwrapped(lines: list[str], required: Sequence[str]) -> list[str]:
    """Return the lines without the quotes around each whole line, which some programs write.

    `"image,labels,title"` is one cell, in which quotes are written twice.
    """
    first = next((line for line in lines if line.strip()), "")
    cells = next(csv.reader([first]), [])
    if len(cells) != 1 or not re.fullmatch(r'\ufeff?".*"', first.strip()):
        return lines
    if not {*required} <= {*find_header(cells, required).names}:
        return lines
    return [f"{next(csv.reader([line]), [''])[0]}\n" if line.startswith('"') else line
            for line in lines]  # fmt: skip


def _read_header(lines: Sequence[str], first: int, delimiter: str, known: Sequence[str]) -> Header:
    reader = csv.reader(islice(lines, first, None), delimiter=delimiter, strict=True)
    cells, fault = [], ""
    try:
        cells = next(reader, [])
    except csv.Error as error:
        fault = f"line {first + 1}: the quotes of this record do not pair up ({error})"
    if any(delimiter in cell and len(cell.splitlines()) > 1 for cell in cells):
        last = first + reader.line_num
        fault = f"line {first + 1}: a quote of the header is not closed before line {last:,}"
    names = [cell.strip().lstrip("\ufeff").strip(' "') for cell in cells]
    return Header(delimiter, tuple(_as_known(names, known)), first + reader.line_num, fault)


def _as_known(names: Sequence[str], known: Sequence[str]) -> list[str]:
    meant = {plain_name(name): name for name in known if name not in names}
    return [name if name in known else meant.get(plain_name(name), name) for name in names]


def plain_name(name: str) -> str:
    """Return a column's name without regard to case, spaces and hyphens."""
    return re.sub(r"[\s\-_]+", "_", name.strip()).casefold()


def check_header(
    path: Path, header: Header, lines: Sequence[str], required: Sequence[str], known: Sequence[str]
) -> None:
    """Raise DataInvalid if columns are missing, there twice, or misspelt."""
    names = header.names
    if header.fault:
        raise DataInvalid(f"{path}: {header.fault}.")
    if not any(names):
        raise DataInvalid(f"{path} is empty; its first line must name the columns.")
    if missing := [name for name in required if name not in names]:
        raise DataInvalid(
            f"{path} lacks the column {', '.join(missing)}; "
            + _what_there_is(header, lines, missing, required)
        )
    if repeated := sorted({name for name in names if name and names.count(name) > 1}):
        raise DataInvalid(f"{path} has the column {repeated[0]} more than once.")
    for name in names:
        if name and name not in known and (near := misspelt(name, {*known} - {*names})):
            raise DataInvalid(
                f"{path} has a column {name!r}, which is not read; rename it to {near!r} if it is "
                "that, or else to something less alike."
            )


def misspelt(name: str, known: Collection[str]) -> str | None:
    """Return the known column that a name is but a slip away from.

    All its words must be alike: `product_type` is no misspelt `product_id`.
    """
    return next(
        (each for each in sorted(known) if _alike(plain_name(name), plain_name(each))), None
    )


def _alike(name: str, known: str) -> bool:
    if name.replace("_", "") == known.replace("_", ""):
        return True
    words, others = name.split("_"), known.split("_")
    return len(words) == len(others) and all(
        SequenceMatcher(None, *pair).ratio() >= _LEAST_LIKENESS
        for pair in zip(words, others, strict=True)
    )


def _what_there_is(
    header: Header, lines: Sequence[str], missing: Sequence[str], required: Sequence[str]
) -> str:
    names = header.names
    for at in range(header.first_row, min(len(lines), _LINES_LOOKED_AT)):
        if {*required} <= {*find_header(lines[at : at + 1], required).names}:
            return f"line {at + 1} names the columns: remove the lines above it."
    if any(PHOTO_SUFFIX.search(name) for name in names):
        named = ",".join(required)
        return (
            "its first line is a row already: put a line above it that names the columns, "
            f"such as {named}."
        )
    near = [(name, misspelt(name, missing)) for name in names]
    meant = [f"{name!r} may be meant as {each!r}" for name, each in near if each]
    listed = f"its columns are {', '.join(names)}"
    return f"{'; '.join([*meant, listed])}."
