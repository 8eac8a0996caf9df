"""Which photos belong together: one product, one title, or the same picture again.

A random split of a catalogue leaks: suppliers send the same photo for several rows.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from hangtag.arrays import Indices, Pixels
from hangtag.text import clean_title
from training.data.dataset import ProductPhoto

# Measured on 8,053 product photos: encoding anew (JPEG quality 30 to 60) and scaling (0.7 to 1.9
# times) change at most 4 bits in 799 of 800 cases, and at most 6 levels of colour. Of the
# different pictures within 4 bits, the closest are 12 levels apart (shirts of another colour).
_MAX_HASH_DISTANCE = 4
_MAX_COLOUR_DISTANCE = 11
# The hash of a photo with less contrast than this is that of its noise.
_MIN_COLOUR_SPAN = 8
_BLOCK = 512

Pair = tuple[int, int]
Hashes = npt.NDArray[np.uint64]


def group_photos(
    photos: Sequence[ProductPhoto], hashes: Hashes, colours: Pixels, *, by_title: bool = True
) -> Indices:
    """Return each photo's group number, from 0; what must not be split has the same number.

    Photos are one group if they share the product ID or the title, or look the same, also by
    way of others. A title or a hash that more than max(20, 1%) of the photos share ("T-shirt",
    "no photo yet") says nothing and groups nothing.

    Parameters
    ----------
    photos : N photos
    hashes : uint64 array of shape (N,), perceptual hashes
    colours : uint8 array of shape (N, 192), colour signatures
    by_title : whether the title groups
    """
    common = too_common(len(photos))
    titles = [normalise_title(photo.title) for photo in photos] if by_title else []
    pairs = [
        *_same_key_pairs([photo.product_id for photo in photos], len(photos)),
        *_same_key_pairs(titles, common),
        *look_alike_pairs(hashes, colours, common),
    ]
    return connected(len(photos), pairs)


def too_common(photo_count: int) -> int:
    """Return how many photos may share a title or a hash before it says nothing."""
    return max(20, photo_count // 100)


def normalise_title(title: str) -> str:
    """Return the words of a title, without regard to mark-up, case, punctuation and spacing."""
    plain = unicodedata.normalize("NFKC", clean_title(title))
    return " ".join(re.findall(r"\w+", plain.casefold()))


def _same_key_pairs(keys: Sequence[str], too_common: int) -> Iterator[Pair]:
    members: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        members[key].append(row)
    for key, rows in members.items():
        if key and len(rows) <= too_common:
            yield from pairwise(rows)


def look_alike_pairs(hashes: Hashes, colours: Pixels, too_common: int) -> set[Pair]:
    """Return the pairs of photos that are the same picture, scaled or encoded anew.

    Two hashes that differ in at most 4 bits agree in one of 5 bands of bits (pigeonhole), so
    only photos that share a band are compared.
    """
    rows = _telling_rows(hashes, colours, too_common)
    pairs: set[Pair] = set()
    for band in np.array_split(np.arange(64, dtype=np.uint64), _MAX_HASH_DISTANCE + 1):
        mask = np.bitwise_or.reduce(np.uint64(1) << band)
        for bucket in _buckets(rows, hashes[rows] & mask):
            pairs.update(_pairs_within(bucket, hashes, colours))
    return pairs


def _telling_rows(hashes: Hashes, colours: Pixels, too_common: int) -> Indices:
    """Return the photos whose hash means something: not blank, and no placeholder."""
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    blank = np.ptp(colours, axis=1) < _MIN_COLOUR_SPAN
    return np.flatnonzero(~blank & (counts[inverse] <= too_common))


def _buckets(rows: Indices, keys: Hashes) -> Iterable[Indices]:
    order = np.argsort(keys, kind="stable")
    ends = np.flatnonzero(np.diff(keys[order])) + 1
    return (bucket for bucket in np.split(rows[order], ends) if len(bucket) > 1)


def _pairs_within(bucket: Indices, hashes: Hashes, colours: Pixels) -> Iterator[Pair]:
    for start in range(0, len(bucket), _BLOCK):
        block = bucket[start : start + _BLOCK]
        distance = np.bitwise_count(hashes[block, None] ^ hashes[bucket])
        first, second = np.nonzero(distance <= _MAX_HASH_DISTANCE)
        left, right = block[first], bucket[second]
        left, right = left[left < right], right[left < right]
        apart = np.abs(colours[left].astype(np.int16) - colours[right]).max(axis=1, initial=0)
        same = apart <= _MAX_COLOUR_DISTANCE
        yield from zip(left[same].tolist(), right[same].tolist(), strict=True)


def is_one_picture(hashes: Hashes, colours: Pixels) -> bool:
    """Whether all photos are the same picture as the first, scaled or encoded anew.

    Unlike `look_alike_pairs`, whatever their number, and also if they are blank.
    """
    apart = np.abs(colours.astype(np.int16) - colours[:1].astype(np.int16)).max(initial=0)
    blank = bool((np.ptp(colours, axis=1) < _MIN_COLOUR_SPAN).all())
    distance = np.bitwise_count(hashes ^ hashes[:1]).max(initial=0)
    return bool(apart <= _MAX_COLOUR_DISTANCE and (blank or distance <= _MAX_HASH_DISTANCE))


def commonest_picture(hashes: Hashes, colours: Pixels) -> tuple[int, int]:
    """Return how many photos are the very same picture as the most frequent one, and its row."""
    described = np.column_stack([hashes.view(np.uint8).reshape(len(hashes), -1), colours])
    _, rows, counts = np.unique(described, axis=0, return_index=True, return_counts=True)
    most = int(counts.argmax())
    return int(counts[most]), int(rows[most])


def connected(count: int, pairs: Iterable[Pair]) -> Indices:
    """Return (count,) numbers, equal where pairs connect (union-find)."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    roots = np.array([root(row) for row in range(count)], np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)
