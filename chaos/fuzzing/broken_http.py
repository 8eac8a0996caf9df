"""Requests that are hardly HTTP/1.1: what is none is answered with 400, what may be is awaited."""

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase
from chaos.fuzzing.mutations import mutate
from chaos.fuzzing.photo_files import sound_photos
from chaos.fuzzing.photo_strategies import chances
from loadtest.client.wire import assemble

_JPEG = ("Content-Type", "image/jpeg")
_LENGTHS = (
    b"-1",
    b"+5",
    b"0x10",
    b"1e3",
    b"9" * 30,
    b"5, 5",
    b"",
    b"abc",
    b"1 1",
    b"00000005",
    b"5.0",
)
_CHUNKS = (
    *(
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"zz\r\nhello\r\n",
    ),
    *(
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\nhello",
        b"7FFFFFFF\r\nhello",
        b"0\r\n\r\n",
    ),
    *(
        b"5\r\nhelloworld\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"\r\n",
        b"5" * 9_000,
        b"1\r\nx\r\n" * 3_000,
    ),
    *(b"0\r\n" + b"X: y\r\n" * 3_000 + b"\r\n", b"5\r\nhello\r\n"),
)


def broken_http_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw something that is nearly a request."""
    return st.one_of(
        st.sampled_from(_LENGTHS).map(_with_length),
        st.integers(-600, 600).map(_with_wrong_length),
        st.builds(
            _chunked, st.sampled_from(_CHUNKS), st.sampled_from((b"", b"Content-Length: 5\r\n"))
        ),
        st.sampled_from(_oddities()),
        chances().map(lambda chance: mutate(chance, _sound(), _oddities())),
        st.binary(max_size=200),
    ).map(lambda request: FuzzCase("broken http", request, malformed=True))


def _sound() -> bytes:
    return assemble(sound_photos()[0][:300], headers=[_JPEG])


def _with_length(length: bytes) -> bytes:
    return _sound().replace(b"Content-Length: 300", b"Content-Length: " + length)


def _with_wrong_length(difference: int) -> bytes:
    photo = sound_photos()[0]
    return assemble(photo, headers=[_JPEG], length=len(photo) + difference)


def _chunked(chunks: bytes, also: bytes) -> bytes:
    head = b"POST /predictions/tagger HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
    return head + also + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


def _oddities() -> list[bytes]:
    sound = _sound()
    head, _, body = sound.partition(b"\r\n\r\n")
    line = b"POST /predictions/tagger "
    return [
        head,
        head[:40],
        sound[:-100],
        sound.replace(b"HTTP/1.1", b"HTTP/1.0"),
        sound.replace(b"HTTP/1.1", b"HTTP/0.9"),
        sound.replace(b"HTTP/1.1", b"HTTP/2.0"),
        sound.replace(b"HTTP/1.1", b"HTTP/9999999999.1"),
        sound.replace(b"HTTP/1.1", b"JUNK"),
        sound.replace(b" HTTP/1.1", b""),
        sound.replace(b"\r\n", b"\n"),
        sound.replace(b"Host: ", b"Host : "),
        sound.replace(b"Host: ", b": "),
        sound.replace(b"Host: ", b"Ho\x00st: "),
        sound.replace(b"Host: hangtag.test", b"Host: hangtag.test\x00"),
        sound.replace(b"Host: hangtag.test\r\n", b""),
        sound.replace(b"Host: ", b"Host: a\r\n folded\r\nHost: "),
        sound.replace(b"Content-Length: 300", b"Content-Length: 300\r\nContent-Length: 3"),
        sound.replace(b"Content-Length: 300", b"Content-Length: 300\r\nContent-Length: 300"),
        sound.replace(b"Content-Length: 300\r\n", b""),
        sound.replace(b"Content-Length", b"Transfer-Encoding: gzip, chunked\r\nContent-Length"),
        sound.replace(b"Content-Length", b"Expect: 100-continue\r\nContent-Length"),
        sound.replace(b"Content-Length", b"Expect: 200-maybe\r\nContent-Length"),
        sound.replace(b"Content-Length", b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length"),
        sound.replace(
            b"Content-Length", b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length"
        ),
        sound * 3,
        b"\r\n" * 50 + sound,
        b" " + sound,
        b"\x00" + sound,
        line + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        line * 3 + b"\r\n\r\n",
        b"POST",
        b"POST \r\n\r\n",
        b"\r\n\r\n",
        b"GET /ping\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + sound,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"\x00" * 1_000,
        b"CONNECT example.test:443 HTTP/1.1\r\n\r\n",
        body,
    ]
