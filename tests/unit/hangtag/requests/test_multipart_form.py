import pytest

from hangtag.errors import RequestError
from hangtag.requests.multipart_form import read_form
from hangtag.requests.parsing import Part

FORM = "multipart/form-data; boundary=b"
FILE = 'Content-Disposition: form-data; name="image"; filename="a.jpg"'


def part(headers: str, content: bytes) -> bytes:
    return f"--b\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def test_parts_come_in_their_order_with_their_bytes() -> None:
    photo = bytes(range(256)) + b"\r\n--a\r\n-- \r\n"
    body = (
        b"before\r\n"
        + part('content-disposition: form-data; name="product_id"\r\nX: y', b'a "b"')
        + part("Content-Disposition: form-data; name=top_k\r\nContent-Type: text/plain", b"1")
        + part(FILE + "\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary", photo)
        + b"--b--\r\nafter"
    )
    assert read_form(body, 'Multipart/Form-Data; Boundary="b"') == [
        Part("product_id", "", b'a "b"'),
        Part("top_k", "", b"1"),
        Part("image", "image/jpeg", photo),
    ]


def test_large_parts_are_put_together_again() -> None:
    photo = bytes(range(251)) * 20_000
    (only,) = read_form(part(FILE, photo) + b"--b--", FORM)
    assert only.value == photo


def test_parts_that_share_a_name_are_all_kept() -> None:
    body = part(FILE, b"front") + part(FILE, b"back") + b"--b--"
    assert [each.value for each in read_form(body, FORM)] == [b"front", b"back"]


@pytest.mark.parametrize(
    ("headers", "content", "content_type"),
    [
        (FILE, b"x", "application/octet-stream"),
        (FILE, b"", "application/octet-stream"),
        (FILE.replace('"a.jpg"', '""'), b"x", "application/octet-stream"),
        # An input in which nobody chose a file.
        (FILE.replace('"a.jpg"', '""') + "\r\nContent-Type: image/jpeg", b"", ""),
        ('Content-Disposition: form-data; name="title"', b"x", ""),
        ('Content-Disposition: form-data; name="title"\r\nContent-Type: text/plain', b"x", ""),
        (
            'Content-Disposition: form-data; name="title"\r\nContent-Type: text/plain; charset=x',
            b"x",
            "text/plain; charset=x",
        ),
    ],
)
def test_files_have_a_type_and_fields_have_none(
    headers: str, content: bytes, content_type: str
) -> None:
    (only,) = read_form(part(headers, content) + b"--b--", FORM)
    assert (only.content_type, only.value) == (content_type, content)


def test_names_may_be_in_any_letters() -> None:
    headers = 'Content-Disposition: form-data; name="Größe %22x%22"'
    assert read_form(part(headers, b"x") + b"--b--", FORM)[0].name == 'Größe "x"'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (part(FILE, b"x"), "broken or cut off"),
        (b"", "broken or cut off"),
        (b"--b--", "has no parts"),
        (b"--bx\r\n\r\n\r\n--b--", "broken or cut off"),
        (part("Content-Disposition: form-data", b"x") + b"--b--", "a part without a name"),
        (part("Content-Disposition: attachment; name=x", b"x") + b"--b--", "broken or cut off"),
        (part(FILE, b"") * 101 + b"--b--", "more than 100 parts"),
        (part(FILE + "\r\nX: " + "y" * 9000, b"") + b"--b--", "absurdly long headers"),
        (part(FILE + "\r\nContent-Transfer-Encoding: base64", b"") + b"--b--", "as they are"),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        read_form(body, FORM)


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", f"multipart/form-data; boundary={'b' * 71}"]
)
def test_a_boundary_that_is_none_is_said(content_type: str) -> None:
    with pytest.raises(RequestError, match="leave that header to your client"):
        read_form(part(FILE, b"x") + b"--b--", content_type)
