"""Which products a folder or a table lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from hangtag.bulk.listing import ListedProduct, list_products
from hangtag.errors import DataInvalid


def lay(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"photo")


def listed(source: Path) -> dict[str, tuple[str, ...]]:
    return {product.product_id: product.names for product in list_products(source).products}


def table(folder: Path, text: str) -> Path:
    path = folder / "products.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_photo_of_a_folder_is_a_product(tmp_path: Path) -> None:
    lay(tmp_path, "b.jpg", "a.PNG", "notes.txt", ".DS_Store", ".hidden/c.jpg")
    assert listed(tmp_path) == {"a": ("a.PNG",), "b": ("b.jpg",)}
    assert list_products(tmp_path).left_out == 1


def test_a_folder_in_it_is_one_product(tmp_path: Path) -> None:
    lay(tmp_path, "x.jpg", "SKU-1/2.jpg", "SKU-1/1.jpg", "more/SKU-2/1.webp")
    assert listed(tmp_path) == {
        "x": ("x.jpg",),
        "SKU-1": ("SKU-1/1.jpg", "SKU-1/2.jpg"),
        "more/SKU-2": ("more/SKU-2/1.webp",),
    }


def test_photos_that_differ_in_their_extension_alone_keep_it(tmp_path: Path) -> None:
    lay(tmp_path, "a.jpg", "a.png")
    assert listed(tmp_path) == {"a.jpg": ("a.jpg",), "a.png": ("a.png",)}


@pytest.mark.parametrize("place", ["", "images/"])
def test_rows_of_one_product_are_one(tmp_path: Path, place: str) -> None:
    lay(tmp_path, f"{place}1.jpg", f"{place}2.jpg", f"{place}3.jpg")
    path = table(tmp_path, "image,product_id,title\n1.jpg,A,Tee\n2.jpg,,\n3.jpg,A,Tee\n")
    first, second = list_products(path).products
    assert first == ListedProduct(
        "A", (tmp_path / f"{place}1.jpg", tmp_path / f"{place}3.jpg"), ("1.jpg", "3.jpg"), "Tee"
    )
    assert (second.product_id, second.names) == ("2.jpg", ("2.jpg",))


def test_a_dataset_folder_is_read_by_its_table(tmp_path: Path) -> None:
    lay(tmp_path, "images/1.jpg", "images/2.jpg")
    table(tmp_path, "image,labels\n2.jpg,412\n")
    assert listed(tmp_path) == {"2.jpg": ("2.jpg",)}


def test_a_cell_may_name_several_photos(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg", "a;b.jpg")
    path = table(tmp_path, "image\n1.jpg; 2.jpg\na;b.jpg\n")
    assert [product.names for product in list_products(path).products] == [
        ("1.jpg", "2.jpg"),
        ("a;b.jpg",),
    ]


@pytest.mark.parametrize("cell", ["../outside.jpg", "{outside}"])
def test_a_photo_outside_the_folder_is_not_read(
    tmp_path: Path, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, "outside.jpg", "data/inside.jpg")
    path = table(tmp_path / "data", f"image\n{cell.format(outside=tmp_path / 'outside.jpg')}\n")
    (product,) = list_products(path).products
    assert product.photos == ()
    assert len(product.names) == 1
    monkeypatch.chdir(path.parent)
    assert list_products(Path("products.csv")).products == (product,)


def test_a_photo_that_is_missing_stays_listed(tmp_path: Path) -> None:
    path = table(tmp_path, "image\nnone.jpg\n")
    assert list_products(path).products[0].photos == (tmp_path / "none.jpg",)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("photos", "is not there; name a folder of photos"),
        ("folder/", "There are no photos in"),
        ("list.xlsx", "is neither a folder nor a file whose name ends in .csv or .parquet"),
        ("no_image.csv", "lacks the column image; did you mean 'images'? There are: images, title"),
        ("header.csv", "has no rows."),
        ("empty.csv", "has no rows."),
        ("quote.csv", "line 2: unexpected end of data"),
    ],
)
def test_what_cannot_be_tagged_is_said_in_one_sentence(
    tmp_path: Path, make: str, said: str
) -> None:
    texts = {
        "no_image.csv": "images,title\n1.jpg,Tee\n",
        "header.csv": "image\n",
        "empty.csv": "",
        "quote.csv": 'image\n"1.jpg\n',
        "list.xlsx": "x",
    }
    source = tmp_path / make
    if make.endswith("/"):
        source.mkdir()
    elif make in texts:
        source.write_text(texts[make])
    with pytest.raises(DataInvalid) as raised:
        list_products(source)
    assert said in str(raised.value)
