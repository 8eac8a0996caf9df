"""`hangtag labels`: labels out of texts, out of several workers' answers, or anew."""

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import expand_home, one_sentence_errors
from hangtag.cli.wording import command
from hangtag.files.full_disk import writing_into
from training.commands.migrate import app as migrate_app
from training.commands.options import NewDataset
from training.layout import require_folder

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Labels before training.",
)
app.add_typer(migrate_app, name="migrate")


@app.command()
@one_sentence_errors
def mine(
    data: Annotated[Path, typer.Option(help="Dataset folder with titles or descriptions.")],
    out: NewDataset,
    language: Annotated[str | None, typer.Option(help="en or de; default: guessed.")] = None,
    least_count: Annotated[int, typer.Option(min=1, help="Products that have a tag.")] = 20,
    most_per_kind: Annotated[int, typer.Option(min=1, help="Tags of each kind.")] = 40,
    largest_share: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out tags that more products have.")
    ] = 0.95,
) -> None:
    """Mine candidate tags from product texts: a dataset that trains, with a table of its tags."""
    data = expand_home(data)
    require_folder(data)
    from training.labels.mined_dataset import mine_dataset, tag_table
    from training.labels.mining import MiningLimits
    from training.tables import print_table

    limits = MiningLimits(least_count, most_per_kind, largest_share)
    with writing_into(out):
        mined = mine_dataset(data, out, language, limits)
    print_table(tag_table(mined.labels.summaries))
    print(
        f"Mined {len(mined.labels.label_space)} tags for {mined.labelled_photos:,} of "
        f"{mined.photos:,} photos (texts in {mined.language!r}; {mined.left_out:,} rows left out, "
        f"malformed or without their photo). The dataset and tags.csv are in {out}; look through "
        "the tags first."
    )
    print(f"Next: {command('train', data=out)}")


@app.command()
@one_sentence_errors
def consensus(
    data: Annotated[Path, typer.Option(help="Folder with a labelling manifest and labels.json.")],
    out: NewDataset,
    by_majority: Annotated[
        bool, typer.Option("--majority", help="Count heads instead of learning who is reliable.")
    ] = False,
) -> None:
    """Make labels of several workers' answers, with each worker's quality."""
    data = expand_home(data)
    require_folder(data)
    from hangtag.label_space import read_label_space
    from training.labels.consensus import dawid_skene, majority
    from training.labels.worker_answers import read_worker_answers, worker_table, write_consensus
    from training.tables import print_table

    label_space = read_label_space(data / "labels.json")
    lines, answers = read_worker_answers(data, label_space)
    agreed = (majority if by_majority else dawid_skene)(answers, label_space)
    with writing_into(out):
        written = write_consensus(lines, answers, agreed, label_space, data, out)
    print_table(worker_table(agreed))
    print(
        f"Labelled {written.photos:,} photos by {len(agreed.workers)} workers; left out: "
        f"{len(written.unlabelled):,} without a label, {len(written.missing):,} not found. The "
        f"dataset, certainty.csv and workers.csv are in {out}."
    )
    print(f"Next: {command('train', data=out)}")
