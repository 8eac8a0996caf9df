"""The photos as files: their formats and sizes, and which are the same, byte for byte."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track

from hangtag.arrays import Indices
from hangtag.images.decode import read_photo
from hangtag.images.limits import ANY_PHOTO

_BLOCK_BYTES = 1 << 20
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)

Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class PhotoFiles:
    """Of N files.

    Parameters
    ----------
    sizes_px : int (N, 2), width and height
    sizes_bytes : int (N,)
    formats : N names, such as JPEG
    copies : the rows of each file that is there more than once, byte for byte
    """

    sizes_px: Indices
    sizes_bytes: Indices
    formats: tuple[str, ...]
    copies: tuple[tuple[int, ...], ...]


def read_photo_files(paths: Sequence[Path]) -> PhotoFiles:
    """Read the headers of photos that can be decoded, and all of those that could be copies."""
    sizes_px, formats = np.zeros((len(paths), 2), np.int64), []
    for row, path in enumerate(_show_progress(paths)):
        photo = read_photo(path.read_bytes(), ANY_PHOTO)
        sizes_px[row] = photo.size
        formats.append(photo.format)
    sizes_bytes = np.array([path.stat().st_size for path in paths], np.int64)
    return PhotoFiles(sizes_px, sizes_bytes, tuple(formats), _copies(paths, sizes_bytes))


def file_figures(files: PhotoFiles, model_side_px: int) -> dict[str, Any]:
    """Return formats, quantiles of the sizes, and how many are smaller than what a model sees."""
    width, height = files.sizes_px.T
    return {
        "formats": dict(Counter(files.formats).most_common()),
        "width_px": _quantiles(width),
        "height_px": _quantiles(height),
        "kilobytes": _quantiles(files.sizes_bytes / 1000),
        "smaller_than_model_input": int((files.sizes_px.max(axis=1) < model_side_px).sum()),
        "copied_files": len(files.copies),
        "photos_with_copies": sum(map(len, files.copies)),
    }


def _show_progress(paths: Sequence[Path]) -> Iterable[Path]:
    return track(paths, description="Reading photo files", console=Console(stderr=True))


def _copies(paths: Sequence[Path], sizes_bytes: Indices) -> tuple[tuple[int, ...], ...]:
    """Only files of the same length can be the same, so only these are read."""
    copies: list[tuple[int, ...]] = []
    for rows in _alike({row: int(size) for row, size in enumerate(sizes_bytes)}):
        copies += _alike({row: _digest(paths[row]) for row in rows})
    return tuple(sorted(copies))


def _alike(keys: Mapping[int, Key]) -> list[tuple[int, ...]]:
    members: dict[Key, list[int]] = defaultdict(list)
    for row, key in keys.items():
        members[key].append(row)
    return [tuple(rows) for rows in members.values() if len(rows) > 1]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _quantiles(values: np.ndarray[Any, Any]) -> dict[str, float]:
    ends = np.quantile(values, _QUANTILES)
    return {f"{share:.0%}": float(end) for share, end in zip(_QUANTILES, ends, strict=True)}
