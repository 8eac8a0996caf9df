"""Product IDs that a spreadsheet has rounded: `4.00123E+12` may be any of ten million articles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from training.data.catalogue import Problem, ProductPhoto

_ROUNDED = re.compile(r"(?i)\d([.,]\d+)?e\+\d{2,3}")


def is_rounded(text: str) -> bool:
    """Whether it is a number as spreadsheets show long ones."""
    return _ROUNDED.fullmatch(text) is not None


def rounded_problems(
    product_id: str, photos: Mapping[str, ProductPhoto], conflict: bool
) -> Iterator[Problem]:
    """Yield a problem for each row of an ID if the rows are of several products.

    That is where their labels exclude each other or their titles differ. The photos stay together:
    which of them show one product is not known.

    photos : by where their rows are
    """
    if not conflict and len({photo.title for photo in photos.values()}) == 1:
        return
    cause = (
        f"product IDs are numbers that a spreadsheet has rounded, such as {product_id!r}, so that "
        "several products share one: format that column as text where it came from, and export it "
        "again"
    )
    for where in photos:
        detail = f"{len(photos):,} rows share the rounded product ID {product_id!r}"
        yield Problem("rounded_product_id", where, detail, cause)
