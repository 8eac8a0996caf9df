"""Tables that can be read on a narrow screen and in a file: nothing is cut off."""

from rich.console import Console
from rich.table import Table

_UNBOUNDED = 10_000


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Print a table: what does not fit on the screen is folded; a file has no edge to fit on."""
    for column in table.columns:
        column.overflow = "fold"
    console = Console(stderr=stderr)
    if not console.is_terminal:
        # rich would take it for a screen of 80 columns.
        unbounded = console.options.update(max_width=_UNBOUNDED)
        console.width = max(console.width, console.measure(table, options=unbounded).maximum)
    console.print(table)
