"""Which products a folder or a table lists."""

import time
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from hangtag.bulk.listing import ListedProduct, list_products
from hangtag.errors import DataInvalid


def lay(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"photo")


def listed(source: Path) -> dict[str, tuple[str, ...]]:
    return {each.product_id: names(each) for each in list_products(source).products}


def names(product: ListedProduct) -> tuple[str, ...]:
    return tuple(product.photos.values())


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
        "A", {tmp_path / f"{place}1.jpg": "1.jpg", tmp_path / f"{place}3.jpg": "3.jpg"}, "Tee"
    )
    assert (second.product_id, names(second)) == ("2.jpg", ("2.jpg",))


def test_a_dataset_folder_is_read_by_its_table(tmp_path: Path) -> None:
    lay(tmp_path, "images/1.jpg", "images/2.jpg")
    table(tmp_path, "image,labels\n2.jpg,412\n")
    assert listed(tmp_path) == {"2.jpg": ("2.jpg",)}


def test_a_cell_may_name_several_photos(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg", "a;b.jpg")
    path = table(tmp_path, "image\n1.jpg; 2.jpg\na;b.jpg\n")
    assert [names(product) for product in list_products(path).products] == [
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
    assert "lies outside the table's folder" in str(product.fault)
    assert len(product.photos) == 1
    monkeypatch.chdir(path.parent)
    (other,) = list_products(Path("products.csv")).products
    assert str(other.fault) == str(product.fault)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("none.jpg", "There is no photo 'none.jpg': no file is called so; there are 2, such as "),
        ("https://x.example/3.jpg", "image cells are URLs: download the photos into images/ first"),
        ('"1.jpg,2.jpg"', "image cells name several photos: give each photo a row of its own"),
        (" ; ", "The row names no photo."),
    ],
)
def test_a_row_says_why_its_photo_is_not_found(tmp_path: Path, cell: str, said: str) -> None:
    lay(tmp_path, "images/1.jpg", "images/2.jpg")
    first, second = list_products(table(tmp_path, f"image\n1.jpg\n{cell}\n")).products
    assert first.fault is None
    assert said in str(second.fault)


def test_a_photo_that_is_spelt_otherwise_is_found_and_said(tmp_path: Path) -> None:
    lay(tmp_path, "images/Tee.JPG")
    listing = list_products(table(tmp_path, "image\nC:\\photos\\tee.jpg\n"))
    assert names(listing.products[0]) == ("C:\\photos\\tee.jpg",)
    assert listing.products[0].fault is None
    (said,) = listing.remarks
    assert "image cells have backslashes: 1" in said


def test_a_photo_counts_once(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg")
    path = table(tmp_path, "image,product_id\n1.jpg;2.jpg;1.jpg,A\n2.jpg,A\n")
    assert listed(path) == {"A": ("1.jpg", "2.jpg")}


def test_words_for_nothing_are_no_product(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg")
    path = table(tmp_path, "image,product_id\n1.jpg,NULL\n2.jpg,NULL\n")
    assert listed(path) == {"1.jpg": ("1.jpg",), "2.jpg": ("2.jpg",)}
    assert "say that there is none" in list_products(path).remarks[0]


def test_a_row_that_cannot_be_read_keeps_its_place(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    path = table(tmp_path, "image,title\n1.jpg,Tee\n2.jpg,a,b,c\n3.jpg,Tee\n")
    first, broken, last = list_products(path).products
    assert (first.fault, last.fault) == (None, None)
    assert broken.product_id == "products.csv:3"
    assert "4 cells where the header names 2 columns" in str(broken.fault)


def test_the_title_of_a_later_row_counts_if_the_first_has_none(tmp_path: Path) -> None:
    lay(tmp_path, "1.jpg", "2.jpg")
    path = table(tmp_path, "image,product_id,title\n1.jpg,A,\n2.jpg,A,Tee\n")
    (product,) = list_products(path).products
    assert product.title == "Tee"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("photos", "is not there; name a folder of photos"),
        ("folder/", "There are no photos in"),
        ("list.xlsx", "is neither a folder nor a file whose name ends in .csv or .parquet"),
        (
            "no_image.csv",
            "'images' may be meant as 'image'; its columns are images, title.",
        ),
        ("header.csv", "has a header and no rows."),
        ("empty.csv", "is empty; its first line must name the columns."),
        ("zip.csv", "is a spreadsheet (.xlsx, .ods) or a zip file, whatever its name says"),
    ],
)
def test_what_cannot_be_tagged_is_said_in_one_sentence(
    tmp_path: Path, make: str, said: str
) -> None:
    texts = {
        "no_image.csv": "images,title\n1.jpg,Tee\n",
        "header.csv": "image\n",
        "empty.csv": "",
        "zip.csv": "PK\x03\x04",
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


def test_folders_that_are_links_are_looked_into(tmp_path: Path) -> None:
    lay(tmp_path, "real/1.jpg")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "one").symlink_to(tmp_path / "real")
    (shop / "two").symlink_to(tmp_path / "real")
    (shop / "loop").symlink_to(shop)
    assert listed(shop) == {"one": ("one/1.jpg",), "two": ("two/1.jpg",)}


def test_an_id_of_many_photos_is_one_that_a_server_takes(tmp_path: Path) -> None:
    names = [f"{'x' * 60}{number}.jpg" for number in range(5)]
    lay(tmp_path, *names)
    (product,) = list_products(table(tmp_path, f"image\n{';'.join(names)}\n")).products
    assert product.product_id == "products.csv:2"


@pytest.mark.parametrize("kind", ["bytes", "struct", "list"])
def test_photos_within_a_parquet_file_are_refused_before_they_are_read(
    kind: str, tmp_path: Path
) -> None:
    cell = {"bytes": b"photo", "struct": {"bytes": b"photo", "path": "a"}, "list": [b"photo"]}[kind]
    pyarrow.parquet.write_table(pyarrow.table({"image": [cell]}), tmp_path / "p.parquet")
    with pytest.raises(DataInvalid, match="holds photos themselves in its column image"):
        list_products(tmp_path / "p.parquet")


def test_many_rows_of_one_product_take_no_longer_than_others(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{number}.jpg" for number in range(200)))
    rows = "".join(f"{number % 200}.jpg,A\n" for number in range(20_000))
    started = time.process_time()
    assert len(listed(table(tmp_path, f"image,product_id\n{rows}"))["A"]) == 200
    assert time.process_time() - started < 5
