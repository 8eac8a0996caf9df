"""multipart/form-data that no sound client would send."""

from hypothesis import strategies as st

from chaos.fuzzing.cases import FuzzCase, post
from chaos.fuzzing.photo_files import sound_photos

_BOUNDARY = b"hangtag-boundary"
_NAMES = (
    *(b'name="image"', b'name="request"', b'name="body"', b'name="top_k"', b'name="groups"'),
    *(b'name=""', b"name=image", b"", b'name="image"; name="request"', b'name="\xff"', b"name"),
    *(
        b'name="hangtag.parts"',
        b'name="content-type"',
        b'name="x-hangtag-query"',
        b'name="describe"',
    ),
    *(b'name="' + b"x" * 2_000 + b'"', b"name*=utf-8''%E2%82%AC", b'name="a\\"b"'),
)
_FILE_NAMES = (
    *(
        b"",
        b'; filename="a.jpg"',
        b'; filename="../../../etc/passwd"',
        b'; filename=""',
        b"; filename",
    ),
    *(
        b'; filename="a\x00.jpg"',
        b'; filename="\xff\xfe"',
        b"; filename*=utf-8''%00",
        b"; filename=a b",
    ),
    *(b'; filename="' + b"x" * 2_000 + b'"', b'; filename="a"; filename="b"', b'; filename="'),
)
_PART_HEADERS = (
    *(b"", b"Content-Type: image/jpeg\r\n", b"Content-Type: application/json\r\n"),
    *(
        b"Content-Type: text/plain; charset=x-no-such\r\n",
        b"Content-Type: text/plain; charset=\r\n",
    ),
    *(
        b"Content-Type: text/plain; charset=utf-16\r\n",
        b"Content-Type:\r\n",
        b"Content-Type: \xff\r\n",
    ),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-no-such\r\n"),
    *(b"Content-Type: multipart/mixed; boundary=inner\r\n", b"Content-Length: 5\r\n", b"junk\r\n"),
    *(
        b"Content-Type: multipart/mixed\r\n",
        b"Content-Length: -1\r\n",
        b"X: " + b"y" * 5_000 + b"\r\n",
    ),
)
_DISPOSITIONS = (
    b"form-data",
    b"form-data",
    b"form-data",
    b"attachment",
    b"",
    b"FORM-DATA",
    b"\xff",
)
_TYPES = (
    *(b"multipart/form-data; boundary=" + _BOUNDARY,) * 12,
    *(b'multipart/form-data; boundary="' + _BOUNDARY + b'"', b"multipart/form-data"),
    *(b"multipart/form-data; boundary=", b"multipart/form-data; boundary=other"),
    *(b'multipart/form-data; boundary="', b"multipart/form-data; charset=x-no-such; boundary=x"),
    *(b"multipart/form-data; boundary=\xff", b"multipart/form-data; boundary=" + b"x" * 3_000),
    *(b"Multipart/Form-Data; Boundary=" + _BOUNDARY, b"multipart/mixed; boundary=" + _BOUNDARY),
    b"multipart/form-data; charset=x-no-such; boundary=" + _BOUNDARY,
)


def form_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw a POST of a form."""
    bodies = st.one_of(_drawn_forms(), _drawn_forms(), st.sampled_from(_absurd_forms()))
    return st.builds(post, st.just("multipart"), bodies, st.sampled_from(_TYPES))


def _drawn_forms() -> st.SearchStrategy[bytes]:
    values = st.sampled_from(
        [
            *sound_photos()[:6],
            b"",
            b"3",
            b"{}",
            b'{"options":{"top_k":1}}',
            b"{",
            b"\xff\x00",
            b"\r\n",
        ]
    )
    parts = st.builds(
        _part,
        st.sampled_from(_NAMES),
        st.sampled_from(_FILE_NAMES),
        st.sampled_from(_PART_HEADERS),
        values,
        st.sampled_from(_DISPOSITIONS),
    )
    # 0: nothing is cut off.
    cut = st.sampled_from([0, 0, 0, 1, 2, 4, 30, 300])
    return st.builds(_form, st.lists(parts, max_size=5), cut)


def _part(name: bytes, file_name: bytes, headers: bytes, value: bytes, kind: bytes) -> bytes:
    head = b"Content-Disposition: " + kind + (b"; " + name if name else b"") + file_name + b"\r\n"
    return head + headers + b"\r\n" + value + b"\r\n"


def _form(parts: list[bytes], cut_bytes: int = 0) -> bytes:
    body = b"".join(b"--" + _BOUNDARY + b"\r\n" + part for part in parts)
    whole = body + b"--" + _BOUNDARY + b"--\r\n"
    return whole[: len(whole) - cut_bytes]


def _absurd_forms() -> list[bytes]:
    photo = _part(
        b'name="image"', b'; filename="a.jpg"', _PART_HEADERS[1], sound_photos()[0], b"form-data"
    )
    option = _part(b'name="top_k"', b"", b"", b"1", b"form-data")
    nested = _part(b'name="image"', b"", _PART_HEADERS[10], _form([photo]), b"form-data")
    request = _part(b'name="request"', b"", _PART_HEADERS[2], b'{"images": []}', b"form-data")
    return [
        b"",
        b"--",
        b"--" + _BOUNDARY,
        b"--" + _BOUNDARY + b"\r\n",
        b"--" + _BOUNDARY + b"--",
        b"\r\n" * 1_000,
        _form([photo] * 17),
        _form([photo] * 1_000),
        _form([option] * 1_000 + [photo]),
        _form([request] * 100 + [photo]),
        _form([nested]),
        _form([nested] * 20),
        _form([photo]).replace(b"\r\n", b"\n"),
        _form([photo]) + _form([photo]),
        b"preamble\r\n" + _form([photo]) + b"epilogue",
        _form([photo])[:-200],
        _form([photo.replace(b"\r\n\r\n", b"\r\n")]),
        _form([b"\r\n" + sound_photos()[0]]),
        _form([b"X: y\r\n" * 5_000 + photo]),
    ]
