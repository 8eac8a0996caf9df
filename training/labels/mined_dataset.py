"""What mining leaves behind: a dataset folder that trains as it is, and a table of its tags."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from rich.table import Table
from rich.text import Text

from hangtag.errors import SettingsInvalid
from hangtag.files.whole_file import whole_files
from training.data import DescribedPhoto, read_described
from training.data.key_lists import join_cell
from training.labels.dataset_folder import photo_cell, refuse_dataset, write_csv
from training.labels.languages import LEXICONS, guess_language
from training.labels.mining import (
    MinedLabels,
    MiningLimits,
    TagSummary,
    mine_labels,
)
from training.labels.product_texts import texts_by_product

_EXAMPLE_CHARACTERS = 28
_COLUMNS = ("image", "labels", "product_id", "title", "description", "split", "unknown_groups")
_TAG_COLUMNS = ("id", "kind", "tag", "count", "tf_idf", "example")


@dataclass(frozen=True)
class MinedDataset:
    """What was mined, in which language, and how many of the photos have labels now.

    `left_out` rows were malformed or without their photo.
    """

    labels: MinedLabels
    language: str
    photos: int
    labelled_photos: int
    left_out: int


def mine_dataset(
    source: Path, folder: Path, language: str | None, limits: MiningLimits
) -> MinedDataset:
    """Mine the texts of a dataset folder and write another one with the labels found.

    Raises
    ------
    DataInvalid : if there are no texts, no frequent tags, or `folder` holds a dataset.
    SettingsInvalid : if the language is unknown.
    """
    if language is not None and language not in LEXICONS:
        raise SettingsInvalid(
            f"There is no language {language!r}; there are {', '.join(LEXICONS)}."
        )
    refuse_dataset(folder)
    photos, left_out = read_described(source)
    products = texts_by_product(photos)
    language = language or guess_language(products)
    mined = mine_labels(products, LEXICONS[language], limits)
    labelled = write_mined_dataset(photos, mined, folder)
    return MinedDataset(mined, language, len(photos), labelled, left_out)


def write_mined_dataset(photos: Iterable[DescribedPhoto], mined: MinedLabels, folder: Path) -> int:
    """Write labels.json, products.csv and tags.csv; return how many photos have labels.

    The photos stay where they are: products.csv names them relative to the folder.
    """
    label_space = mined.label_space
    # All cells before any file: labels that do not read back must leave nothing half written.
    rows = [
        (
            photo_cell(photo.path, folder),
            join_cell(mined.labels[photo.product_id], label_space.__contains__),
            photo.product_id,
            photo.title,
            photo.description,
            photo.split,
            join_cell(mined.unknown_groups[photo.product_id], label_space.has_group),
        )
        for photo in photos
        if photo.product_id in mined.labels
    ]
    with whole_files(folder) as to:
        write_csv(to("products.csv"), _COLUMNS, rows)
        to("labels.json").write_text(label_space.to_json(), encoding="utf-8")
        write_csv(to("tags.csv"), _TAG_COLUMNS, map(_tag_cells, mined.summaries))
    return len(rows)


def tag_table(summaries: Sequence[TagSummary]) -> Table:
    """Return the tags as a table for the terminal."""
    table = Table(title="Mined tags")
    for column in ("Kind", "Tag"):
        table.add_column(column, no_wrap=True)
    for column in ("Count", "tf-idf"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Example")
    previous = ""
    for summary in summaries:
        table.add_row(
            "" if summary.kind == previous else summary.kind,
            Text(summary.name),
            f"{summary.count:,}",
            f"{summary.weight:.2f}",
            Text(shorten(summary.example, _EXAMPLE_CHARACTERS, placeholder="…")),
        )
        previous = summary.kind
    return table


def _tag_cells(summary: TagSummary) -> tuple[str, ...]:
    return (
        summary.label_id,
        summary.kind,
        summary.name,
        str(summary.count),
        f"{summary.weight:.4f}",
        summary.example,
    )
