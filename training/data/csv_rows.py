"""The rows of a dataset's csv files; what its reader remarks is said."""

from collections.abc import Sequence

from hangtag.tables.csv_table import Table, TableRow
from hangtag.tables.product_ids import with_product_ids
from training.data.dataset import Problem
from training.data.remarks import remark


def rows_of(table: Table) -> tuple[list[TableRow], list[Problem]]:
    """Return the rows, and a problem for each that does not fit the header."""
    for text in table.remarks:
        remark(text)
    problems = [
        Problem("malformed_row", row.where, row.detail, row.cause) for row in table.malformed
    ]
    return table.rows, problems


def rows_with_ids(file_name: str, rows: Sequence[TableRow]) -> list[TableRow]:
    """Return the rows, those whose product_id says that there is none with an empty one."""
    rows, remarks = with_product_ids(rows)
    for text in remarks:
        remark(f"{file_name}: {text}")
    return rows
