"""FEIDEGGER: photos with descriptions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangtag.errors import DataInvalid
from training.data import read_dataset, read_described
from training.data.formats import feidegger as layout

SavePhotos = Callable[..., None]

ITEMS: list[dict[str, Any]] = [
    {
        "url": "https://img01.example.org/article/0VB21C000-A11@12.1.jpg",
        "descriptions": ["Ein langes rotes Kleid.", " Rotes Abendkleid mit V-Ausschnitt. "],
        "split": "0",
    },
    {
        "url": "https://img01.example.org/article/1AB21C00%41-Q11@8.jpg?width=762",
        "descriptions": ["Kurzes schwarzes Kleid."],
        "split": "8",
    },
    {"url": "https://example.org/x/2CD.jpg", "descriptions": ["Grünes Kleid."], "split": 9},
]


@pytest.fixture
def feidegger(tmp_path: Path, save_photos: SavePhotos) -> Path:
    folder = tmp_path / "feidegger"
    save_photos(folder / "images" / "0VB21C000-A11@12.1.jpg")
    write(folder, ITEMS)
    return folder


def write(folder: Path, document: object) -> None:
    text = json.dumps(document, ensure_ascii=False)
    (folder / "FEIDEGGER_release_1.2.json").write_text(text, "utf-8")


def test_descriptions_and_splits(feidegger: Path) -> None:
    first, second, third = layout.read_described(feidegger)
    assert first.path == feidegger / "images" / "0VB21C000-A11@12.1.jpg"
    assert first.path.is_file()
    assert first.product_id == "0VB21C000-A11"
    assert first.description == "Ein langes rotes Kleid.\nRotes Abendkleid mit V-Ausschnitt."
    assert second.path.name == "1AB21C00A-Q11@8.jpg"
    assert third.product_id == "2CD.jpg"
    assert (third.title, third.description) == ("", "Grünes Kleid.")
    assert [photo.split for photo in (first, second, third)] == ["train", "validation", "test"]


def test_photos_that_were_not_downloaded_are_left_out(feidegger: Path) -> None:
    (photo,), left_out = read_described(feidegger)
    assert (photo.product_id, left_out) == ("0VB21C000-A11", 2)


def test_without_labels_the_error_says_how_to_mine_them(feidegger: Path) -> None:
    with pytest.raises(DataInvalid) as caught:
        read_dataset(feidegger)
    assert f"hangtag labels mine data={feidegger}" in str(caught.value)


def test_mined_labels_are_read_and_texts_stay_the_originals(feidegger: Path) -> None:
    (feidegger / "labels.json").write_text('{"rot": "Rot"}')
    (feidegger / "products.csv").write_text("image,labels\n0VB21C000-A11@12.1.jpg,rot\n")
    assert read_dataset(feidegger).photos[0].labels == {"rot"}
    (photo,), _ = read_described(feidegger)
    assert photo.description.startswith("Ein langes")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, r"FEIDEGGER_release_1\.2\.json: the file must be a list, and is an object"),
        ([{**ITEMS[0], "descriptions": "rot"}], r"0\.descriptions must be a list, and is "),
        ([{**ITEMS[0], "split": "10"}], "split '10' is none of 0 to 9"),
        ([{**ITEMS[0], "url": "https://example.org/"}], "names no photo"),
    ],
)
def test_a_malformed_release_is_one_sentence(
    feidegger: Path, document: object, message: str
) -> None:
    write(feidegger, document)
    with pytest.raises(DataInvalid, match=message):
        layout.read_described(feidegger)


def test_several_releases(feidegger: Path) -> None:
    (feidegger / "FEIDEGGER_release_1.1.json").write_text("[]")
    with pytest.raises(DataInvalid, match="several releases; keep one"):
        read_described(feidegger)
