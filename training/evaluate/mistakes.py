"""Photos for people to look at: some as they come, and the surest mistakes."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from hangtag.arrays import FloatArray, Indices, Pixels
from training.evaluate.evaluated import Evaluated

_AS_THEY_COME = 12
_WORST = 24
_SHOWN_SIDE_PX = 160


@dataclass(frozen=True)
class GroupLine:
    """What was said of one group and, if it is not that, what is true.

    `right` is None where nobody knows.
    """

    title: str
    said: str
    true: str
    right: bool | None


@dataclass(frozen=True)
class ShownPhoto:
    """One photo of a sheet; `jpeg` is base64."""

    name: str
    jpeg: str
    lines: tuple[GroupLine, ...]


def sheet_rows(evaluated: Evaluated) -> Indices:
    """Return the photos that the sheets show, ascending."""
    return np.union1d(as_they_come(evaluated), worst_mistakes(evaluated))


def as_they_come(evaluated: Evaluated) -> Indices:
    """Return some of the photos that there are pixels of, evenly spread over all test photos."""
    wanted = np.linspace(0, len(evaluated) - 1, min(_AS_THEY_COME, len(evaluated))).astype(int)
    return np.intersect1d(wanted, evaluated.sheet_rows)


def worst_mistakes(evaluated: Evaluated) -> Indices:
    """Return the photos with the surest wrong tags, the surest first, that there are pixels of."""
    sureness = _sureness_of_mistake(evaluated)
    available = np.intersect1d(np.flatnonzero(sureness > 0), evaluated.sheet_rows)
    order = np.argsort(-sureness[available], kind="stable")
    return available[order][:_WORST]


def show(evaluated: Evaluated, row: int, *, mistakes_only: bool = False) -> ShownPhoto:
    """Return a photo with a line for each group, or for those with a wrong tag."""
    lines = (_line(evaluated, row, name) for name in evaluated.nonempty_groups)
    place = int(np.flatnonzero(evaluated.sheet_rows == row)[0])
    return ShownPhoto(
        name=evaluated.paths[row],
        jpeg=encode_jpeg(evaluated.sheet_pixels[place]),
        lines=tuple(each for each in lines if each.right is False or not mistakes_only),
    )


def _sureness_of_mistake(evaluated: Evaluated) -> FloatArray:
    """Return the highest score of a wrong tag, (N,); 0 where there is none."""
    wrong = evaluated.tags & evaluated.known & ~evaluated.true
    sureness: FloatArray = np.where(wrong, evaluated.scores, 0).max(axis=1)
    return sureness


def _line(evaluated: Evaluated, row: int, name: str) -> GroupLine:
    columns = np.array(evaluated.label_space.indices_of_group(name))
    tags, true = evaluated.tags[row, columns], evaluated.true[row, columns]
    known = bool(evaluated.known[row, columns].all())
    said = [
        f"{evaluated.label_space.labels[i].name} {evaluated.scores[row, i]:.2f}"
        for i in columns[tags]
    ]
    return GroupLine(
        title=evaluated.label_space.group(name).title,
        said=", ".join(said) or "no tag",
        true=", ".join(evaluated.label_space.labels[i].name for i in columns[true]) or "no label",
        right=bool((tags == true).all()) if known else None,
    )


def encode_jpeg(pixels: Pixels) -> str:
    """Return a photo, uint8 (3, S, S), as a small JPEG in base64."""
    photo = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    photo.thumbnail((_SHOWN_SIDE_PX, _SHOWN_SIDE_PX))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode("ascii")
