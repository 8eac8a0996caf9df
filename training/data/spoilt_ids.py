"""Product IDs that a spreadsheet has rounded, so that several products share one."""

from collections.abc import Iterator, Mapping

from hangtag.tables.spoilt_cells import SPOILT
from training.data.dataset import Problem, ProductPhoto


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
