"""The handler out of the real .mar, loaded and called as TorchServe's worker does."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangtag.handover import Measured
from server.replay import load_service
from server.worker_protocol import WorkerResponse, decode_responses
from tests.tiny_tagger import BLUE, GREEN, RED, photo


@pytest.fixture(scope="module")
def service(unpacked_archive: Path) -> Iterator[Any]:
    sys.path.insert(0, str(unpacked_archive))
    yield load_service(unpacked_archive)
    sys.path.remove(str(unpacked_archive))


def request(
    *parts: tuple[str, str, bytes], content_type: str = "image/jpeg", **headers: str
) -> dict[str, Any]:
    """One request as TorchServe's frontend hands it to a worker."""
    named = {"Content-Type": content_type, **headers}
    return {
        "requestId": b"request",
        "headers": [{"name": k.encode(), "value": v.encode()} for k, v in named.items()],
        "parameters": [
            {"name": name, "contentType": kind, "value": bytearray(value)}
            for name, kind, value in parts
        ],
    }


def body(data: bytes, **options: str) -> dict[str, Any]:
    return request(("body", "image/jpeg", data), **options)


def send(service: Any, *requests: dict[str, Any]) -> list[WorkerResponse]:
    return decode_responses(service.predict(list(requests)))


def colour(response: WorkerResponse) -> str:
    answer = json.loads(response.body)
    assert (response.status, response.content_type) == (200, "application/json")
    return str(answer["groups"]["colour"]["candidates"][0]["name"])


def test_three_broken_of_eight_leave_five_right(service: Any) -> None:
    responses = send(
        service,
        body(photo(RED)),
        body(photo(BLUE, format="TIFF")[:-40]),
        body(photo(GREEN)),
        request(("body", "application/json", b"{"), content_type="application/json"),
        body(photo(BLUE)),
        body(b"%PDF-1.7"),
        body(photo(RED)),
        body(photo(GREEN)),
    )
    good = [responses[i] for i in (0, 2, 4, 6, 7)]
    bad = [responses[i] for i in (1, 3, 5)]
    assert [colour(response) for response in good] == ["Red", "Green", "Blue", "Red", "Green"]
    assert {response.content_type for response in bad} == {"application/problem+json"}
    problems = [json.loads(response.body) for response in bad]
    assert [
        (response.status, problem["code"]) for response, problem in zip(bad, problems, strict=True)
    ] == [
        (400, "image_undecodable"),
        (400, "request_invalid"),
        (415, "format_unsupported"),
    ]
    assert all(
        problem["status"] == response.status
        for response, problem in zip(bad, problems, strict=True)
    )


def test_alone_and_in_a_batch_the_answer_is_the_same(service: Any) -> None:
    photos = [photo(RED), photo(GREEN), photo(BLUE), photo((200, 180, 20))]
    together = send(service, *[body(each) for each in photos])
    alone = [send(service, body(each))[0] for each in photos]
    assert [each.body for each in together] == [each.body for each in alone]


def by_edge(data: bytes, content_type: str = "", **headers: str) -> dict[str, Any]:
    """A request as the edge hands it over: one body, and beside it what TorchServe would lose."""
    return body(data, **{"X-Hangtag-Content-Type": content_type, **headers})


def test_options_come_from_the_query(service: Any) -> None:
    (response,) = send(service, by_edge(photo(RED), **{"X-Hangtag-Query": "groups=tone&top_k=1"}))
    assert list(json.loads(response.body)["groups"]) == ["tone"]


def test_a_form_comes_whole_and_keeps_parts_that_share_a_name(service: Any) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    form = b"".join(head + photo(each) + b"\r\n" for each in (RED, GREEN)) + b"--x--"
    (response,) = send(service, by_edge(form, "multipart/form-data; boundary=x"))
    assert [image["index"] for image in json.loads(response.body)["images"]] == [0, 1]


def test_without_the_edge_a_form_comes_in_the_parts_that_torchserve_makes(service: Any) -> None:
    parts = [("image", "image/jpeg", photo(RED)), ("top_k", "", b"1")]
    (response,) = send(service, request(*parts, content_type="multipart/form-data; boundary=x"))
    answer = json.loads(response.body)
    assert len(answer["images"]) == len(answer["groups"]["colour"]["candidates"]) == 1


def test_the_management_api_gets_a_description(service: Any) -> None:
    (description,) = send(service, request(describe="True"))
    assert json.loads(description.body)["precision"] == "fp32"


def test_a_client_that_asks_for_a_description_gets_tags(service: Any) -> None:
    """The edge says what the content type was, the management port does not."""
    asking = by_edge(photo(RED), describe="True")
    assert colour(send(service, asking)[0]) == "Red"
    answers = send(service, asking, body(photo(GREEN)))
    assert [colour(answer) for answer in answers] == ["Red", "Green"]


def test_no_work_is_done_after_the_deadline(service: Any) -> None:
    now_ms = round(1000 * time.monotonic())
    late = by_edge(photo(BLUE), **{"x-hangtag-until-ms": str(now_ms - 1)})
    early = by_edge(photo(BLUE), **{"x-hangtag-until-ms": str(now_ms + 60_000)})
    refused, answered = send(service, late, early)
    assert (refused.status, json.loads(refused.body)["code"]) == (504, "deadline_exceeded")
    assert colour(answered) == "Blue"


def test_the_edge_is_told_what_an_answer_cost_and_nobody_else(service: Any) -> None:
    first, second, other = send(
        service, by_edge(photo(RED)), by_edge(b"broken"), body(photo(GREEN))
    )
    measured = Measured.model_validate_json(first.headers["x-hangtag-measured"])
    assert measured.outcome == "ok"
    assert measured.groups["colour"].decision == "accept"
    assert measured.photos == {"ok": 2, "image_undecodable": 1}
    assert len(measured.decode_seconds) == 2
    assert measured.inference_seconds > 0
    # What was measured of the batch is told once.
    assert json.loads(second.headers["x-hangtag-measured"]) == {"outcome": "image_undecodable"}
    assert "x-hangtag-measured" not in other.headers


def test_an_explain_header_changes_nothing(service: Any) -> None:
    assert colour(send(service, body(photo(BLUE), explain="True"))[0]) == "Blue"


def test_the_answer_names_its_model(service: Any, tiny_bundle: Any) -> None:
    model = json.loads(send(service, body(photo(RED)))[0].body)["model"]
    assert model == {
        "name": "tagger",
        "version": "2.5",
        "bundle": tiny_bundle.digest,
        "label_space": "2026.1",
    }
