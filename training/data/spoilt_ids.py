"""IDs that a spreadsheet has spoilt: `4.00123E+12` may be any of ten million articles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from training.data.dataset import Problem, ProductPhoto

# A long number, one in a column that is too narrow, and what a formula says that fails.
_SPOILT = re.compile(
    r"(?i)\d([.,]\d+)?e\+\d{2,3}|#{3,}|#(n/a|ref!|name\?|value!|num!|null!|div/0!)"
)
SPOILT = "has rounded or hidden: format that column as text where it came from, and export it again"


def is_spoilt(text: str) -> bool:
    """Whether it is what spreadsheets show instead of a number or a text."""
    return _SPOILT.fullmatch(text) is not None


def spoilt_problems(product_id: str, photos: Mapping[str, ProductPhoto]) -> Iterator[Problem]:
    """Yield a problem for each row of an ID if the rows are of several products.

    That is where their labels or their titles differ. The photos stay together: which of them show
    one product is not known.

    photos : by where their rows are
    """
    if len({(photo.title, photo.labels) for photo in photos.values()}) == 1:
        return
    cause = f"several products share IDs such as {product_id!r}, which a spreadsheet {SPOILT}"
    for where in photos:
        detail = f"{len(photos):,} rows share the product ID {product_id!r}"
        yield Problem("spoilt_product_id", where, detail, cause)
