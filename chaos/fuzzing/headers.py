"""Headers that no sound client would send."""

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase, post
from chaos.fuzzing.photo_files import sound_photos
from loadtest.client.wire import assemble

_NAMES = (
    *(b"X-Any", b"describe", b"Describe", b"explain", b"x-hangtag-query", b"X-Hangtag-Query"),
    *(b"x-hangtag-deadline", b"x-hangtag-parts", b"hangtag.parts", b"url_path", b"body", b"image"),
    *(b"content-type", b"Content-Encoding", b"Accept", b"Accept-Encoding", b"Accept-Charset"),
    *(b"Authorization", b"Cookie", b"X-Request-Id", b"ts_request_sequence_id", b"ts_stream_next"),
    *(
        b"X-Request-Timeout-Ms",
        b"Origin",
        b"Expect",
        b"Range",
        b"If-None-Match",
        b"Referer",
        b"Via",
    ),
    *(b"X-Forwarded-For", b"Forwarded", b"Host", b"Connection", b"Upgrade", b"HTTP2-Settings"),
    *(b"X" * 2_000, b"a.b", b"__class__"),
)
_VALUES = (
    *(b"", b"True", b"true", b"False", b"0", b"1", b"-1", b"9" * 300, b"NaN", b"1e9", b"5000.5"),
    *(b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\x7f", b"\x01", b"\t", b"x" * 7_000, b"a,b", b";"),
    *(b"groups=colour", b"top_k=x", b"a=1&" * 1_500, b"gzip", b"br, *;q=0", b"identity", b"close"),
    *(b"keep-alive, upgrade", b"h2c", b"websocket", b"100-continue", b"bytes=0-1", b"*"),
    *(b"${jndi:ldap://x}", b"../../x", b"'; DROP TABLE", b"%00", b"%0d%0aX-Injected: 1"),
    *(b"application/json", b"multipart/form-data", b"text/html; charset=x-no-such"),
)
_CONTENT_TYPES = (
    *(b"", b" ", b"image/jpeg", b"image/png", b"image/", b"image", b"/", b"//", b"image/*"),
    *(b"image/jpeg; charset=utf-16", b"image/jpeg;;;", b"image/jpeg, image/png", b"IMAGE/JPEG"),
    *(b"text/plain", b"text/html", b"application/x-www-form-urlencoded", b"application/xml"),
    *(b"application/octet-stream", b"binary/octet-stream", b"multipart/mixed; boundary=x"),
    *(b"multipart/form-data", b"multipart/form-data; boundary=", b"video/mp4", b"*/*"),
    *(b"\xff\xfe", b"\xc3\xa9/\xc3\xa9", b"x" * 4_000, b"a/b" * 500, b"application/json\x01"),
    *(b"application/json", b"application/problem+json", b"+json", b"application/grpc"),
)


def header_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST of a sound photo with odd headers beside its own."""
    pair = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_VALUES) | _noise())
    return st.lists(pair, min_size=1, max_size=5).map(
        lambda pairs: FuzzCase(
            "header",
            assemble(sound_photos()[0], headers=[("Content-Type", "image/jpeg"), *pairs]),
        )
    )


def many_header_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST with hundreds of headers, or of one name."""
    counts = st.sampled_from([50, 100, 500, 2_000])
    return st.builds(
        lambda count, value: FuzzCase(
            "many headers",
            assemble(sound_photos()[0], headers=[(b"X-Many", value)] * count),
        ),
        counts,
        st.sampled_from(_VALUES[:8]),
    )


def content_type_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST whose content type is junk, or not that of its body."""
    bodies = st.sampled_from([*sound_photos()[:8], b"", b"{}", b"\x00", b"top_k=1&image=x"])
    return st.builds(
        post, st.just("content type"), bodies, st.sampled_from(_CONTENT_TYPES) | _noise()
    )


def _noise() -> st.SearchStrategy[bytes]:
    return st.binary(max_size=30).map(lambda noise: bytes(b for b in noise if b not in b"\r\n\0"))
