"""The real photos, where they are at hand."""

import pytest

from tests.real_photos import FASHION_PRODUCTS, needs_fashion_products
from training.data import Dataset, read_dataset

pytestmark = needs_fashion_products


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(FASHION_PRODUCTS)


def test_all_photos_are_sound(dataset: Dataset) -> None:
    assert dataset.problems == ()
    assert len(dataset.photos) == 8053
    assert dataset.source == "styles.csv"


@pytest.mark.parametrize(
    ("label_id", "path"),
    [
        ("articleType:Tshirts", ["Apparel", "Topwear", "Tshirts"]),
        ("articleType:Sandals", ["Footwear", "Sandal", "Sandals"]),
        ("articleType:Messenger Bag", ["Accessories", "Bags", "Messenger Bag"]),
        ("subCategory:Fragrance", ["Personal Care", "Fragrance"]),
    ],
)
def test_the_hierarchy(dataset: Dataset, label_id: str, path: list[str]) -> None:
    space = dataset.label_space
    assert space.path_of(space.labels[space.index_of(label_id)]) == path


def test_labels_agree_with_the_hierarchy(dataset: Dataset) -> None:
    space = dataset.label_space
    for photo in dataset.photos:
        labels = [space.labels[space.index_of(label_id)] for label_id in photo.labels]
        assert len({label.group for label in labels}) == len(labels)
        assert all(label.parent in photo.labels for label in labels if label.parent)


def test_unknown_cells(dataset: Dataset) -> None:
    unknown = [group for photo in dataset.photos for group in photo.unknown_groups]
    assert sorted(unknown) == ["baseColour"] * 3 + ["usage"] * 7
