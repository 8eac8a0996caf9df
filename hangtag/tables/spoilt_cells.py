"""Cells that a spreadsheet has spoilt: `4.00123E+12` may be any of ten million articles."""

import re

# A long number, one in a column that is too narrow, and what a formula says that fails.
_SPOILT = re.compile(
    r"(?i)\d([.,]\d+)?e\+\d{2,3}|#{3,}|#(n/a|ref!|name\?|value!|num!|null!|div/0!)"
)
SPOILT = "has rounded or hidden: format that column as text where it came from, and export it again"


def is_spoilt(text: str) -> bool:
    """Whether it is what spreadsheets show instead of a number or a text."""
    return _SPOILT.fullmatch(text) is not None
