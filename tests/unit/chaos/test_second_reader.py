import pytest

from chaos.fuzzing.second_reader import Reading, reading_of
from loadtest.client.wire import assemble

SOUND = assemble(b"body")


@pytest.mark.parametrize(
    ("request_", "reading"),
    [
        (SOUND, "whole"),
        (SOUND * 2, "whole"),
        (b"\r\n\r\n" + SOUND, "whole"),
        (SOUND[:-1], "incomplete"),
        (SOUND[:20], "incomplete"),
        (b"", "incomplete"),
        (b"\r\n", "incomplete"),
        (SOUND.replace(b"Host: ", b"Host : "), "invalid"),
        (SOUND.replace(b"Content-Length: 4", b"Content-Length: four"), "invalid"),
        (b"\x16\x03\x01\x02\x00", "invalid"),
    ],
)
def test_bytes_are_read_as_they_are(request_: bytes, reading: Reading) -> None:
    assert reading_of(request_) == reading
