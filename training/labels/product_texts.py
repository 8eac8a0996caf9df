"""What is written about products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hangtag.text import clean_text, clean_title
from training.data.described_photo import DescribedPhoto


@dataclass(frozen=True)
class ProductText:
    """All that is written about one product, each text once, without mark-up."""

    product_id: str
    titles: tuple[str, ...]
    descriptions: tuple[str, ...]

    @property
    def first(self) -> str:
        """A text to show; there is at least one."""
        return (*self.titles, *self.descriptions)[0]


def texts_by_product(photos: Iterable[DescribedPhoto]) -> list[ProductText]:
    """Return one entry for each product that has a text."""
    by_product: dict[str, list[DescribedPhoto]] = {}
    for photo in photos:
        by_product.setdefault(photo.product_id, []).append(photo)
    products = (
        ProductText(
            product_id,
            _distinct([clean_title(photo.title) for photo in of_product]),
            _distinct([clean_text(photo.description) for photo in of_product]),
        )
        for product_id, of_product in by_product.items()
    )
    return [product for product in products if product.titles or product.descriptions]


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
