"""Everything that one migration moves: the label space, a dataset folder, files of stored tags."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from rich.text import Text

from hangtag.errors import DataInvalid
from hangtag.files.whole_file import whole_files
from training.labels.dataset_folder import refuse_dataset
from training.labels.label_lists import ConversionReport
from training.labels.migrated_dataset import write_converted
from training.labels.migration import Migrated
from training.labels.stored_tags import converted_lines, write_lines


@dataclass
class Converted:
    """How many rows, rows without a label that is left, and lines of stored tags there were."""

    rows: int = 0
    unlabelled: int = 0
    lines: int = 0
    report: ConversionReport = field(default_factory=ConversionReport)


def convert_all(
    migrated: Migrated, folder: Path, data: Path | None, stored_tags: Sequence[Path]
) -> Converted:
    """Write labels.json to `folder`, the dataset if there is one, and each file of stored tags.

    Raises
    ------
    DataInvalid : if `folder` holds a dataset or one of the files, or something does not fit the
        old version. Then nothing is written.
    """
    refuse_dataset(folder)
    targets = {folder / path.name: path for path in stored_tags}
    if taken := [target for target in targets if target.exists()]:
        raise DataInvalid(f"{taken[0]} exists already; name another folder with --out.")
    if len(targets) < len(stored_tags):
        raise DataInvalid("Two files of stored tags have one name; convert them one by one.")
    converted = Converted()
    lines_of: dict[Path, list[str]] = {}
    for target, path in targets.items():
        lines_of[target], report = converted_lines(path, migrated)
        converted.lines += len(lines_of[target])
        converted.report.add(report)
    with whole_files(folder) as to:
        if data is None:
            to("labels.json").write_text(migrated.after.to_json(), encoding="utf-8")
        else:
            dataset = write_converted(data, migrated, folder, to)
            converted.rows, converted.unlabelled = dataset.rows, dataset.unlabelled
            converted.report.add(dataset.report)
        for target, lines in lines_of.items():
            write_lines(lines, to(target.name))
    return converted


def report_table(report: ConversionReport, migrated: Migrated) -> Table:
    """Return what became of the labels as a table for the terminal."""
    table = Table("Label", "Name", "What became of it", "Times", title="Changed labels")
    changes = [
        *((old, f"now {new}", count) for (old, new), count in report.replaced.items()),
        *((old, "dropped", count) for old, count in report.dropped.items()),
        *((old, "no parent any more, left out", count)
          for old, count in report.left_behind.items()),
    ]  # fmt: skip
    before = migrated.before
    for old, change, count in changes:
        name = before.labels[before.index_of(old)].name
        table.add_row(Text(old), Text(name), Text(change), f"{count:,}")
    return table
