"""Which file an image cell means, where it is not quite how the file is called."""

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hangtag.tables.photo_names import PHOTO_SUFFIX
from hangtag.tables.spoilt_cells import SPOILT, is_spoilt

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".JPG", ".JPEG", ".PNG", ".WEBP")
_QUERY = re.compile(r"(?i)(?<=\.(?:jpg|png))[?#].*")
_SEVERAL = re.compile(r"(?i)\.(jpe?g|png|webp)(\s*[,;|]|\s+(?=\S+\.))")


def find_photo(folders: Sequence[Path], image: str) -> Path | None:
    """Return the file that an image cell means, with or without its extension."""
    if not image:
        return None
    names = [image, *(image + suffix for suffix in _SUFFIXES)]
    # Not by Path, which takes several times as long: a hundred thousand rows may name no file.
    paths = (os.path.join(folder, name) for name in names for folder in folders)  # noqa: PTH118
    found = next(filter(os.path.isfile, paths), None)
    return None if found is None else Path(found)


class PhotoFinder:
    """Finds the photos of many cells; what `find_photo` finds is always right.

    Of any other cell the path is compared without regard to case, backslashes, how umlauts are
    composed, percent signs and the extension; then its last part alone (a URL, a path of another
    machine), if no other cell ends in it and no folder contradicts it; then a number without regard
    to zeros before it and a `.0` behind. It means a file if only one comes into question that no
    other cell names exactly.

    Files are looked for once: in the folders and below them, but for a folder that others are in.
    """

    def __init__(self, folders: Sequence[Path], cells: Iterable[str]) -> None:
        self._folders = folders
        self._cells = list(cells)
        self._otherwise: dict[str, list[str]] = defaultdict(list)

    def find(self, cell: str) -> Path | None:
        """Return the file that a cell means, None if there is none or it is not clear which."""
        path = None if "://" in cell else find_photo(self._folders, cell)
        if path is None and cell:
            found = self._free(self._alike(cell))
            path = next(iter(found)) if len(found) == 1 else None
            if path is not None:
                self._otherwise[_otherwise(cell)].append(f"{cell!r} for {self._below(path)}")
        return path

    def why_missing(self, cell: str) -> str:
        """Return what cells like this have in common; empty if nothing is known of it."""
        if "://" in cell:
            return "image cells are URLs: download the photos into images/ first"
        if cell.startswith("data:"):
            return "image cells hold photos themselves: write them to files in images/"
        if self._are_several(cell):
            return "image cells name several photos: give each photo a row of its own"
        if is_spoilt(PHOTO_SUFFIX.sub("", cell)):
            return f"image cells are numbers that a spreadsheet {SPOILT}"
        if self._is_folder(cell):
            return "image cells name a folder: give each photo in it a row of its own"
        alike = self._alike(cell)
        if len(self._free(alike)) > 1:
            return "image cells could mean several files: write the names as the files have them"
        if alike:
            return "image cells come close to files that other rows name: correct or remove them"
        return self._what_is_there()

    def remarks(self) -> Iterator[str]:
        """Yield a sentence for each way in which cells were not as the files are called."""
        for way, found in self._otherwise.items():
            yield f"image cells {way}: {len(found):,}, such as {found[0]}, found all the same."

    def _is_folder(self, cell: str) -> bool:
        paths = (os.path.join(folder, cell) for folder in self._folders)  # noqa: PTH118
        return bool(cell.strip("./")) and any(map(os.path.isdir, paths))

    def _are_several(self, cell: str) -> bool:
        parts = re.split(r"[,;|\s]+", cell)
        return (
            _SEVERAL.search(cell) is not None
            or re.fullmatch(r"\s*[\[{(].*[\])}]\s*", cell) is not None
            or (len(parts) > 1 and all(find_photo(self._folders, part) for part in parts))
        )

    def _what_is_there(self) -> str:
        folder = self._folders[0]
        if not self._files:
            state = "holds no photos" if folder.is_dir() else "does not exist"
            return f"{folder} {state}: put them there"
        example = self._files[0][1]
        return f"no file is called so; there are {len(self._files):,}, such as {example!r}"

    def _alike(self, cell: str) -> set[Path]:
        paths = dict.fromkeys([_plain_path(cell), _plain_path(unquote(cell))])
        keys = [key for path in paths for key in (path, PHOTO_SUFFIX.sub("", path))]
        for key in keys:
            if found := self._index.get(key):
                return found
        for path in paths:
            above, _, last = path.rpartition("/")
            folder = above.rpartition("/")[2]
            for key in (last, PHOTO_SUFFIX.sub("", last)):
                found = self._named_last(key, folder)
                if found and self._count_of_names[PHOTO_SUFFIX.sub("", last)] == 1:
                    return found
        number = _number(cell)
        return self._index.get(number, set()) if number else set()

    def _named_last(self, name: str, folder: str) -> set[Path]:
        """Return the files of a name that are in no other folder: `a/front.jpg` is not `b`'s."""
        return {
            path
            for path in self._index_of_names.get(name, ())
            if not folder or path.parent in self._folders or _plain_path(path.parent.name) == folder
        }

    def _below(self, path: Path) -> str:
        """Return the path of a file below its folder."""
        folder = next(each for each in self._folders if path.is_relative_to(each))
        return path.relative_to(folder).as_posix()

    def _free(self, files: set[Path]) -> set[Path]:
        return {path for path in files if os.path.normpath(path) not in self._named}

    @cached_property
    def _named(self) -> set[str]:
        """The files that cells name exactly."""
        cells = (cell for cell in dict.fromkeys(self._cells) if "://" not in cell)
        found = (find_photo(self._folders, cell) for cell in cells)
        return {os.path.normpath(path) for path in found if path is not None}

    @cached_property
    def _count_of_names(self) -> Counter[str]:
        """How many different paths end in a name, of all cells."""
        paths = {PHOTO_SUFFIX.sub("", _plain_path(unquote(cell))) for cell in self._cells}
        return Counter(path.rpartition("/")[2] for path in paths)

    @cached_property
    def _files(self) -> list[tuple[Path, str]]:
        """The files, with their path below the folder."""
        outer = {folder for folder in self._folders for other in self._folders
                 if folder in other.parents}  # fmt: skip
        return [
            (path, path.relative_to(folder).as_posix())
            for folder in self._folders
            for path in _files_in(folder, deep=folder not in outer)
        ]

    @cached_property
    def _index(self) -> dict[str, set[Path]]:
        index: dict[str, set[Path]] = defaultdict(set)
        for path, below in self._files:
            key = _plain_path(below)
            for each in {key, PHOTO_SUFFIX.sub("", key), _number(key)} - {""}:
                index[each].add(path)
        return dict(index)

    @cached_property
    def _index_of_names(self) -> dict[str, set[Path]]:
        index: dict[str, set[Path]] = defaultdict(set)
        for path, _ in self._files:
            key = _plain_path(path.name)
            for each in {key, PHOTO_SUFFIX.sub("", key)}:
                index[each].add(path)
        return dict(index)


def _files_in(folder: Path, deep: bool) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        folders.sort()
        photos = (name for name in sorted(names) if PHOTO_SUFFIX.search(name) and name[0] != ".")
        yield from (Path(parent, name) for name in photos)


def _plain_path(cell: str) -> str:
    """Return the path of a cell, or of a URL, below images/, without regard to case."""
    text = urlsplit(cell).path if "://" in cell else _QUERY.sub("", cell)
    parts = re.split(r"[/\\]+", unicodedata.normalize("NFC", text).casefold())
    parts = [part for part in (part.strip(" \t\"'") for part in parts) if part not in ("", ".")]
    if parts[:1] == ["images"]:
        parts = parts[1:]
    return "/".join(parts)


def _number(cell: str) -> str:
    """Return `#7` of 7, 007, 7.0 and 007.jpg; empty of what is no number."""
    number = re.fullmatch(r"0*(\d+?)(\.0+)?", PHOTO_SUFFIX.sub("", _plain_path(cell)))
    return f"#{number[1]}" if number else ""


def _otherwise(cell: str) -> str:
    if "://" in cell:
        return "are URLs"
    if "\\" in cell:
        return "have backslashes"
    return "are not spelt as the files are"
