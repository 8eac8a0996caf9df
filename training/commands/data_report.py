"""`hangtag data-report`: show what is in a dataset folder before training."""

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import expand_home, one_sentence_errors
from hangtag.cli.wording import command
from hangtag.images.limits import PILLOW_MAX_PIXELS, ImageLimits
from training.commands.options import DataFolder
from training.layout import require_folder

_LIMITS = ImageLimits()


@one_sentence_errors
def data_report(
    data: DataFolder,
    out: Annotated[
        Path | None, typer.Option(help="Where the page goes; default runs/data-report-NAME.")
    ] = None,
    scores: Annotated[
        bool,
        typer.Option(
            "--scores/--no-scores", help="Look for label errors: a minute or two for 8,000 photos."
        ),
    ] = True,
    folds: Annotated[
        int, typer.Option(min=2, help="Parts of the photos, each scored by a head of the others.")
    ] = 4,
    max_image_bytes: Annotated[
        int, typer.Option(min=1, help="Of a photo's file, as train takes with --set data.NAME=…")
    ] = _LIMITS.max_image_bytes,
    max_image_pixels: Annotated[
        int, typer.Option(min=1, max=PILLOW_MAX_PIXELS, help="Of a photo, likewise.")
    ] = _LIMITS.max_image_pixels,
) -> None:
    """Write report.html and report.json of a dataset folder, and label_errors.csv."""
    data = expand_home(data)
    require_folder(data)
    # The readers bring numpy, the report all the rest.
    from training.data.readers import find_layout

    find_layout(data)
    from training.data_report.writing import write_data_report

    out = out or Path("runs") / f"data-report-{data.resolve().name}"
    limits = ImageLimits(max_image_bytes=max_image_bytes, max_image_pixels=max_image_pixels)
    written = write_data_report(data, out, folds if scores else None, limits)
    found = f"{written.conflicts:,} label conflicts among look-alikes"
    if written.label_errors is not None:
        found += f", {written.label_errors:,} probable label errors"
    print(
        f"Looked through {written.photos:,} photos: {written.problems:,} problems, {found}. The "
        f"page is {written.page}; its figures and lists lie beside it in {out}."
    )
    # Training stops at problems, unless it is told to go on.
    if written.problems:
        print("The page lists the problems; mend them, or go on without these rows and photos.")
    raised = [f"data.{name}={limit}" for name, limit in limits if limit != getattr(_LIMITS, name)]
    print(f"Next: {command('train', data=data, skip_bad=written.problems > 0, set=raised)}")
