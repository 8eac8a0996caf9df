"""The texts that labels are mined from."""

from pathlib import Path

import pytest

from hangtag.errors import DataInvalid
from training.data import read_described


def test_texts_of_a_products_csv_without_labels(folder: Path) -> None:
    (folder / "products.csv").write_text(
        "image,title,description,product_id,split\n"
        "0.jpg,Red tee,Soft,SKU-1,val\n1,Red tee,,,\n99.jpg,,Gone,,\n,Red tee,,,\n2.jpg,a,b,c,d,e\n"
    )
    (front, back), left_out = read_described(folder)
    assert front == (folder / "images" / "0.jpg", "SKU-1", "Red tee", "Soft", "val")
    assert back == (folder / "images" / "1.jpg", "1", "Red tee", "", "")
    assert left_out == 3


def test_texts_of_a_layout_with_labels(folder: Path) -> None:
    (folder / "styles.csv").write_text(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,usage,"
        "productDisplayName\n"
        "0,Men,Apparel,Topwear,Tshirts,Blue,Fall,Casual,Blue tee\n"
        "99,Men,Apparel,Topwear,Tshirts,Blue,Fall,Casual,Gone\n"
    )
    (photo,), left_out = read_described(folder)
    assert (photo.product_id, photo.title, photo.split, left_out) == ("0", "Blue tee", "", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,labels\n0.jpg,412\n", "has no photo with a text; .* column title or description"),
        ("image,title\n99.jpg,Red tee\n", "has no photo with a text"),
        ("title\nRed tee\n", "lacks the column image"),
    ],
)
def test_texts_that_cannot_be_used(folder: Path, text: str, message: str) -> None:
    (folder / "products.csv").write_text(text)
    with pytest.raises(DataInvalid, match=message):
        read_described(folder)


def test_no_texts_at_all(folder: Path) -> None:
    with pytest.raises(DataInvalid, match="has no layout that is known"):
        read_described(folder)
