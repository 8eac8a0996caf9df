"""The data report as a user makes it: `hangtag data-report` in a folder of its own."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from training.demo import render_catalogue

PRODUCTS = 60
# What libraries tell developers.
NOISE = re.compile(r"(?i)warning|tip:|gpu available|lightning|deprecat")


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hangtag.cli", "data-report", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def add_product(folder: Path, source: str, image: str, labels: str) -> None:
    """Add a copy of a photo as a product of its own."""
    shutil.copy(folder / "images" / source, folder / "images" / image)
    add_row(folder, image, labels)


def add_row(folder: Path, image: str, labels: str) -> None:
    with (folder / "products.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow([image, labels, f"SKU-{image}", "", ""])


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rendered catalogue, `demo`, to which some faults were added.

    A broken photo, a row without its photo, and two copies of a photo: one with its labels, one
    with those of another colour.
    """
    folder = tmp_path_factory.mktemp("data-report")
    demo = folder / "demo"
    render_catalogue(demo, products=PRODUCTS)
    first = read_rows(demo / "products.csv")[0]
    space = json.loads((demo / "labels.json").read_text(encoding="utf-8"))
    colours = [str(label["id"]) for label in space["labels"] if label["group"] == "colour"]
    own = next(each for each in first["labels"].split("_") if each in colours)
    other = next(each for each in colours if each != own)
    add_product(demo, first["image"], "copy.jpg", first["labels"])
    swapped = [other if each == own else each for each in first["labels"].split("_")]
    add_product(demo, first["image"], "swapped.jpg", "_".join(swapped))
    (demo / "images" / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    add_row(demo, "broken.jpg", first["labels"])
    add_row(demo, "missing.jpg", first["labels"])
    return folder


@pytest.fixture(scope="module")
def plain(workplace: Path) -> dict[str, Any]:
    """The figures of a report without scores, in the default folder."""
    done = run(workplace, "--data", "demo", "--no-scores")
    assert done.returncode == 0, done.stderr
    *_, last, mend, following = done.stdout.strip().splitlines()
    assert mend.startswith("The page lists the problems; mend them, or go on without")
    assert following.endswith("hangtag train --data demo --skip-bad")
    assert re.fullmatch(
        r"Looked through \d+ photos: 2 problems, \d+ label conflicts among look-alikes\. The page "
        r"is runs/data-report-demo/report\.html; its figures and lists lie beside it in "
        r"runs/data-report-demo\.",
        last,
    )
    figures: dict[str, Any] = json.loads(
        (workplace / "runs" / "data-report-demo" / "report.json").read_text(encoding="utf-8")
    )
    return figures


def test_figures_are_those_of_the_catalogue(workplace: Path, plain: dict[str, Any]) -> None:
    rows = read_rows(workplace / "demo" / "products.csv")
    assert plain["photos"] == len(rows) - 2
    assert plain["products"]["products"] == PRODUCTS + 2
    assert plain["files"]["formats"] == {"JPEG": len(rows) - 2}
    held = [each for row in rows[:-2] for each in row["labels"].split("_")]
    colours = {
        key: label["photos"] for key, label in plain["labels"].items() if label["group"] == "colour"
    }
    assert colours == {key: held.count(key) for key in colours}


def test_bad_photos_are_part_of_the_report(plain: dict[str, Any]) -> None:
    kinds = {kind: each["count"] for kind, each in plain["problems"]["kinds"].items()}
    assert kinds == {"missing_photo": 1, "broken_photo": 1}
    assert any("broken.jpg" in problem["where"] for problem in plain["problems"]["all"])


def test_copies_and_conflicts_among_them_are_found(workplace: Path, plain: dict[str, Any]) -> None:
    first = f"images/{read_rows(workplace / 'demo' / 'products.csv')[0]['image']}"
    copies = {first, "images/copy.jpg", "images/swapped.jpg"}
    assert [set(each) for each in plain["copies"]] == [copies]
    colour = plain["twins"]["colour"]
    assert (colour["conflicts"], colour["photos"]) == (1, 3)
    # Of the twins of the two that agree, one in two does; of the third's, none.
    assert colour["agreement"] == pytest.approx(1 / 3)
    assert plain["conflicts"]["colour"] == [[first, "images/swapped.jpg"]]


def test_the_page_needs_nothing_else(workplace: Path, plain: dict[str, Any]) -> None:
    page = (workplace / "runs" / "data-report-demo" / "report.html").read_text(encoding="utf-8")
    assert "Dataset demo" in page
    assert "Not looked for" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,40})', page)
    assert len(sources) > 50
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    assert all(group["title"] in page for group in plain["groups"].values())


@pytest.mark.slow
def test_label_errors_are_looked_for(workplace: Path) -> None:
    done = run(workplace, "--data", "demo", "--out", "scored", "--folds", 2)
    assert done.returncode == 0, done.stderr
    assert not NOISE.search(done.stdout + done.stderr)
    figures = json.loads((workplace / "scored" / "report.json").read_text(encoding="utf-8"))
    rows = read_rows(workplace / "scored" / "label_errors.csv")
    counted = {name: each["errors"] for name, each in figures["label_errors"].items()}
    assert counted == {
        name: sum(row["group"] == name for row in rows) for name in figures["groups"]
    }
    assert all((workplace / "demo" / row["photo"]).is_file() for row in rows)
    # ImageNet features tell garments apart, even by thirty products.
    garment = figures["label_errors"]["garment"]
    assert garment["agreement"] > figures["groups"]["garment"]["most_frequent_share"]
    assert f"{len(rows):,} probable label errors" in done.stdout


def test_a_report_without_scores_keeps_no_earlier_label_errors(workplace: Path) -> None:
    out = workplace / "again"
    out.mkdir()
    (out / "label_errors.csv").write_text("photo\n", encoding="utf-8")
    assert run(workplace, "--data", "demo", "--out", "again", "--no-scores").returncode == 0
    assert not (out / "label_errors.csv").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "nowhere does not exist; give the folder of the dataset."),
        ("image,labels\nmissing.jpg,1\n", "nowhere has no photo that can be used"),
    ],
)
def test_what_cannot_be_read_ends_in_one_sentence(
    content: str | None, sentence: str, tmp_path: Path
) -> None:
    if content:
        (tmp_path / "nowhere").mkdir()
        (tmp_path / "nowhere" / "products.csv").write_text(content, encoding="utf-8")
        (tmp_path / "nowhere" / "labels.json").write_text('{"1": "Red"}', encoding="utf-8")
    done = run(tmp_path, "--data", "nowhere", "--no-scores")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr
