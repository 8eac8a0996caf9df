"""Each ambiguous request is wrong in one way, and would be answered without that."""

import pytest

from chaos.fuzzing.second_reader import reading_of
from chaos.fuzzing.smuggling import ambiguous_requests, with_a_hidden_one
from loadtest.client.photos import drawn_photo

REQUESTS = ambiguous_requests()
# Of these another reader sees nothing amiss, or waits for more: that is what makes them dangerous.
TAKEN_BY_OTHERS = {"bare LF", "bare LF after a chunk's size", "both lengths", "folded line"}


@pytest.mark.parametrize("name", REQUESTS)
def test_it_carries_a_whole_photo(name: str) -> None:
    assert drawn_photo(0) in REQUESTS[name]


def test_nearly_all_are_no_requests_to_another_reader() -> None:
    taken = {name for name, each in REQUESTS.items() if reading_of(each) != "invalid"}
    assert taken <= TAKEN_BY_OTHERS


def test_what_is_hidden_comes_last() -> None:
    assert with_a_hidden_one(b"first").startswith(b"firstGET /ping HTTP/1.1\r\n")
