"""The demo catalogue: what its products are, and the dataset folder they become."""

import csv
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hangtag.errors import DataInvalid
from training.demo import render_catalogue
from training.demo.attributes import GROUPS, LABELS, RULES, draw_product, label_space
from training.demo.garments import tailor
from training.demo.patterns import SHADES, weave

PRODUCTS = 5
GROUP_OF = {label.id: label.group for label in LABELS}
NAME_OF = {label.id: label.name for label in LABELS}
CATALOGUE = [draw_product(7, index) for index in range(600)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "catalogue"
    render_catalogue(folder, products=PRODUCTS, seed=3)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The label space


def test_label_ids_are_unique_and_not_contiguous() -> None:
    ids = sorted(GROUP_OF)
    assert len(ids) == len(LABELS)
    assert ids != list(range(ids[0], ids[0] + len(ids)))


def test_label_names_are_unique() -> None:
    assert len({label.name for label in LABELS}) == len(LABELS)


def test_a_parent_label_is_in_the_parent_group() -> None:
    parent_group = {group.name: group.parent for group in GROUPS}
    for label in LABELS:
        expected = parent_group[label.group]
        assert (None if label.parent is None else GROUP_OF[label.parent]) == expected


def test_labels_json_has_the_fields_of_the_format() -> None:
    space = label_space()
    assert space["version"] == "demo-1"
    assert space["groups"][1] == {
        "name": "garment",
        "title": "Garment",
        "exclusive": True,
        "parent": "category",
    }
    assert space["labels"][3] == {"id": 412, "name": "T-shirt", "group": "garment", "parent": 21}


def test_every_garment_has_rules_and_every_colour_has_shades() -> None:
    assert set(RULES) == {label.name for label in LABELS if label.group == "garment"}
    assert set(SHADES) == {label.name for label in LABELS if label.group == "colour"}


# The products


def test_a_childs_parent_label_is_always_present() -> None:
    parents = {label.id: label.parent for label in LABELS if label.parent is not None}
    for product in CATALOGUE:
        ids = product.label_ids
        assert all(parents[child] in ids for child in ids if child in parents)


def test_exclusive_groups_have_at_most_one_label() -> None:
    exclusive = {group.name for group in GROUPS if group.exclusive}
    for product in CATALOGUE:
        groups = Counter(GROUP_OF[label] for label in product.label_ids)
        assert all(count == 1 for group, count in groups.items() if group in exclusive)


def test_sleeves_and_necklines_only_on_tops_and_dresses() -> None:
    for product in CATALOGUE:
        groups = {GROUP_OF[label] for label in product.label_ids}
        assert ("sleeves" in groups) == (product.garment not in ("Skirt", "Trousers", "Shorts"))
        assert ("neckline" in groups) <= ("sleeves" in groups)


def test_a_shirt_has_a_collar_and_buttons() -> None:
    shirts = [product for product in CATALOGUE if product.garment == "Shirt"]
    assert all(shirt.neckline == "Collar" and "Buttons" in shirt.details for shirt in shirts)


def test_a_hood_hides_the_neckline() -> None:
    hooded = [product for product in CATALOGUE if "Hood" in product.details]
    assert hooded
    assert all(product.neckline is None for product in hooded)


def test_every_label_is_in_at_least_three_percent_of_the_default_catalogue() -> None:
    counts = Counter(label for product in CATALOGUE for label in product.label_ids)
    rare = {NAME_OF[label]: counts[label] for label in GROUP_OF if counts[label] < 18}
    assert rare == {}


def test_photo_counts_have_their_shares() -> None:
    counts = Counter(product.photo_count for product in CATALOGUE)
    assert counts[2] / 600 == pytest.approx(0.35, abs=0.05)
    assert counts[3] / 600 == pytest.approx(0.05, abs=0.025)
    assert set(counts) == {1, 2, 3}


def test_titles_are_unique() -> None:
    assert len({product.title for product in CATALOGUE}) == 600


def test_a_title_and_a_description_say_the_attributes() -> None:
    product = CATALOGUE[0]
    assert product.title == "Men's dotted green shorts, Garrowby 10000"
    assert product.description == "Dotted shorts in green, with zip."


def test_a_product_depends_on_its_seed_and_index_only() -> None:
    assert draw_product(7, 5) == CATALOGUE[5]
    assert draw_product(8, 5) != CATALOGUE[5]


# What is drawn


def test_details_add_layers() -> None:
    def layers_of(details: str) -> int:
        garments = [p for p in CATALOGUE if p.garment == "Trousers" and p.details == (details,)]
        return len(tailor(garments[0], np.random.default_rng(0)))

    plain = next(p for p in CATALOGUE if p.garment == "Trousers" and not p.details)
    bare = len(tailor(plain, np.random.default_rng(0)))
    assert layers_of("Zip") > bare
    assert layers_of("Pocket") > bare


@pytest.mark.parametrize("pattern", ["Striped", "Checked", "Dotted"])
def test_the_second_colour_is_the_minority_of_a_pattern(pattern: str) -> None:
    product = next(p for p in CATALOGUE if p.pattern == pattern and p.colour == "Red")
    u, v = np.meshgrid(*[np.linspace(0, 2, 400, dtype=np.float32)] * 2)
    for seed in range(5):
        fabric = weave(product, np.random.default_rng(seed))
        colours = fabric.colour("fabric", u, v, softness=0.005)
        to_base = np.abs(colours - fabric.base).sum(axis=-1)
        to_second = np.abs(colours - fabric.contrast).sum(axis=-1)
        assert 0.1 < np.mean(to_base / (to_base + to_second)) < 0.45


# The folder


def test_the_folder_holds_the_csv_the_label_space_and_the_photos(dataset: Path) -> None:
    assert sorted(path.name for path in dataset.iterdir()) == [
        "images",
        "labels.json",
        "products.csv",
    ]
    assert json.loads((dataset / "labels.json").read_text("utf-8")) == label_space()
    photos = sorted(path.name for path in (dataset / "images").iterdir())
    assert photos == sorted(row["image"] for row in rows_of(dataset))


def test_a_csv_row_per_photo(dataset: Path) -> None:
    rows = rows_of(dataset)
    assert list(rows[0]) == ["image", "labels", "product_id", "title", "description"]
    products = [draw_product(3, index) for index in range(PRODUCTS)]
    assert Counter(row["product_id"] for row in rows) == {
        product.product_id: product.photo_count for product in products
    }
    assert rows[0]["labels"] == "_".join(str(label) for label in products[0].label_ids)


def test_photos_are_jpegs_of_about_the_promised_size(dataset: Path) -> None:
    for path in (dataset / "images").iterdir():
        with Image.open(path) as photo:
            assert photo.format == "JPEG"
            assert photo.mode == "RGB"
            assert 270 <= photo.width <= 330
            assert 290 <= photo.height <= 435


def test_the_same_arguments_give_the_same_bytes_on_one_core(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    render_catalogue(tmp_path / "again", products=PRODUCTS, seed=3)
    assert contents(tmp_path / "again") == contents(dataset)


def test_progress_counts_the_products(tmp_path: Path) -> None:
    seen: list[int] = []
    render_catalogue(tmp_path / "demo", products=2, on_progress=seen.append)
    assert seen == [1, 2]


def test_an_interrupted_run_leaves_no_finished_folder_and_the_next_one_cleans_up(
    tmp_path: Path,
) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_catalogue(tmp_path / "demo", products=2, on_progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == [".demo.partial"]

    render_catalogue(tmp_path / "demo", products=1)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_an_interrupted_run_keeps_the_earlier_dataset(tmp_path: Path) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    earlier = tmp_path / "demo"
    render_catalogue(earlier, products=1, seed=1)
    before = contents(earlier)
    with pytest.raises(KeyboardInterrupt):
        render_catalogue(earlier, products=1, on_progress=interrupt)
    assert contents(earlier) == before


def test_an_earlier_dataset_is_replaced_as_a_whole(tmp_path: Path) -> None:
    earlier = tmp_path / "demo"
    render_catalogue(earlier, products=1, seed=1)
    (earlier / "images" / "old.jpg").touch()
    (earlier / ".DS_Store").touch()
    render_catalogue(earlier, products=1)
    assert not (earlier / "images" / "old.jpg").exists()
    assert rows_of(earlier)[0]["product_id"] == "DEMO-00000"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    "files",
    [
        {"thesis.txt": "draft"},
        {"products.csv": "image,labels\n"},
        {"products.csv": "image,labels\n", "labels.json": '{"1": "Red"}'},
        {"labels.json": json.dumps(label_space()), "notes.txt": "mine"},
    ],
)
def test_what_is_no_demo_catalogue_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = contents(tmp_path)
    with pytest.raises(DataInvalid, match="choose another folder"):
        render_catalogue(tmp_path, products=1)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("products", [0, -1])
def test_a_catalogue_has_at_least_one_product(tmp_path: Path, products: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        render_catalogue(tmp_path / "demo", products=products)
    assert list(tmp_path.iterdir()) == []
