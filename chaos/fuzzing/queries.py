"""Queries, paths and methods that no sound client would send."""

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase
from chaos.fuzzing.photo_files import sound_photos
from loadtest.client.wire import assemble

_JPEG = [("Content-Type", "image/jpeg")]
_NAMES = (
    *(b"groups", b"top_k", b"min_score", b"embedding", b"product_id", b"title", b"description"),
    *(b"body", b"request", b"images", b"image", b"options", b"claims", b"model_name", b"", b"gpu"),
    *(b"top_k%00", b"%74op_k", b"TOP_K", b"\xff", b"top_k[]", b"customized", b"__class__"),
)
_VALUES = (
    *(
        b"",
        b"0",
        b"1",
        b"3",
        b"-1",
        b"10000",
        b"10001",
        b"1e9",
        b"9" * 400,
        b"NaN",
        b"inf",
        b"-inf",
    ),
    *(b"Infinity", b"0.5", b"1.0000001", b"-0.0", b"1e-400", b"0x1", b"true", b"false", b"maybe"),
    *(
        b"colour",
        b"tone",
        b"colour,tone",
        b",,,",
        b"no-such-group",
        b"%ZZ",
        b"%",
        b"%C0%80",
        b"%00",
    ),
    *(
        b"%ED%A0%80",
        b"%FF%FE",
        b"\xff\xfe",
        b"\xc3\xa9",
        b"%F0%9F%98%80",
        b"a+b",
        b"a%2Bb",
        b";",
        b"'",
    ),
    *(
        b"%0d%0aX-Injected:%201",
        b"../../etc/passwd",
        b"<script>",
        b"${jndi:ldap://x}",
        b"a=b=c",
        b"&",
    ),
)
_METHODS = (
    *(b"GET", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"post", b"PROPFIND"),
    *(b"M-SEARCH", b"X" * 100, b"POST"),
)
_PATHS = (
    *(b"/", b"/predictions", b"/predictions/", b"/predictions/tagger/", b"/predictions/tagger/1.0"),
    *(b"/predictions/tagger/2.5", b"/predictions/tagger/9/9/9", b"/predictions//tagger"),
    *(b"//predictions/tagger", b"/predictions/%74agger", b"/predictions/tagger%00", b"/ping"),
    *(
        b"/predictions/../models/tagger",
        b"/predictions/%2e%2e/models",
        b"/models/tagger",
        b"/metrics",
    ),
    *(b"/predictions/tagger;x=1", b"/predictions/tagger#f", b"/PREDICTIONS/TAGGER", b"*"),
    *(b"/predictions/t\xc3\xa4gger", b"/predictions/\xff", b"/predictions/" + b"x" * 3_000),
    *(b"/predictions/" + b"a/" * 1_000, b"/" * 2_000, b"/predictions/%", b"/predictions/%ZZ"),
    *(b"http://other.test/predictions/tagger", b"/explanations/tagger", b"/wfpredict/tagger"),
    *(
        b"/invocations",
        b"/v1/models/tagger:predict",
        b"/v2/models/tagger/infer",
        b"/api-description",
    ),
)


def query_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST of a sound photo with a query."""
    fields = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_VALUES) | _noise())
    listed = st.lists(fields, min_size=1, max_size=6).map(
        lambda pairs: b"&".join(name + b"=" + value for name, value in pairs)
    )
    odd = st.sampled_from(
        [
            b"a=1&" * 5_000,
            b"groups=colour&" * 250,
            b"top_k=1&" * 400,
            b"&" * 3_000,
            b"=" * 3_000,
            b"product_id=" + b"x" * 3_500,
            b"product_id=" + b"%41" * 1_000,
            b"?" * 10,
            b"#",
        ]
    )
    return st.one_of(listed, listed, listed, odd).map(_with_query)


def path_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a request with an odd method, an odd path, or both."""
    return st.builds(
        lambda method, target, body: FuzzCase(
            "path", assemble(body, method=method, target=target, headers=_JPEG)
        ),
        st.sampled_from(_METHODS),
        st.sampled_from(_PATHS) | st.just(b"/predictions/tagger"),
        st.sampled_from([b"", sound_photos()[0]]),
    )


def _with_query(query: bytes) -> FuzzCase:
    target = b"/predictions/tagger?" + query
    return FuzzCase("query", assemble(sound_photos()[0], target=target, headers=_JPEG))


def _noise() -> st.SearchStrategy[bytes]:
    # What would end the request line is for the malformed requests.
    return st.binary(max_size=12).map(lambda noise: bytes(b for b in noise if b not in b" \r\n"))
