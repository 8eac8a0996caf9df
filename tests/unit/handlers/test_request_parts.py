import pytest
from ts.service import Service

from handlers.request_parts import keep_repeated_parts, parts_of, parts_of_query
from hangtag.errors import RequestError
from hangtag.requests.parsing import Part

BATCH = [
    {
        "requestId": b"1",
        "headers": [{"name": b"Content-Type", "value": b"multipart/form-data"}],
        "parameters": [
            {"name": "image", "contentType": "image/jpeg", "value": bytearray(b"front")},
            {"name": "image", "contentType": "image/png", "value": bytearray(b"back")},
        ],
    }
]


@pytest.fixture
def service() -> type[Service]:
    """TorchServe's own class, in a copy that a test may change."""
    return type("Service", (Service,), {})


def test_torchserve_drops_repeated_parts(service: type[Service]) -> None:
    """The reason for this module: once this fails, it can go."""
    _, rows, _ = service.retrieve_data_for_inference(BATCH)
    assert rows == [{"image": bytearray(b"back")}]


def test_all_parts_are_kept_with_their_content_types(service: type[Service]) -> None:
    keep_repeated_parts(service)
    headers, rows, request_ids = service.retrieve_data_for_inference(BATCH)
    assert parts_of(rows[0]) == [
        Part("image", "image/jpeg", b"front"),
        Part("image", "image/png", b"back"),
    ]
    assert headers[0].get_request_property("Content-Type") == "multipart/form-data"
    assert request_ids == {0: "1"}


def test_a_second_call_changes_nothing(service: type[Service]) -> None:
    keep_repeated_parts(service)
    first = service.retrieve_data_for_inference
    keep_repeated_parts(service)
    assert service.retrieve_data_for_inference is first


def test_a_row_as_torchserve_makes_it_is_read_too() -> None:
    row = {"body": bytearray(b"photo"), "top_k": "3"}
    assert parts_of(row) == [Part("body", "", b"photo"), Part("top_k", "", b"3")]


def test_a_query_becomes_parts_and_keeps_repeated_names() -> None:
    assert parts_of_query("groups=a%2Cb&groups=c&title=T%C3%A9e+x&top_k=") == [
        Part("groups", "", b"a,b"),
        Part("groups", "", b"c"),
        Part("title", "", "Tée x".encode()),
        Part("top_k", "", b""),
    ]
    assert parts_of_query("") == []


def test_bytes_that_are_no_utf8_stay_as_they_are() -> None:
    """The intake says that they are none: replaced they would be another product's id."""
    for query in ("product_id=Gr%F6%DFe", "product_id=Gr\xf6\xdfe"):
        assert parts_of_query(query) == [Part("product_id", "", b"Gr\xf6\xdfe")]
    assert parts_of_query("Gr%F6%DFe=1") == [Part("Gr\\xf6\\xdfe", "", b"1")]


def test_javascripts_escape_is_named() -> None:
    with pytest.raises(RequestError, match="encodeURIComponent"):
        parts_of_query("title=10%u20AC")
    assert parts_of_query("title=10%25u20AC") == [Part("title", "", b"10%u20AC")]


def test_an_absurd_query_is_refused() -> None:
    with pytest.raises(RequestError, match="more than 1000"):
        parts_of_query("a=1&" * 2000)


def test_a_query_that_curl_did_not_escape_is_read_too() -> None:
    """TorchServe's frontend reads its UTF-8 as Latin-1."""
    query = "groups=Größe".encode().decode("latin-1")
    assert parts_of_query(query) == [Part("groups", "", "Größe".encode())]
