"""Labelling manifests: what several workers answered of each photo, one photo a line.

- `*.jsonl` or `*.manifest`, in either form:
  `{"image": "1.jpg", "product_id": "SKU-1", "answers": [{"worker": "w1", "labels": [412, 77]}]}`
  (`product_id` may be left out), or what SageMaker Ground Truth writes for image classification:
  `{"source-ref": "s3://bucket/1.jpg", "JOB": [0, 3], "JOB-metadata": {"class-map": {…}, …}}`
- photos in `images/` or beside the manifest; of an `s3://` address the last part counts
- optionally `labels.json`; answers are its labels' IDs, or their names. Without it there is one
  group, and the answers themselves are the IDs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hangtag.arrays import DoubleArray
from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelId, LabelSpace, read_label_space
from hangtag.tables.photo_finder import PhotoFinder
from hangtag.tables.text_file import read_text
from training.data.dataset import Dataset, Problem, with_ancestors
from training.data.formats.manifest_lines import PhotoAnswers, WorkerAnswer, parse_line
from training.data.own_label_space import label_space_of
from training.data.product_rows import ProductRow, check_rows
from training.data.remarks import remark
from training.data.row_progress import show_progress
from training.data.votes import Undecided, unasked_groups, undecided

LOOKED_FOR = "a labelling manifest, *.jsonl or *.manifest, with images/"


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return bool(_manifests(folder))


def read(folder: Path) -> Dataset:
    """Read the folder; a label holds that more than half of the workers gave.

    Where exactly half of them gave a label, it is unknown whether it holds; where they name
    labels of an exclusive group and agree on none, that group is unknown. So are groups that no
    answer to any photo touches: nobody was asked.

    Raises
    ------
    DataInvalid : if a manifest cannot be read, or no line is sound.
    LabelSpaceInvalid : if labels.json contradicts itself.
    """
    lines, malformed = read_answers(folder)
    label_space = _label_space(folder, lines)
    counts = _count(lines, label_space)
    unasked = unasked_groups({label for count in counts for label in count.votes}, label_space)
    finder = photo_finder(folder, lines)
    rows, unlabelled = [], []
    for line, count in show_progress(list(zip(lines, counts, strict=True))):
        # Of one photo at a time: those of a million would not fit into memory.
        share = _shares(count, len(line.answers), label_space)
        held = [label_space.labels[index].id for index in np.flatnonzero(share > 0.5)]
        if held or count.strange:
            label_ids = (*map(str, held), *sorted(count.strange))
            unknown = undecided(share, share > 0, held, label_space)
            rows.append(_row(line, label_ids, unknown, unasked, finder))
        else:
            detail = f"no label was given by more than half of {len(line.answers)} worker(s)"
            unlabelled.append(Problem("no_labels", line.where, detail))
    photos, problems = check_rows(rows, label_space)
    source = ", ".join(path.name for path in _manifests(folder))
    for text in finder.remarks():
        remark(f"{source}: {text}")
    return Dataset(label_space, photos, (*malformed, *unlabelled, *problems), source)


def read_answers(folder: Path) -> tuple[list[PhotoAnswers], list[Problem]]:
    """Return every photo's answers as the manifests have them; bad lines become problems.

    Raises
    ------
    DataInvalid : if there is no manifest, one cannot be read, or no line is sound.
    """
    lines: list[PhotoAnswers] = []
    problems = []
    for path in _manifests(folder):
        texts = show_progress(_read_text(path).split("\n"), f"Reading {path.name}")
        for number, text in enumerate(texts, start=1):
            where = f"{path.name}:{number}"
            line = parse_line(text, where) if text.strip() else None
            if isinstance(line, str):
                problems.append(Problem("malformed_row", where, line))
            elif line is not None:
                lines.append(line)
    if not lines:
        fault = f"{problems[0].where}: {problems[0].detail}" if problems else "there is none"
        raise DataInvalid(f"{folder} has no line of a labelling manifest ({fault}).")
    return lines, problems


def _manifests(folder: Path) -> list[Path]:
    return sorted((*folder.glob("*.jsonl"), *folder.glob("*.manifest")))


def _read_text(path: Path) -> str:
    file = read_text(path)
    if file.encoding == "Windows-1252":
        raise DataInvalid(f"{path} is not UTF-8, {file.remarks[0]}; JSON must be.")
    return file.text


def _label_space(folder: Path, lines: Sequence[PhotoAnswers]) -> LabelSpace:
    path = folder / "labels.json"
    if path.is_file():
        return read_label_space(path)
    given = {label for line in lines for answer in line.answers for label in answer.labels}
    labels = (Label(id=label, name=label, group="labels") for label in sorted(given))
    return label_space_of(_manifests(folder)[0], [Group(name="labels", title="Labels")], labels)


@dataclass(frozen=True)
class _Count:
    """How many workers gave each label to a photo, and what they gave that is none: mistakes."""

    votes: Counter[LabelId]
    strange: frozenset[str]


def _count(lines: Sequence[PhotoAnswers], label_space: LabelSpace) -> list[_Count]:
    ids_by_name = ids_of_unique_names(label_space)
    counts = []
    for line in show_progress(lines, "Reading answers"):
        given = [given_labels(answer, label_space, ids_by_name) for answer in line.answers]
        votes = Counter(label for labels, _ in given for label in labels)
        counts.append(_Count(votes, frozenset().union(*(strange for _, strange in given))))
    return counts


def _shares(count: _Count, workers: int, label_space: LabelSpace) -> DoubleArray:
    """Return the share of a photo's workers that gave each label, (L,)."""
    shares = np.zeros(len(label_space))
    for label_id, votes in count.votes.items():
        shares[label_space.index_of(label_id)] = votes / workers
    return shares


def ids_of_unique_names(label_space: LabelSpace) -> dict[str, str]:
    """Return the IDs of the names that only one label has."""
    counts = Counter(label.name for label in label_space.labels)
    return {label.name: str(label.id) for label in label_space.labels if counts[label.name] == 1}


def given_labels(
    answer: WorkerAnswer, label_space: LabelSpace, ids_by_name: dict[str, str]
) -> tuple[frozenset[LabelId], frozenset[str]]:
    """Return the labels that an answer gives by ID or name, and what of it is neither.

    Who gives a label gives its ancestors too.
    """
    ids = {
        label if label in label_space else ids_by_name.get(label, label) for label in answer.labels
    }
    strange = frozenset(label_id for label_id in ids if label_id not in label_space)
    return with_ancestors(ids - strange, label_space), strange


def photo_name(image: str) -> str:
    """Return the name of the file that a manifest's image means: the last part of a URL."""
    return image.rpartition("/")[2] if "://" in image else image


def photo_finder(folder: Path, lines: Sequence[PhotoAnswers]) -> PhotoFinder:
    """Return what finds the photos of a manifest, in images/ or beside it."""
    return PhotoFinder((folder / "images", folder), (photo_name(line.image) for line in lines))


def _row(
    line: PhotoAnswers,
    label_ids: tuple[str, ...],
    unknown: Undecided,
    unasked: frozenset[str],
    finder: PhotoFinder,
) -> ProductRow:
    path = finder.find(photo_name(line.image))
    return ProductRow(
        where=line.where,
        image=line.image,
        path=path,
        photo_cause="" if path else finder.why_missing(photo_name(line.image)),
        product_id=line.product_id,
        label_ids=label_ids,
        unknown_groups=unknown.groups | unasked,
        unknown_labels=frozenset(map(str, unknown.labels)),
    )
