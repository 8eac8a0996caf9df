"""`hangtag tag`: a table of all products, whatever becomes of each."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hangtag.bundle import Bundle
from hangtag.tagger import Tagger
from tests.unit.hangtag.cli.test_app import call


@pytest.fixture
def photos(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    """A folder of two products that can be tagged, one that cannot, and a file that is neither."""
    good = sorted((tiny_bundle.folder / "golden").iterdir())[0].read_bytes()
    folder = tmp_path / "photos"
    (folder / "many").mkdir(parents=True)
    for name in ("a.png", "many/1.png", "many/2.png"):
        (folder / name).write_bytes(good)
    (folder / "broken.png").write_bytes(good[:40])
    (folder / "list.txt").write_text("a")
    return folder


def read(path: Path) -> dict[str, dict[str, Any]]:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["product_id"]: row for row in rows}


def test_a_bundle_tags_a_folder(photos: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    out = tmp_path / "tags.jsonl"
    code, said, _ = call("tag", str(photos), "--bundle", str(tiny_bundle.folder), "--out", str(out))
    assert code == 0
    assert said.startswith("Tagged 2 of 3 products in ")
    assert said.endswith(
        f"s; failed: 1 (1 image_undecodable); files that are no photos: 1. The table is {out}.\n"
    )
    rows = read(out)
    assert list(rows) == ["a", "broken", "many"]
    (answer,) = Tagger.load(tiny_bundle.folder).tag([_product(photos / "a.png")])
    assert [tag["id"] for tag in rows["a"]["tags"]] == [tag.id for tag in answer.tags]  # type: ignore[union-attr]
    assert rows["a"]["bundle_digest"] == tiny_bundle.digest
    assert rows["many"]["images"] == ["many/1.png", "many/2.png"]
    assert rows["many"]["tags"] == rows["a"]["tags"]
    assert rows["broken"]["status"] == "failed"
    assert rows["broken"]["error_code"] == "image_undecodable"
    assert rows["broken"]["tags"] == []


def _product(photo: Path) -> Any:
    from hangtag.requests.product import Product

    return Product(photo)


def test_an_archive_tags_as_its_bundle_does(
    photos: Path, tiny_bundle: Bundle, tiny_archive: Path, tmp_path: Path
) -> None:
    tables = []
    for way, place in (("--bundle", tiny_bundle.folder), ("--archive", tiny_archive)):
        out = tmp_path / f"{way}.jsonl"
        assert call("tag", str(photos), way, str(place), "--out", str(out))[0] == 0
        tables.append({name: row["tags"] for name, row in read(out).items()})
    assert tables[0] == tables[1]
    assert tables[0]["a"]


def test_a_table_of_which_nothing_can_be_tagged_fails(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("image\nnone.jpg\n\n../x.jpg\n;\n")
    out = tmp_path / "tags.jsonl"
    code, said, _ = call(
        "tag", str(tmp_path / "list.csv"), "--bundle", str(tiny_bundle.folder), "--out", str(out)
    )
    assert code == 1
    assert "Tagged 0 of 3 products" in said
    rows = read(out)
    assert {row["error_code"] for row in rows.values()} == {"image_missing"}
    assert [row["error"].rpartition("/")[2] for row in rows.values()] == [
        "images does not exist: put them there.",
        "images does not exist: put them there.",
        "The row names no photo.",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "t.csv"], "Say what tags, one of: --bundle FOLDER, --archive FILE.mar, --url "),
        (["--out", "t.csv", "--bundle", "a", "--url", "b"], "Say what tags, one of"),
        (["--out", "t.xls", "--bundle", "x"], "t.xls says no format"),
        (["--out", "t.csv", "--bundle", "x"], "x is no bundle"),
        (["--out", "t.csv", "--archive", "x.mar"], "There is no archive x.mar."),
        (["--out", "t.csv", "--url", "http://127.0.0.1:9"], "No tagger answers at http://127"),
    ],
)
def test_a_wrong_call_is_refused_and_writes_nothing(
    photos: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, out, err = call("tag", str(photos), *arguments, cwd=tmp_path)
    assert (code, out) == (1, "")
    (sentence,) = err.splitlines()
    assert sentence.startswith(said)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_done_when_it_is_interrupted_is_kept(
    tiny_bundle: Bundle, photos: Path, tmp_path: Path
) -> None:
    many = tmp_path / "list.csv"
    many.write_text("image\n" + "photos/a.png\n" * 10_000)
    out = tmp_path / "tags.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "hangtag.cli", "tag", str(many), "--out", str(out),
         "--bundle", str(tiny_bundle.folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    ) as running:  # fmt: skip
        unfinished = Path(f"{out}.part")
        while not (unfinished.exists() and unfinished.stat().st_size):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=30)[0]
    assert running.returncode == 130
    done = len(out.read_text(encoding="utf-8").splitlines())
    assert 0 < done < 10_000
    assert f"Interrupted: {10_000 - done:,} products are not in it." in said
