"""The progress bar of reading a large dataset's rows."""

from collections.abc import Iterable, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Row = TypeVar("Row")

# Fewer rows are read within two seconds, even from a slow disk.
_SHOWN_FROM_ROWS = 20_000


def show_progress(
    rows: Iterable[Row], description: str = "Reading the dataset", count: int | None = None
) -> Iterable[Row]:
    """Return the rows, with a bar on stderr if there are many.

    `count` is how many to expect; it may be left out if the rows know it themselves.
    """
    total = len(rows) if count is None and isinstance(rows, Sized) else count or 0
    return track(
        rows,
        description,
        total=total,
        console=Console(stderr=True),
        transient=True,
        disable=total < _SHOWN_FROM_ROWS,
    )
