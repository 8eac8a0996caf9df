"""Whether a line of a csv file looks like a row, whatever the quotes around it say."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from hangtag.tables.photo_names import PHOTO_SUFFIX

_LEAST_CODE_LENGTH = 8
_NO_WORD = re.compile(r"\d|[_-]|[a-z][A-Z]")


@dataclass(frozen=True)
class RowShape:
    """What a row of the file looks like: how many cells it may have, and which of them tell it.

    `columns` are the header's; a row may end before the last of them, and after the last one that
    it needs. `key` is the index of the cell that names the row, `beside` that of another one. With
    `spaced`, a space may stand between the delimiter and a quote. `is_photo` says whether the text
    of a key is a photo that there is.
    """

    delimiter: str
    columns: tuple[str, ...]
    key: int
    beside: int
    least_cells: int
    most_cells: int | None
    spaced: bool = False
    is_photo: Callable[[str], bool] = field(default=lambda _: False, compare=False)

    def cells_of(self, line: str, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> list[str]:
        """Return the cells of a line alone, whatever its quotes."""
        reader = csv.reader(
            [line], delimiter=self.delimiter, quoting=quoting, skipinitialspace=self.spaced
        )
        return next(reader, [])

    def fits(self, cells: list[str]) -> bool:
        """Whether a row may have as many cells."""
        return self.least_cells <= len(cells) <= (self.most_cells or len(cells))


class RowLikeness:
    """Compares lines with those that begin the records of a file.

    A word alone may stand in any sentence: where keys are words, the cell beside must be alike.
    Labels are there many times, so a cell beside that is another row's tells a row whatever the
    keys look like; but where photos have extensions, a row is known by that.
    """

    def __init__(self, shape: RowShape, lines: Iterable[str]) -> None:
        self._shape = shape
        rows = [pair for line in lines for pair in self._pairs(line, csv.QUOTE_MINIMAL)]
        self._pairs_seen = {(_pattern(key.strip()), _pattern(text.strip())) for key, text in rows}
        self._keys = {key for key, _ in self._pairs_seen if key.strip("a ")}
        self._texts = {text for _, text in rows} - {""}
        lengths = Counter(len(key) for key, _ in rows)
        self._lengths = range(min(lengths, default=0) // 2, 2 * max(lengths, default=0) + 1)
        self._code_length = next((n for n, m in lengths.most_common(1) if 2 * m > len(rows)), 0)
        self._suffixed = 2 * sum(bool(PHOTO_SUFFIX.search(key)) for key, _ in rows) > len(rows)

    def is_row(self, line: str) -> bool:
        """Whether the line could be a row."""
        pairs = (pair for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
                 for pair in self._pairs(line, quoting))  # fmt: skip
        return any(self._is_like(key, text) for key, text in pairs)

    def _pairs(self, line: str, quoting: Literal[0, 3]) -> Iterator[tuple[str, str]]:
        cells = self._shape.cells_of(line, quoting)
        if self._shape.fits(cells):
            key, text = (cells[at].strip("\"'\r\n") for at in (self._shape.key, self._shape.beside))
            yield key, text

    def _is_like(self, key: str, text: str) -> bool:
        pair = (_pattern(key.strip()), _pattern(text.strip()))
        if PHOTO_SUFFIX.search(key.strip()) or pair[0] in self._keys:
            return True
        if pair in self._pairs_seen and pair[1].strip("a "):
            return True
        # Spaces count here: those of a sentence follow its commas.
        if self._suffixed or not key.strip():
            return False
        repeated = text in self._texts and len(key) in self._lengths
        return repeated or self._is_code(key) or self._shape.is_photo(key)

    def _is_code(self, key: str) -> bool:
        """Whether it is one of those random names that have nothing but their length in common."""
        alike = len(key) == self._code_length >= _LEAST_CODE_LENGTH
        return alike and re.fullmatch(r"[\w.-]+", key) is not None and bool(_NO_WORD.search(key))


def _pattern(key: str) -> str:
    """Return `a-9.a` of `sku-12.jpg`."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", key))
