"""`hangtag tag`: a table of all products, whatever becomes of each."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
        (
            ["--out", "t.csv", "--bundle", "a", "--url", "b"],
            "Say what tags, one of: --bundle FOLDER, "
            "--archive FILE.mar, --url http://host:8080; given are --bundle and --url.",
        ),
        (["--out", "t.csv", "--bundle", "photos/a.png"], "photos/a.png is a file; an archive is"),
        (["--out", "t.csv", "--archive", "photos"], "photos is a folder; a bundle is given with"),
        (["--out", "t.csv", "--bundle", "x", "--clients", "3"], "--clients belongs to --url."),
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


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_done_when_it_is_interrupted_is_kept(
    ending: signal.Signals, tiny_bundle: Bundle, photos: Path, tmp_path: Path
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
        running.send_signal(ending)
        said = running.communicate(timeout=30)[0]
    assert running.returncode == 130
    done = len(out.read_text(encoding="utf-8").splitlines())
    assert 0 < done < 10_000
    assert f"Interrupted: {10_000 - done:,} products are not in it." in said


def test_a_table_that_is_there_is_replaced_only_if_that_is_said(
    photos: Path, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    out = tmp_path / "tags.jsonl"
    out.write_text("mine")
    call_ = ("tag", str(photos), "--bundle", str(tiny_bundle.folder), "--out", str(out))
    code, _, err = call(*call_)
    assert (code, err) == (1, f"{out} is there already; name another file, or say --replace.\n")
    assert out.read_text() == "mine"
    assert call(*call_, "--replace")[0] == 0
    assert len(read(out)) == 3


def test_an_empty_name_is_not_this_folder(tiny_bundle: Bundle, tmp_path: Path) -> None:
    code, _, err = call(
        "tag", "", "--bundle", str(tiny_bundle.folder), "--out", "t.csv", cwd=tmp_path
    )
    assert code == 1
    assert err == "The folder's name is empty: a variable of the shell is not set.\n"


def test_an_empty_photo_is_named(photos: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    (photos / "empty.png").touch()
    out = tmp_path / "tags.jsonl"
    assert call("tag", str(photos), "--bundle", str(tiny_bundle.folder), "--out", str(out))[0] == 0
    row = read(out)["empty"]
    assert (row["error_code"], row["error"]) == (
        "image_missing", f"The photo {photos / 'empty.png'} is empty; get it again."
    )  # fmt: skip


def test_a_name_that_is_no_text_is_a_row_like_others(
    photos: Path, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    (photos / os.fsdecode(b"gr\xfcn.png")).write_bytes((photos / "a.png").read_bytes())
    for ending in ("jsonl", "csv", "parquet"):
        out = tmp_path / f"tags.{ending}"
        code, said, _ = call(
            "tag", str(photos), "--bundle", str(tiny_bundle.folder), "--out", str(out)
        )
        assert code == 0
        assert said.startswith("Tagged 3 of 4 products in ")
    assert read(tmp_path / "tags.jsonl")["gr\\udcfcn"]["status"] == "ok"


def test_a_broken_archive_is_one_sentence(tiny_archive: Path, photos: Path, tmp_path: Path) -> None:
    content = bytearray(tiny_archive.read_bytes())
    with zipfile.ZipFile(tiny_archive) as files:
        member = files.getinfo("bundle/model.onnx")
    at = member.header_offset + 100
    content[at : at + 200] = bytes(200)
    (tmp_path / "broken.mar").write_bytes(content)
    code, out, err = call(
        "tag", str(photos), "--archive", "broken.mar", "--out", "t.csv", cwd=tmp_path
    )
    assert (code, out) == (1, "")
    (sentence,) = err.splitlines()
    assert sentence.startswith("broken.mar is not an archive (")


def test_a_server_that_goes_ends_the_work_and_keeps_the_rows(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("image\n" + "photos/a.png\n" * 50)
    answers = iter([200])

    class Goes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(next(answers, 500))
            self.end_headers()

        def do_POST(self) -> None:
            """Close the connection without a word."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Goes) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        code, said, err = call(
            "tag", str(tmp_path / "list.csv"), "--url", f"http://127.0.0.1:{server.server_port}",
            "--out", str(tmp_path / "tags.jsonl"), "--clients", "1", timeout_s=120,
        )  # fmt: skip
        server.shutdown()
    assert code == 1
    assert "The server has gone: the last 2 products had no answer. 48 more are not in" in err
    assert said.startswith("Tagged 0 of 50 products")
    rows = read_all(tmp_path / "tags.jsonl")
    assert [row["error_code"] for row in rows] == ["server_unavailable"] * 2


def read_all(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
