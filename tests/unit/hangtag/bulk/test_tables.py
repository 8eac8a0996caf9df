"""Rows of csv files as spreadsheets and programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hangtag.bulk.tables import read_table


@pytest.mark.parametrize(
    "content",
    [
        b"image,title\n1.jpg,K\xc3\xa4se\n",
        b"\xef\xbb\xbfImage;Title\r\n1.jpg;K\xc3\xa4se\r\n\r\n",
        b"image\ttitle\n1.jpg\tK\xe4se\n",
        "image|TITLE\n1.jpg|Käse|\n".encode("utf-16"),
    ],
)
def test_separators_and_encodings(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    assert read_table(path) == [{"image": "1.jpg", "title": "Käse"}]


def test_cells_at_the_end_of_a_row_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("image,Product ID,title\n1.jpg\n")
    assert read_table(path) == [{"image": "1.jpg", "product_id": "", "title": ""}]
