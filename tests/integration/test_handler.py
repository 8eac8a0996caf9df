"""The handler out of the real .mar, loaded and called as TorchServe's worker does."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ts.service import Service

from server.replay import load_service
from server.worker_protocol import WorkerResponse, decode_responses
from tests.tiny_tagger import BLUE, GREEN, RED, photo


@pytest.fixture(scope="module")
def service(unpacked_archive: Path) -> Iterator[Any]:
    original = Service.retrieve_data_for_inference
    sys.path.insert(0, str(unpacked_archive))
    yield load_service(unpacked_archive)
    sys.path.remove(str(unpacked_archive))
    Service.retrieve_data_for_inference = staticmethod(original)


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


def test_options_come_from_the_query(service: Any) -> None:
    (response,) = send(service, body(photo(RED), **{"X-Hangtag-Query": "groups=tone&top_k=1"}))
    assert list(json.loads(response.body)["groups"]) == ["tone"]


def test_parts_of_one_name_are_all_photos_of_the_product(service: Any) -> None:
    parts = [("image", "image/jpeg", photo(RED)), ("image", "image/jpeg", photo(GREEN))]
    (response,) = send(service, request(*parts, content_type="multipart/form-data; boundary=x"))
    assert [image["index"] for image in json.loads(response.body)["images"]] == [0, 1]


def test_the_management_api_gets_a_description(service: Any) -> None:
    (description,) = send(service, request(describe="True"))
    assert json.loads(description.body)["precision"] == "fp32"


def test_a_client_that_asks_for_a_description_gets_tags(service: Any) -> None:
    """The inference port adds the query, the management port does not."""
    asking = body(photo(RED), describe="True", **{"x-hangtag-query": ""})
    assert colour(send(service, asking)[0]) == "Red"
    answers = send(service, asking, body(photo(GREEN)))
    assert [colour(answer) for answer in answers] == ["Red", "Green"]


def test_no_work_is_done_after_the_deadline(service: Any) -> None:
    late = body(photo(BLUE), **{"x-hangtag-deadline-ms": "1"})
    early = body(photo(BLUE), **{"x-hangtag-deadline-ms": str(2**50)})
    refused, answered = send(service, late, early)
    assert (refused.status, json.loads(refused.body)["code"]) == (504, "deadline_exceeded")
    assert colour(answered) == "Blue"


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


def test_metrics_are_written_as_torchserve_reads_them(
    service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        send(service, body(photo(RED)), body(b"broken"))
    lines = [
        record.getMessage()
        for record in caplog.records
        if "[METRICS]hangtag" in record.getMessage()
    ]
    starts = [line.split("|#type")[0] for line in lines]
    assert "[METRICS]hangtag_requests_total.Count:1|#model_name:tagger,outcome:ok" in starts
    assert (
        "[METRICS]hangtag_requests_total.Count:1|#model_name:tagger,outcome:image_undecodable"
        in starts
    )
    assert (
        "[METRICS]hangtag_tags_total.Count:1|#model_name:tagger,group:colour,decision:accept"
        in starts
    )
    measured = {start.split(".")[0].removeprefix("[METRICS]") for start in starts}
    assert {"hangtag_decode_seconds", "hangtag_inference_seconds", "hangtag_decision_seconds",
            "hangtag_score", "hangtag_photos_total"} <= measured  # fmt: skip
