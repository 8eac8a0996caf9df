from handlers.rows import comes_from_edge, parts_of, request_of
from hangtag.requests.parsing import Part


def test_a_row_of_the_edge_is_a_request() -> None:
    headers = {
        "content-type": "application/octet-stream",
        "content-encoding": "gzip",
        "x-hangtag-content-type": "image/jpeg",
        "x-hangtag-query": "top_k=1",
        "x-hangtag-until-ms": "1500",
        "x-hangtag-request-id": "abc",
    }
    assert comes_from_edge(headers)
    request = request_of({"body": bytearray(b"photo")}, headers)
    assert request.body == b"photo"
    assert (request.content_type, request.content_encoding) == ("image/jpeg", "gzip")
    assert (request.query, request.request_id, request.deadline_s) == ("top_k=1", "abc", 1.5)


def test_what_the_edge_leaves_out_is_nothing() -> None:
    request = request_of({}, {"x-hangtag-content-type": ""})
    assert (request.body, request.content_type, request.deadline_s) == (b"", "", None)


def test_without_the_edge_a_row_is_its_parts() -> None:
    assert not comes_from_edge({"content-type": "image/jpeg"})
    row = {"body": bytearray(b"photo"), "top_k": "3"}
    assert parts_of(row) == [Part("body", "", b"photo"), Part("top_k", "", b"3")]


def test_json_that_torchserve_has_parsed_is_json_again() -> None:
    """As it does unless decode_input_request=false tells it not to."""
    assert parts_of({"body": {"title": "Größe"}})[0].value == b'{"title": "Gr\\u00f6\\u00dfe"}'
