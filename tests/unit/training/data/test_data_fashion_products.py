"""The real photos, where they are at hand."""

import pytest

from tests.real_photos import FASHION_PRODUCTS, needs_fashion_products
from training.data import Catalogue, read_catalogue

pytestmark = needs_fashion_products


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(FASHION_PRODUCTS)


def test_all_photos_are_sound(catalogue: Catalogue) -> None:
    assert catalogue.problems == ()
    assert len(catalogue.photos) == 8053
    assert catalogue.source == "styles.csv"


@pytest.mark.parametrize(
    ("label_id", "path"),
    [
        ("articleType:Tshirts", ["Apparel", "Topwear", "Tshirts"]),
        ("articleType:Sandals", ["Footwear", "Sandal", "Sandals"]),
        ("articleType:Messenger Bag", ["Accessories", "Bags", "Messenger Bag"]),
        ("subCategory:Fragrance", ["Personal Care", "Fragrance"]),
    ],
)
def test_the_hierarchy(catalogue: Catalogue, label_id: str, path: list[str]) -> None:
    space = catalogue.label_space
    assert space.path_of(space.labels[space.index_of(label_id)]) == path


def test_labels_agree_with_the_hierarchy(catalogue: Catalogue) -> None:
    space = catalogue.label_space
    for photo in catalogue.photos:
        labels = [space.labels[space.index_of(label_id)] for label_id in photo.labels]
        assert len({label.group for label in labels}) == len(labels)
        assert all(label.parent in photo.labels for label in labels if label.parent)


def test_unknown_cells(catalogue: Catalogue) -> None:
    unknown = [group for photo in catalogue.photos for group in photo.unknown_groups]
    assert sorted(unknown) == ["baseColour"] * 3 + ["usage"] * 7
