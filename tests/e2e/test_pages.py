"""The pages of the edge in a real browser, and its documents."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis

from hangtag.bundle import Bundle
from hangtag.schema import LabelSpaceAnswer, Problem, TagResponse
from server.temporary import ServingAddress, serving
from tests.e2e.chromium import PROGRAM, Tab, browsing
from tests.tiny_tagger import BLUE, RED, photo

needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="there is no chromium to look with")


@pytest.fixture(scope="module")
def address(tiny_archive: Path) -> Iterator[ServingAddress]:
    with serving(tiny_archive, backend="local") as address:
        yield address


@pytest.fixture(scope="module")
def client(address: ServingAddress) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.inference_url) as client:
        yield client


def tensor(datatype: str, data: list[str]) -> dict[str, object]:
    return {"name": "photos", "shape": [len(data)], "datatype": datatype, "data": data}


@pytest.fixture
def tab(address: ServingAddress) -> Iterator[Tab]:
    with browsing() as tab:
        yield tab
        # Nothing but this server is asked, and nothing goes wrong.
        own = (address.inference_url, "blob:", "about:", "data:")
        assert [url for url in tab.asked if not url.startswith(own)] == []
        assert tab.errors == []


@needs_chromium
@pytest.mark.parametrize("width_px", [1280, 390])
def test_photos_are_tried_on_the_page(
    tab: Tab, address: ServingAddress, tmp_path: Path, width_px: int
) -> None:
    files = [tmp_path / "front.jpg", tmp_path / "it's back.jpg"]
    for file, colour in zip(files, (RED, RED), strict=True):
        file.write_bytes(photo(colour))
    tab.open(address.inference_url, width_px)
    tab.wait_for("document.getElementById('model').textContent.includes('5 labels')")
    tab.choose("#files", files)
    tab.wait_for("document.querySelectorAll('article table').length > 0")
    text = tab.value("document.querySelector('article').innerText")
    assert "Colour" in text
    assert "Warm › Red" in text
    assert tab.value("document.querySelectorAll('article img').length") == 2
    call = tab.value("document.querySelector('article pre').textContent")
    assert call == (
        f"curl -s {address.inference_url}/predictions/tagger "
        "-F 'image=@front.jpg' -F 'image=@it'\\''s back.jpg'"
    )
    # Nothing sticks out of a phone.
    assert tab.value("document.documentElement.scrollWidth") <= width_px
    assert tab.picture().startswith(b"\x89PNG")


@needs_chromium
def test_each_photo_may_be_a_product_of_its_own(
    tab: Tab, address: ServingAddress, tmp_path: Path
) -> None:
    good, broken = tmp_path / "good.jpg", tmp_path / "broken.jpg"
    good.write_bytes(photo(RED))
    broken.write_bytes(b"no photo")
    tab.open(address.inference_url)
    tab.value("document.getElementById('one').focus()")
    tab.press(" ")
    assert tab.value("document.getElementById('one').checked") is False
    tab.choose("#files", [good, broken])
    tab.wait_for("document.querySelectorAll('article pre').length === 2")
    assert tab.value("document.querySelectorAll('article table').length > 0")
    problem = tab.value("document.querySelector('.problem').textContent")
    assert problem.startswith("Image undecodable. ")
    tab.errors.clear()


@needs_chromium
def test_the_api_is_shown(tab: Tab, address: ServingAddress) -> None:
    tab.open(f"{address.inference_url}/docs")
    tab.wait_for("document.querySelectorAll('#schemas details').length > 5")
    text = tab.value("document.getElementById('operations').innerText")
    for shown in ("/predictions/tagger", "/v2/models/tagger/infer", "X-Supplier", "overloaded"):
        assert shown in text


def test_pages_let_in_no_script_that_is_not_their_own(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = client.get(path)
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
        assert "<script>" not in page.text
        assert "style=" not in page.text


def test_the_document_is_such_as_tools_read(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = schemathesis.openapi.from_dict(document).get_all_operations()
    assert len(list(operations)) >= 9


def test_labels_are_those_of_the_bundle(client: httpx.Client, tiny_bundle: Bundle) -> None:
    space = LabelSpaceAnswer.model_validate_json(client.get("/labels").content)
    assert [label.id for label in space.labels] == [1, 11, 12, 13, "b"]
    red = space.labels[1]
    assert (red.path, red.parent, red.group) == (["Warm", "Red"], 1, "colour")
    assert red.threshold == tiny_bundle.manifest.decisions[1].threshold
    assert space.model.bundle == tiny_bundle.digest
    assert "index" not in client.get("/labels").text


def test_invocations_are_predictions(client: httpx.Client) -> None:
    one = client.post("/invocations", content=photo(RED)).json()
    assert one == client.post("/predictions/tagger", content=photo(RED)).json()


def test_platforms_find_their_protocol(client: httpx.Client) -> None:
    assert client.get("/v2/health/live").status_code == 200
    assert client.get("/v2/health/ready").status_code == 200
    described = client.get("/v2/models/tagger").json()
    assert (described["name"], described["versions"]) == ("tagger", ["2.5"])
    assert described == client.get("/v2/models/tagger/versions/2.5").json()


def test_photos_as_a_tensor_in_json(client: httpx.Client) -> None:
    data = [base64.b64encode(each).decode() for each in (photo(RED), b"no photo", photo(BLUE))]
    answer = client.post(
        "/v2/models/tagger/infer",
        json={"id": "abc", "inputs": [tensor("BYTES", data)], "parameters": {"groups": ["colour"]}},
    ).json()
    assert (answer["id"], answer["model_version"]) == ("abc", "2.5")
    (output,) = answer["outputs"]
    assert (output["shape"], output["datatype"]) == ([3], "BYTES")
    red, broken, blue = output["data"]
    assert TagResponse.model_validate_json(red).groups["colour"].candidates[0].name == "Red"
    assert Problem.model_validate_json(broken).code == "image_undecodable"
    assert list(json.loads(blue)["groups"]) == ["colour"]


def test_photos_as_a_tensor_of_bytes(client: httpx.Client) -> None:
    photos = (photo(RED), photo(BLUE))
    binary = b"".join(struct.pack("<I", len(each)) + each for each in photos)
    described: dict[str, object] = {"name": "photos", "shape": [2], "datatype": "BYTES"}
    described |= {"parameters": {"binary_data_size": len(binary)}}
    head = json.dumps({"inputs": [described]}).encode()
    sent = {"Inference-Header-Content-Length": str(len(head))}
    url = "/v2/models/tagger/infer"
    answer = client.post(url, content=head + binary, headers=sent)
    names = [
        TagResponse.model_validate_json(each).groups["colour"].candidates[0].name
        for each in answer.json()["outputs"][0]["data"]
    ]
    assert names == ["Red", "Blue"]
    cut = client.post(url, content=head + binary[:-1], headers=sent)
    assert (cut.status_code, cut.json()["code"]) == (400, "request_invalid")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "$.inputs"),
        ({"inputs": []}, "$.inputs"),
        ({"inputs": [tensor("FP32", ["a"])]}, "$.inputs[0].datatype"),
        ({"inputs": [tensor("BYTES", [])]}, "$.inputs[0].data"),
        ({"inputs": [tensor("BYTES", ["a"] * 65)]}, "$.inputs[0].data"),
    ],
)
def test_a_tensor_that_holds_no_photos(
    client: httpx.Client, document: dict[str, object], path: str
) -> None:
    answer = client.post("/v2/models/tagger/infer", json=document)
    assert answer.status_code in (400, 422)
    assert answer.json()["path"] == path
