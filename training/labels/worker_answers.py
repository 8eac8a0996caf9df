"""From a labelling manifest to the dataset folder that its workers' consensus makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from hangtag.errors import DataInvalid
from hangtag.files.whole_file import whole_files
from hangtag.label_space import LabelId, LabelSpace
from training.data.formats.manifest_lines import PhotoAnswers
from training.data.formats.manifests import (
    given_labels,
    ids_of_unique_names,
    photo_finder,
    photo_name,
    read_answers,
)
from training.data.key_lists import join_cell
from training.data.votes import Answer
from training.labels.consensus import Consensus
from training.labels.dataset_folder import photo_cell, refuse_dataset, write_csv

_COLUMNS = ("image", "labels", "product_id", "unknown_groups")
_CERTAINTY_COLUMNS = ("image", "label", "name", "holds", "certainty", "said_yes", "answers")
_WORKER_COLUMNS = ("worker", "answers", "sensitivity", "specificity", "informedness")


@dataclass(frozen=True)
class WrittenConsensus:
    """How many photos products.csv names, and those left out: not found, or without a label."""

    photos: int
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]


def read_worker_answers(
    folder: Path, label_space: LabelSpace
) -> tuple[list[PhotoAnswers], list[Answer]]:
    """Return the manifest's lines, and every answer: IDs, or names, closed upwards.

    Raises
    ------
    DataInvalid : if a line does not fit, a photo has two, or a label is not in the label space.
    """
    lines, problems = read_answers(folder)
    if problems:
        raise DataInvalid(
            f"{problems[0].where}: {problems[0].detail} ({len(problems)} such lines in all)."
        )
    first: dict[str, str] = {}
    for line in lines:
        if first.setdefault(line.image, line.where) != line.where:
            raise DataInvalid(
                f"{line.where}: the photo {line.image!r} is already in {first[line.image]}; put "
                "all its answers into one line."
            )
    ids_by_name = ids_of_unique_names(label_space)
    return lines, [answer for line in lines for answer in _answers(line, label_space, ids_by_name)]


def _answers(
    line: PhotoAnswers, label_space: LabelSpace, ids_by_name: dict[str, str]
) -> Iterator[Answer]:
    for given in line.answers:
        labels, unknown = given_labels(given, label_space, ids_by_name)
        if unknown:
            raise DataInvalid(
                f"{line.where}: the label {min(unknown)!r} of worker {given.worker!r} is not in "
                "labels.json; add it there or correct the line."
            )
        yield Answer(line.image, given.worker, labels)


def write_consensus(
    lines: Sequence[PhotoAnswers],
    answers: Sequence[Answer],
    consensus: Consensus,
    label_space: LabelSpace,
    source: Path,
    folder: Path,
) -> WrittenConsensus:
    """Write labels.json, products.csv, certainty.csv and workers.csv.

    Photos are looked for in `source`. products.csv leaves out those not found and those without
    any label, and names the groups that the answers leave open; certainty.csv has all photos.

    Raises
    ------
    DataInvalid : if the folder already holds a dataset, or labels cannot be written into a cell.
    """
    refuse_dataset(folder)
    held = {
        photo: consensus.labels_of(index, label_space)
        for index, photo in enumerate(consensus.photos)
    }
    finder = photo_finder(source, lines)
    paths = {line.image: finder.find(photo_name(line.image)) for line in lines}
    unknown = dict(zip(consensus.photos, consensus.unknown_groups(label_space), strict=True))
    rows = [
        (
            photo_cell(path, folder),
            join_cell(labels, label_space.__contains__),
            line.product_id or line.image,
            join_cell(unknown[line.image], label_space.has_group),
        )
        for line in lines
        if (path := paths[line.image]) is not None and (labels := held[line.image])
    ]
    certainties = _certainties(answers, consensus, label_space, held)
    with whole_files(folder) as to:
        write_csv(to("products.csv"), _COLUMNS, rows)
        to("labels.json").write_text(label_space.to_json(), encoding="utf-8")
        write_csv(to("certainty.csv"), _CERTAINTY_COLUMNS, certainties)
        write_csv(to("workers.csv"), _WORKER_COLUMNS, _workers(consensus))
    return WrittenConsensus(
        photos=len(rows),
        missing=tuple(image for image, path in paths.items() if path is None),
        unlabelled=tuple(image for image, labels in held.items() if not labels),
    )


def _certainties(
    answers: Sequence[Answer],
    consensus: Consensus,
    label_space: LabelSpace,
    held: dict[str, list[LabelId]],
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each label that holds or that a worker gave: how sure yes or no is."""
    by_photo: dict[str, list[Answer]] = {photo: [] for photo in consensus.photos}
    for answer in answers:
        by_photo[answer.photo].append(answer)
    for index, (photo, given) in enumerate(by_photo.items()):
        said = {label_id for answer in given for label_id in answer.labels}
        for label_id in sorted(said.union(held[photo]), key=label_space.index_of):
            position = label_space.index_of(label_id)
            probability = float(consensus.probabilities[index, position])
            holds = label_id in held[photo]
            yield (
                photo,
                str(label_id),
                label_space.labels[position].name,
                "yes" if holds else "no",
                f"{probability if holds else 1 - probability:.4f}",
                str(sum(label_id in answer.labels for answer in given)),
                str(len(given)),
            )


def _workers(consensus: Consensus) -> Iterator[tuple[str, ...]]:
    for worker in consensus.workers:
        figures = (worker.sensitivity, worker.specificity, worker.informedness)
        yield (worker.worker, str(worker.answers), *(f"{figure:.4f}" for figure in figures))


def worker_table(consensus: Consensus) -> Table:
    """Return the workers as a table for the terminal, the best first."""
    table = Table(*(column.capitalize() for column in _WORKER_COLUMNS), title="Workers")
    for worker in sorted(consensus.workers, key=lambda worker: -worker.informedness):
        figures = (worker.sensitivity, worker.specificity, worker.informedness)
        table.add_row(
            Text(worker.worker), f"{worker.answers:,}", *(f"{figure:.2f}" for figure in figures)
        )
    return table
