"""Many products -> a table of their tags: each a row, also those that cannot be tagged."""

from hangtag.bulk.listing import ListedProduct, Listing, list_products, require_source
from hangtag.bulk.rows import Row, row_of
from hangtag.bulk.tagging import Answering, answer_by_server, answer_here
from hangtag.bulk.writing import require_writable, writing_rows

__all__ = [
    "Answering",
    "ListedProduct",
    "Listing",
    "Row",
    "answer_by_server",
    "answer_here",
    "list_products",
    "require_source",
    "require_writable",
    "row_of",
    "writing_rows",
]
