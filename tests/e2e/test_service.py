"""The REST contract on a live TorchServe."""

import base64
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from server.tagger_server import BackendName
from server.temporary import ServingAddress, serving
from tests.e2e.wire import connect, request
from tests.real_photos import FASHION_PRODUCTS, needs_fashion_products
from tests.tiny_tagger import BLUE, GREEN, GREY, RED, photo

JPEG = {"Content-Type": "image/jpeg"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=["torchserve", "local"])
def address(request: pytest.FixtureRequest, tiny_archive: Path) -> Iterator[ServingAddress]:
    with serving(tiny_archive, backend=cast(BackendName, request.param)) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: ServingAddress) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.predictions_url, timeout=60) as client:
        yield client


def colour(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    (tag,) = [tag for tag in response.json()["tags"] if tag["group"] == "colour"]
    return str(tag["name"])


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/octet-stream", None])
def test_a_photo_as_the_body(client: httpx.Client, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert colour(client.post("", content=photo(RED), headers=headers)) == "Red"


def test_options_as_query_parameters(client: httpx.Client) -> None:
    query: dict[str, Any] = {
        "groups": ["colour", "tone"],
        "top_k": 2,
        "product_id": "SKU 1/é",
        "embedding": "true",
    }
    answer = client.post("", params=query, content=photo(GREEN), headers=JPEG).json()
    assert list(answer["groups"]) == ["colour", "tone"]
    assert len(answer["groups"]["colour"]["candidates"]) == 2
    assert answer["product_id"] == "SKU 1/é"
    assert len(answer["embedding"]) == 3


def test_several_photos_as_multipart(client: httpx.Client) -> None:
    files: list[tuple[str, Any]] = [
        ("image", ("front.jpg", photo(GREY), "image/jpeg")),
        ("image", ("back.png", photo(BLUE, format="PNG"), "image/png")),
        ("image", ("side.jpg", photo(BLUE), "image/jpeg")),
        ("request", (None, json.dumps({"product_id": 7}), "application/json")),
    ]
    response = client.post("", files=files)
    assert colour(response) == "Blue"
    assert [image["index"] for image in response.json()["images"]] == [0, 1, 2]
    assert response.json()["product_id"] == 7


def test_a_product_as_json(client: httpx.Client) -> None:
    document = {
        "product_id": "SKU-1",
        "title": "Tee",
        "images": [{"content": encoded(photo(GREEN)), "view": "front"}],
        "claims": [12],
        "options": {"groups": ["colour"], "top_k": 1},
    }
    response = client.post("", json=document)
    assert colour(response) == "Green"
    assert list(response.json()["groups"]) == ["colour"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", None]
)
def test_json_under_any_header(client: httpx.Client, content_type: str | None) -> None:
    """As Jackson writes it, with a byte order mark."""
    document = {
        "product_id": None,
        "claims": None,
        "images": [{"content": encoded(photo(GREEN)).rstrip("="), "view": None}],
        "options": {"groups": "colour", "top_k": "1", "min_score": None, "embedding": "true"},
    }
    content = json.dumps(document).encode("utf-8-sig")
    headers = {"Content-Type": content_type} if content_type else {}
    response = client.post("", content=content, headers=headers)
    assert colour(response) == "Green"
    assert (list(response.json()["groups"]), len(response.json()["embedding"])) == (["colour"], 3)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("groups[]=colour&api_key=secret&_=17", 200, ""),
        ("product_id=Gr%F6%DFe", 400, "The parameter 'product_id' is not UTF-8 text"),
        ("product_id=Gr\xf6\xdfe", 400, "This is no HTTP/1.1 request"),
        ("groups=Colour", 422, "There is no group 'Colour'; did you mean 'colour'? There are: "),
        ("topK=3", 400, "There is no parameter 'topK'; did you mean 'top_k'? There are: "),
        ("top_k=three", 400, "$.options.top_k must be a whole number, and is 'three'."),
    ],
)
def test_queries_as_clients_write_them(
    address: ServingAddress, query: str, status: int, said: str
) -> None:
    with connect(address.inference_url) as wire:
        line = f"POST /predictions/tagger?{query} HTTP/1.1"
        answer = wire.ask(request(photo(RED), "Content-Type: image/jpeg", line=line))
    assert answer.status == status
    assert said in answer.json.get("detail", "")


def test_curl_without_a_content_type_is_understood(address: ServingAddress, tmp_path: Path) -> None:
    """curl then calls the photo a web form."""
    (tmp_path / "photo.jpg").write_bytes(photo(RED))
    command = ["curl", "-s", "--data-binary", f"@{tmp_path / 'photo.jpg'}", address.predictions_url]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout)["tags"][1]["name"] == "Red"


def too_large() -> bytes:
    return photo() + bytes(20_000_000)


@pytest.mark.parametrize(
    ("content", "headers", "query", "status", "code"),
    [
        (b"no photo", JPEG, {}, 400, "image_undecodable"),
        (b"", JPEG, {}, 400, "image_missing"),
        (b"{}", JSON, {}, 400, "image_missing"),
        (b'{"images": [{"content": 1}]}', JSON, {}, 400, "request_invalid"),
        (photo(), JPEG, {"top_k": "x"}, 400, "request_invalid"),
        (too_large(), JPEG, {}, 413, "image_too_large"),
        (b"%PDF-1.7", JPEG, {}, 415, "format_unsupported"),
        (b"hello", {"Content-Type": "text/plain"}, {}, 415, "format_unsupported"),
        (photo(size=(9000, 8000), quality=10), JPEG, {}, 422, "image_too_many_pixels"),
        (photo(), JPEG, {"groups": "size"}, 422, "unknown_group"),
        (
            json.dumps({"images": [{"content": encoded(photo())}] * 17}).encode(),
            JSON, {}, 422, "too_many_images",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_error_of_the_contract(
    client: httpx.Client,
    content: bytes,
    headers: dict[str, str],
    query: dict[str, str],
    status: int,
    code: str,
) -> None:
    response = client.post("", content=content, headers=headers, params=query)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["title"]
    assert problem["detail"].endswith(".")


@pytest.fixture
def patient_address(tiny_archive: Path, tmp_path: Path) -> Iterator[ServingAddress]:
    """A server that waits long enough for eight requests to become one batch."""
    archive = tmp_path / "patient.mar"
    with zipfile.ZipFile(tiny_archive) as quick, zipfile.ZipFile(archive, "w") as patient:
        for name in quick.namelist():
            content = quick.read(name)
            if name == "model-config.yaml":
                content = content + b"\nbatchSize: 8\nmaxBatchDelay: 5000\n"
            patient.writestr(name, content)
    with serving(archive) as address:
        yield address


def test_eight_requests_in_one_batch_three_of_them_broken(
    patient_address: ServingAddress,
) -> None:
    sent: list[tuple[bytes, dict[str, str]]] = [
        (photo(RED), JPEG),
        (b"broken", JPEG),
        (photo(GREEN), JPEG),
        (b"{", JSON),
        (photo(BLUE), JPEG),
        (b"%PDF-1.7", JPEG),
        (photo(RED), JPEG),
        (photo(GREEN), JPEG),
    ]
    with ThreadPoolExecutor(len(sent)) as pool:
        url = patient_address.predictions_url
        responses = list(
            pool.map(
                lambda each: httpx.post(url, content=each[0], headers=each[1], timeout=60), sent
            )
        )
    good = [responses[i] for i in (0, 2, 4, 6, 7)]
    assert [colour(response) for response in good] == ["Red", "Green", "Blue", "Red", "Green"]
    problems = [responses[i] for i in (1, 3, 5)]
    assert [(each.status_code, each.json()["code"]) for each in problems] == [
        (400, "image_undecodable"),
        (400, "request_invalid"),
        (415, "format_unsupported"),
    ]
    metrics = httpx.get(f"{patient_address.metrics_url}/metrics").text
    assert re.findall(r"^hangtag_inference_seconds_count.* (\S+)$", metrics, re.MULTILINE) == [
        "1.0"
    ]


def test_an_absurd_request_does_not_harm_its_neighbour(client: httpx.Client) -> None:
    absurd = json.dumps({"k" * 7_000_000: 1}).encode()
    with ThreadPoolExecutor(2) as pool:
        wrong = pool.submit(client.post, "", content=absurd, headers=JSON)
        right = pool.submit(client.post, "", content=photo(RED), headers=JPEG)
    assert wrong.result().status_code == 400
    assert colour(right.result()) == "Red"


def test_a_client_cannot_ask_for_a_description(client: httpx.Client) -> None:
    assert colour(client.post("", content=photo(BLUE), headers={**JPEG, "describe": "True"}))


def test_metrics_are_visible(address: ServingAddress, client: httpx.Client) -> None:
    client.post("", content=photo(RED), headers=JPEG).raise_for_status()
    client.post("", content=b"broken", headers=JPEG)
    text = httpx.get(f"{address.metrics_url}/metrics").text
    for sample in (
        'hangtag_requests_total{model_name="tagger",outcome="ok"',
        'hangtag_requests_total{model_name="tagger",outcome="image_undecodable"',
        'hangtag_photos_total{model_name="tagger",outcome="ok"',
        'hangtag_tags_total{decision="accept",group="colour",model_name="tagger"',
        'hangtag_score_bucket{group="colour",le=',
        "hangtag_decode_seconds_bucket{le=",
        "hangtag_inference_seconds_bucket{le=",
        "hangtag_decision_seconds_bucket{le=",
    ):
        assert sample in text


def test_the_management_api_describes_the_tagger(address: ServingAddress, tiny_bundle: Any) -> None:
    if address.backend != "torchserve":
        pytest.skip("the management API is TorchServe's")
    url = f"{address.management_url}/models/tagger"
    (model,) = httpx.get(url, params={"customized": "true"}).json()
    assert model["customizedMetadata"]["bundle"] == tiny_bundle.digest


@needs_fashion_products
def test_real_photos_are_answered(client: httpx.Client) -> None:
    photos = sorted((FASHION_PRODUCTS / "images").glob("*.jpg"))[::400]
    assert photos
    for path in photos:
        answer = client.post("", content=path.read_bytes(), headers=JPEG)
        assert answer.status_code == 200, path
        (image,) = answer.json()["images"]
        assert min(image["width"], image["height"]) > 0
