import gzip
import time
import tracemalloc
import zlib

import pytest

from hangtag.errors import FormatUnsupported, RequestError, RequestTooLarge
from hangtag.requests.content_encoding import decode_content
from tests.tiny_tagger import photo

BODY = b'{"product_id": 7}' * 100
LIMIT = 5_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(BODY)),
        (" GZIP", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("gzip, identity", gzip.compress(BODY)),
        ("identity,gzip", gzip.compress(BODY)),
        ("gzip, utf-8", gzip.compress(BODY)),
        ("gzip;q=1.0", gzip.compress(BODY)),
        ("gzip", gzip.compress(BODY) + b"\r\n"),
        ("deflate", zlib.compress(BODY) + b"\n"),
        ("gzip", gzip.compress(BODY[:99]) + gzip.compress(BODY[99:]) + bytes(9)),
        ("gzip", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY, 1)),
        ("deflate", raw_deflate(BODY)),
        ("deflate", gzip.compress(BODY)),
        ("", BODY),
        ("identity", BODY),
        ("UTF-8", BODY),
        ("gzip", BODY),
        ("br", BODY),
    ],
)
def test_bodies_are_unpacked(encoding: str, sent: bytes) -> None:
    assert decode_content(sent, encoding, LIMIT) == BODY


def test_a_photo_under_a_wrong_header_stays_what_it_is() -> None:
    assert decode_content(photo(), "gzip", LIMIT) == photo()
    assert decode_content(b"", "gzip", LIMIT) == b""


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "compress", "gzip, gzip", "base64", "é" * 9_000]
)
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    with pytest.raises(FormatUnsupported, match="The Content-Encoding") as raised:
        decode_content(b"\x1b\x03", encoding, LIMIT)
    assert encoding[:40] in str(raised.value)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "sent", [b"nothing packed", gzip.compress(BODY)[:-9], gzip.compress(BODY) + b"more"]
)
def test_what_cannot_be_unpacked(encoding: str, sent: bytes) -> None:
    with pytest.raises(RequestError, match=f"Content-Encoding says {encoding}") as raised:
        decode_content(sent, encoding, LIMIT)
    assert type(raised.value) is RequestError


def test_gzip_that_the_header_does_not_tell_of_is_named() -> None:
    packed = gzip.compress(BODY)
    for encoding in ("", "identity", "utf-8"):
        with pytest.raises(FormatUnsupported, match="packed with gzip; say so with the header"):
            decode_content(packed, encoding, LIMIT)
    for encoding, twice in (("gzip", gzip.compress(packed)), ("deflate", raw_deflate(packed))):
        with pytest.raises(FormatUnsupported, match="packed twice, with gzip inside; pack it on"):
            decode_content(twice, encoding, LIMIT)
    with pytest.raises(RequestError, match="the body has other bytes after its end"):
        decode_content(packed + b"more", "gzip", LIMIT)


def test_a_bomb_does_not_go_off() -> None:
    bomb = gzip.compress(bytes(300_000_000), 1)
    tracemalloc.start()
    with pytest.raises(RequestTooLarge, match="more than the 5,000 bytes"):
        decode_content(bomb, "gzip", LIMIT)
    assert tracemalloc.get_traced_memory()[1] < 3 * len(bomb)
    tracemalloc.stop()


def test_bombs_in_a_row_are_counted_together_and_many_refused() -> None:
    with pytest.raises(RequestTooLarge):
        decode_content(gzip.compress(bytes(3_000)) * 2, "gzip", LIMIT)
    started = time.process_time()
    with pytest.raises(RequestError, match="more than 16 members"):
        decode_content(gzip.compress(b"") * 500_000, "gzip", LIMIT)
    assert time.process_time() - started < 2


def test_the_limit_itself_is_allowed() -> None:
    assert len(decode_content(gzip.compress(bytes(LIMIT)), "gzip", LIMIT)) == LIMIT
