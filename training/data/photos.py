"""Every photo of a dataset, decoded once: pixels in a memory-mapped file that later runs reuse.

A cache is one folder, named by a hash of all that it depends on. It is written as
`.partial-…` and renamed when complete, so what a killed run leaves is never taken for a cache.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from hangtag.cli.streams import make_streams_lenient
from hangtag.files.full_disk import writing_into
from hangtag.images.decode import ImageLimits, Preprocessing
from training.data.dataset import Dataset, Problem, ProductPhoto
from training.data.fingerprints import COLOUR_SIZE, Fingerprint
from training.data.pixel_file import Chunk, PixelFile, decode_chunk

# Of all runs in a working folder: later ones on the same photos find them decoded.
DECODED_PHOTOS = Path("data/.decoded")
_CACHE_FORMAT = 3
_PHOTOS_PER_CHUNK = 64
_LEFTOVER_AGE_S = 24 * 3600


@dataclass(frozen=True)
class DecodedDataset:
    """The readable photos of a dataset, each row of the arrays belonging to one of them.

    pixels : read-only uint8 array of shape (N, 3, S, S), memory-mapped
    hashes : uint64 array of shape (N,), perceptual hashes
    colours : uint8 array of shape (N, 192), mean colours on an 8 x 8 grid
    problems : those of the dataset, and the photos that turned out to be broken
    """

    photos: tuple[ProductPhoto, ...]
    pixels: npt.NDArray[np.uint8]
    hashes: npt.NDArray[np.uint64]
    colours: npt.NDArray[np.uint8]
    problems: tuple[Problem, ...]


def decode_dataset(
    dataset: Dataset,
    preprocessing: Preprocessing,
    limits: ImageLimits,
    cache_folder: Path,
    workers: int | None = None,
) -> DecodedDataset:
    """Decode all photos to the model's input, or load what an earlier run decoded.

    Photos that cannot be decoded become problems of kind `broken_photo`. `workers` are
    processes; by default one per processor.

    Raises
    ------
    DiskFull : naming the cache, if there is no space for it.
    """
    cache = cache_folder / _cache_key(dataset, preprocessing, limits)
    if not cache.is_dir():
        _write_cache(cache, dataset.photos, preprocessing, limits, workers or os.cpu_count() or 1)
    return _load_cache(cache, dataset)


def _cache_key(dataset: Dataset, preprocessing: Preprocessing, limits: ImageLimits) -> str:
    settings = [_CACHE_FORMAT, preprocessing.model_dump(), limits.model_dump()]
    key = hashlib.sha256(json.dumps(settings).encode())
    for photo in dataset.photos:
        stat = photo.path.stat()
        crop = photo.crop or ()
        entry = (str(photo.path.absolute()), stat.st_size, stat.st_mtime_ns, *crop)
        key.update(json.dumps(entry).encode())
    return key.hexdigest()[:32]


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed runs left; a younger one may belong to a run that is at work."""
    for unfinished in folder.glob(".partial-*"):
        if time.time() - unfinished.stat().st_mtime > _LEFTOVER_AGE_S:
            shutil.rmtree(unfinished, ignore_errors=True)


def _write_cache(
    cache: Path,
    photos: Sequence[ProductPhoto],
    preprocessing: Preprocessing,
    limits: ImageLimits,
    workers: int,
) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(cache.parent)
    with writing_into(cache.parent), _unfinished_in(cache.parent) as unfinished:
        file = PixelFile.create(unfinished / "pixels.npy", len(photos), preprocessing.size_px)
        decode = partial(decode_chunk, file=file, preprocessing=preprocessing, limits=limits)
        outcomes = list(_decode_all(_chunks(photos), decode, workers))
        good = [row for row, outcome in enumerate(outcomes) if isinstance(outcome, Fingerprint)]
        file.keep_rows(good)
        _save_outcomes(unfinished, outcomes)
        _rename(unfinished, cache)


@contextmanager
def _unfinished_in(folder: Path) -> Iterator[Path]:
    """Yield a new folder, of which nothing is left unless it was renamed."""
    unfinished = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _chunks(photos: Sequence[ProductPhoto]) -> list[Chunk]:
    starts = range(0, len(photos), _PHOTOS_PER_CHUNK)
    return [Chunk(start, tuple(photos[start : start + _PHOTOS_PER_CHUNK])) for start in starts]


def _decode_all(
    chunks: Sequence[Chunk], decode: partial[list[Fingerprint | str]], workers: int
) -> Iterator[Fingerprint | str]:
    show = partial(
        track, total=len(chunks), description="Decoding photos", console=Console(stderr=True)
    )
    if min(workers, len(chunks)) <= 1:
        for outcomes in show(map(decode, chunks)):
            yield from outcomes
        return
    # Not fork, Linux's default before Python 3.14: the progress bar's thread could hold a lock.
    with ProcessPoolExecutor(
        min(workers, len(chunks)), get_context("spawn"), make_streams_lenient
    ) as pool:
        for outcomes in show(pool.map(decode, chunks)):
            yield from outcomes


def _save_outcomes(folder: Path, outcomes: Sequence[Fingerprint | str]) -> None:
    good = [outcome for outcome in outcomes if isinstance(outcome, Fingerprint)]
    broken = {row: text for row, text in enumerate(outcomes) if isinstance(text, str)}
    np.save(folder / "hashes.npy", np.array([each.hash64 for each in good], np.uint64))
    colours = np.array([each.colours for each in good], np.uint8)
    np.save(folder / "colours.npy", colours.reshape(-1, COLOUR_SIZE))
    (folder / "broken.json").write_text(json.dumps(broken), "utf-8")


def _rename(unfinished: Path, cache: Path) -> None:
    try:
        unfinished.rename(cache)
    except OSError:
        if not cache.is_dir():  # else another run has finished the same cache meanwhile
            raise


def _load_cache(cache: Path, dataset: Dataset) -> DecodedDataset:
    broken = json.loads((cache / "broken.json").read_text("utf-8"))
    photos = enumerate(dataset.photos)
    problems = (
        Problem("broken_photo", str(dataset.photos[int(row)].path), detail)
        for row, detail in broken.items()
    )
    return DecodedDataset(
        photos=tuple(photo for row, photo in photos if str(row) not in broken),
        pixels=np.load(cache / "pixels.npy", mmap_mode="r"),
        hashes=np.load(cache / "hashes.npy"),
        colours=np.load(cache / "colours.npy"),
        problems=(*dataset.problems, *problems),
    )
