"""The archive in a TorchServe that nobody of ours stands before: what works, and what is lost."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.stock_server import StockSettings, serve_stock
from tests.tiny_tagger import BLUE, GREEN, RED, photo

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def url(tiny_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "tagger.mar").write_bytes(tiny_archive.read_bytes())
    settings = StockSettings(workers=1, threads=1)
    with serve_stock(folder / "tagger.mar", settings, folder / "logs") as served:
        yield served.predictions_url


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [tag["name"] for tag in answer.json()["tags"] if tag["group"] == "colour"]


def test_a_photo_as_the_body(url: str) -> None:
    assert names(httpx.post(url, content=photo(RED), headers=JPEG)) == ["Red"]


def test_a_photo_in_a_form(url: str) -> None:
    files = {"image": ("a.jpg", photo(GREEN), "image/jpeg")}
    assert names(httpx.post(url, files=files)) == ["Green"]


def test_a_product_as_json(url: str) -> None:
    content = base64.b64encode(photo(BLUE)).decode()
    document = {"images": [{"content": content}], "options": {"groups": ["colour"]}}
    answer = httpx.post(url, json=document)
    assert names(answer) == ["Blue"]
    assert list(answer.json()["groups"]) == ["colour"]


def test_what_is_wrong_with_a_photo_is_its_own_answer(url: str) -> None:
    answer = httpx.post(url, content=b"no photo", headers=JPEG)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "image_undecodable"


def test_options_in_the_query_are_lost(url: str) -> None:
    answer = httpx.post(f"{url}?groups=colour", content=photo(RED), headers=JPEG)
    assert len(answer.json()["groups"]) == 3


def test_of_parts_that_share_a_name_the_last_alone_is_seen(url: str) -> None:
    files = [("image", ("a.jpg", photo(each), "image/jpeg")) for each in (RED, BLUE)]
    answer = httpx.post(url, files=files)
    assert (len(answer.json()["images"]), names(answer)) == (1, ["Blue"])


def test_there_are_no_labels_and_errors_have_another_form(url: str) -> None:
    root = url.removesuffix("/predictions/tagger")
    answer = httpx.get(f"{root}/labels")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
