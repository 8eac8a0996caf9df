"""Cells that list keys in any way that suppliers and spreadsheets write -> the keys they mean.

Keys are the IDs of labels or the names of groups.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hangtag.label_space import LabelSpace
from training.data.key_lists import split_cell, split_joined

# In the order in which they are tried; `_` is ours.
_OURS, _IN_WORDS = "_", r"[\s:\-\u2010\u2011]"
_SEPARATORS = ("[;|\t\r\n\uff1b\u061b]", "[,\uff0c\u3001\u060c]", "[/+&>]", _IN_WORDS, _OURS)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_AROUND = " \t\r\n\"'`=\u00a0\u200b\ufeff\u201c\u201d\u201e\u2018\u2019"
_MOST_CHARACTERS = 2_000
_SHOWN_CHARACTERS = 60
# Pieces of one name that holds separators itself.
_MOST_MERGED = 6
_THOUSANDS = frozenset({"hold separators of thousands"})


@dataclass(frozen=True)
class _Reading:
    keys: tuple[str, ...]
    ways: frozenset[str] = frozenset()


@dataclass
class CellReader:
    """Reads the cells of one column, and remembers which it could make sense of in another way.

    A cell that is plain is read as `split_cell` reads it. Any other is read if it has one meaning:
    keys joined by other marks or in brackets, as decimals (`412.0`), without their leading zeros,
    in another case, or by the names of what they stand for.

    names : what each key stands for
    """

    column: str
    names: Mapping[str, str]
    _read: dict[str, _Reading] = field(default_factory=dict)
    _not_plain: dict[frozenset[str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._meanings: dict[str, set[str]] = defaultdict(set)
        for key, name in self.names.items():
            for text in {_plain(key), _plain(name)}:
                self._meanings[text].add(key)
            if key.isascii() and key.isdecimal():
                self._meanings[f"#{int(key)}"].add(key)
        self._meanings.pop("", None)

    @classmethod
    def of_labels(cls, column: str, label_space: LabelSpace) -> CellReader:
        """Return the reader of a column of labels."""
        return cls(column, {str(label.id): label.name for label in label_space.labels})

    @classmethod
    def of_groups(cls, column: str, label_space: LabelSpace) -> CellReader:
        """Return the reader of a column of groups."""
        return cls(column, {group.name: group.title for group in label_space.groups})

    def read(self, cell: str) -> tuple[str, ...]:
        """Return the keys of a cell; what is none is among them as it is written."""
        if cell not in self._read:
            self._read[cell] = self._reading(cell)
        reading = self._read[cell]
        if reading.ways:
            self._not_plain[reading.ways].append(cell)
        return reading.keys

    def remarks(self) -> Iterator[str]:
        """Yield a sentence for each way in which cells were not plain."""
        for ways, cells in self._not_plain.items():
            example = Counter(cells).most_common(1)[0][0]
            keys = ", ".join(self._read[example].keys)
            yield (
                f"cells of the column {self.column} {', '.join(sorted(ways))}: {len(cells):,}, "
                f"such as {example[:_SHOWN_CHARACTERS]!r}, read as {keys}."
            )

    def _known(self, key: str) -> bool:
        return key in self.names

    def _reading(self, cell: str) -> _Reading:
        plain = split_cell(cell, self._known)
        if not cell.strip(_AROUND + _OURS):
            return _Reading(() if not self._known(cell) else plain)
        if all(map(self._known, plain)) or len(cell) > _MOST_CHARACTERS:
            return _Reading(plain)
        return self._meant(cell, _SEPARATORS) or _Reading(self._best(cell, plain))

    def _meant(self, text: str, separators: Sequence[str]) -> _Reading | None:
        """Return what a text means, if that is one thing; a whole is tried before its parts."""
        raw, text = text.strip(), _clean(text)
        found = self._cleanly_meant(text, separators)
        if found and raw != text:
            return _Reading(found.keys, found.ways | {"have quotes around keys"})
        return found

    def _cleanly_meant(self, text: str, separators: Sequence[str]) -> _Reading | None:
        if self._is_number_or_two(text):
            return None
        if one := self._one(text):
            return one
        inner, ways = self._without_brackets(text)
        if inner != text:
            found = self._meant(inner, separators)
            return found and _Reading(found.keys, found.ways | ways)
        for separator in separators:
            if re.search(separator, text) and (found := self._divided(text, separator, separators)):
                return found
        return None

    def _without_brackets(self, text: str) -> tuple[str, set[str]]:
        ways = set()
        while len(text) > 1 and _BRACKETS.get(text[0]) == text[-1] and not self._known(text):
            ways.add("are lists in brackets")
            inner = text[1:-1].strip()
            text = _clean(inner)
            if text != inner:
                ways.add("have quotes around keys")
        return text, ways

    def _divided(self, text: str, separator: str, separators: Sequence[str]) -> _Reading | None:
        if separator == _OURS:
            return self._joined(text)
        pieces = re.split(separator, text)
        # Words with a space or a hyphen between them are rather one name that there is not.
        if separator == _IN_WORDS and not all(re.search(r"\d", each) for each in pieces if each):
            return None
        found = self._one_way(text, separator, [each for each in separators if each != separator])
        way = f"are joined by other marks than {_OURS}"
        return found and _Reading(found.keys, found.ways | {way})

    def _joined(self, text: str) -> _Reading | None:
        pieces = [piece for piece in text.split(_OURS) if piece.strip()]
        keys = split_joined(_OURS.join(pieces), lambda key: self._one(key) is not None)
        found = self._parts(keys, ())
        if found is None:
            ways = self._segments(pieces)
            if len(ways) != 1:
                return None
            found = _Reading(ways[0], frozenset({f"hold keys with a {_OURS} of their own"}))
        surplus = {f"have a {_OURS} too many"} if len(pieces) < text.count(_OURS) + 1 else set()
        return _Reading(found.keys, found.ways | surplus)

    def _parts(self, pieces: Iterable[str], separators: Sequence[str]) -> _Reading | None:
        readings = []
        for piece in filter(_clean, pieces):
            reading = self._meant(piece, separators)
            if reading is None:
                return None
            readings.append(reading)
        return _joint(readings) if readings else None

    def _one_way(self, text: str, separator: str, others: Sequence[str]) -> _Reading | None:
        """Return what the pieces mean, if that is one thing: names may hold a `,` themselves."""
        marks = [mark.span() for mark in re.finditer(separator, text)]
        starts = [0, *(stop for _, stop in marks)]
        stops = [*(start for start, _ in marks), len(text)]
        ways: list[list[_Reading]] = [[_Reading(())]]  # of the last 0, 1, 2, … pieces
        for first in reversed(range(len(starts))):
            found: dict[tuple[str, ...], _Reading] = {}
            for last in range(first, min(first + _MOST_MERGED, len(starts))):
                part = text[starts[first] : stops[last]]
                reading = self._piece(part, others) if first == last else self._merged(part)
                if reading is None:
                    continue
                for rest in ways[len(starts) - 1 - last]:
                    both = _joint([reading, rest])
                    found.setdefault(both.keys, both)
            ways.append(list(found.values())[:2])
        return ways[-1][0] if len(ways[-1]) == 1 and ways[-1][0].keys else None

    def _piece(self, text: str, separators: Sequence[str]) -> _Reading | None:
        return self._meant(text, separators) if _clean(text) else _Reading(())

    def _merged(self, text: str) -> _Reading | None:
        """Return the one key that several pieces with what separates them stand for."""
        text = _clean(text)
        if text != text.strip(",;/+&>|"):
            return None
        number = self._number_in_thousands(text)
        if number is None:
            return self._one(text)
        return None if re.fullmatch(r"\d+,0+", text) else _Reading((number,), _THOUSANDS)

    def _segments(self, pieces: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the ways to read the pieces as keys that hold `_` themselves, two at most."""
        ways: list[list[tuple[str, ...]]] = [[()]]  # of the last 0, 1, 2, … pieces
        for first in reversed(range(len(pieces))):
            found = [
                (key, *others)
                for end in range(first + 1, len(pieces) + 1)
                if self._known(key := _OURS.join(pieces[first:end]).strip())
                for others in ways[len(pieces) - end]
            ]
            ways.append(found[:2])
        return ways[-1]

    def _one(self, text: str) -> _Reading | None:
        """Return the one key that a text without separators stands for."""
        if self._known(text):
            return _Reading((text,))
        whole = re.fullmatch(r"(\d+)[.,]0+", text)
        number = whole[1] if whole else text
        thousands = self._with_thousands(text)
        if self._known(number):
            return None if thousands else _Reading((number,), frozenset({"hold decimals"}))
        if found := thousands or self._with_name(text):
            return found
        words = text.split()
        if len(words) > 1 and all(map(self._known, words)):
            return None  # `crop top` is `crop_top`, or `crop` and `top`
        meant = set(self._meanings.get(_plain(text), ())) if text == text.strip(_OURS) else set()
        if number.isascii() and number.isdecimal():
            meant |= self._meanings.get(f"#{int(number)}", set())
        if len(meant) != 1:
            return None
        (key,) = meant
        return _Reading((key,), frozenset({self._way(text, key)}))

    def _with_thousands(self, text: str) -> _Reading | None:
        """Return 412077 of `412,077`, if 412 and 077 are not two labels."""
        number = self._number_in_thousands(text)
        if number is None or all(map(self._known, re.split(r"\D", text))):
            return None
        return _Reading((number,), _THOUSANDS)

    def _number_in_thousands(self, text: str) -> str | None:
        if not re.fullmatch(r"\d{1,3}([.,'\u00a0\u202f ]\d{3})+", text):
            return None
        number = re.sub(r"\D", "", text)
        return number if self._known(number) else None

    def _with_name(self, text: str) -> _Reading | None:
        """Return 412 of `412 (T-shirt)`, `412: T-shirt`, `412 - T-shirt`, `T-shirt (412)`."""
        parts = re.fullmatch(r"(.+?)(?: *: *| - | *\()(.+?)\)?", text)
        for key, name in (parts.groups(), parts.groups()[::-1]) if parts else ():
            if self._known(key) and _plain(self.names[key]) == _plain(name):
                return _Reading((key,), frozenset({"have names beside IDs"}))
        return None

    def _way(self, text: str, key: str) -> str:
        if _plain(text) == _plain(self.names[key]) != _plain(key):
            return "hold names"
        if re.fullmatch(r"[0-9]+([.,]0+)?", text) and key.isdecimal():
            return "lack leading zeros or have some too many"
        return "spell keys otherwise" if _plain(text) == _plain(key) else "hold names"

    def _is_number_or_two(self, text: str) -> bool:
        """`412,0` is a number of a German spreadsheet; or a list, if there is a label 0.

        `1,412_77` are 1412 and 77, or three.
        """
        number = re.fullmatch(r"\d+,(0+)", text)
        if number is not None and self._known(number[1]):
            return True
        pieces = text.split(_OURS)
        return len(pieces) > 1 and any(
            self._number_in_thousands(piece) and not self._with_thousands(piece)
            for piece in map(str.strip, pieces)
        )

    def _best(self, cell: str, plain: tuple[str, ...]) -> tuple[str, ...]:
        """Return the pieces of a cell that has no meaning, so that the strange ones can be told."""
        pieces = tuple(filter(None, map(_clean, re.split(r"[;|,]+", cell.strip("[](){}")))))
        found = [self._one(piece) for piece in pieces]
        if any(map(self._known, plain)) or not any(found) or all(found):
            return plain
        keys = (each.keys[0] if each else piece for each, piece in zip(found, pieces, strict=True))
        return tuple(dict.fromkeys(keys))


def _joint(readings: Sequence[_Reading]) -> _Reading:
    keys = tuple(dict.fromkeys(key for each in readings for key in each.keys))
    return _Reading(keys, frozenset().union(*(each.ways for each in readings)))


def _clean(text: str) -> str:
    return text.strip(_AROUND)


def _plain(text: str) -> str:
    """Return a text without regard to case, to how umlauts are composed, to spaces, `_` and `-`."""
    return (
        re.sub(r"[\s_\-\u2010\u2011]+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
    )
