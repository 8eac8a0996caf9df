import pytest

from hangtag.errors import RequestError
from hangtag.requests.parsing import Part
from hangtag.requests.query import parts_of_query


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
