"""Photos by their addresses, from real servers on loopback."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from hangtag.errors import ImageMissing, ImageTooLarge, RequestError
from service.photo_urls import PhotoFetcher, is_public
from service.settings import PhotoUrlSettings
from tests.unit.serving import serving

PHOTO = b"\xff\xd8 a photo"


class Shop(BaseHTTPRequestHandler):
    """Has a photo, redirects, and things that go wrong."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/photo.jpg":
            self._answer(200, PHOTO)
        elif self.path.startswith("/to="):
            self._answer(302, b"", Location=self.path.removeprefix("/to="))
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(bytes(10_000))
        elif self.path == "/slow":
            time.sleep(1)
            self._answer(200, PHOTO)
        else:
            self._answer(404, b"")

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            # Whoever has had enough leaves.
            return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def shop(asked: list[str]) -> Iterator[str]:
    with serving(type("ThisShop", (Shop,), {"asked": asked})) as url:
        yield url.replace("127.0.0.1", "localhost")


SETTINGS = PhotoUrlSettings(
    allowed_hosts=("localhost",), allow_http=True, max_bytes=100_000, timeout_s=0.5
)


def fetcher(settings: PhotoUrlSettings = SETTINGS, *, anywhere: bool = True) -> PhotoFetcher:
    return PhotoFetcher(settings, (lambda _: True) if anywhere else is_public)


def document(*urls: str) -> bytes:
    images = [{"url": url, "view": "front"} for url in urls]
    return json.dumps({"product_id": "A", "images": images}).encode()


def resolved(body: bytes, by: PhotoFetcher) -> Any:
    return json.loads(asyncio.run(by.resolve(body)))


def test_bytes_take_the_place_of_addresses(shop: str) -> None:
    body = document(f"{shop}/photo.jpg", f"{shop}/to=/photo.jpg")
    content = base64.b64encode(PHOTO).decode()
    assert resolved(body, fetcher()) == {
        "product_id": "A",
        "images": [{"content": content, "view": "front"}] * 2,
    }


@pytest.mark.parametrize(
    "body", [b"", PHOTO, b'{"url": ', b'{"images": [{"content": "url"}]}', b"[]"]
)
def test_any_other_body_is_left_as_it_is(body: bytes) -> None:
    assert asyncio.run(fetcher().resolve(body)) == body


def test_where_no_host_is_listed_nothing_is_fetched(shop: str, asked: list[str]) -> None:
    body = document(f"{shop}/photo.jpg")
    assert asyncio.run(fetcher(PhotoUrlSettings()).resolve(body)) == body
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/a.jpg",
        "http://localhost.example/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://2130706433/a.jpg",
        "http://[::ffff:127.0.0.1]/a.jpg",
        "http://localhost@other.example/a.jpg",
        "ftp://localhost/a.jpg",
        "file:///etc/passwd",
        "/a.jpg",
        "",
    ],
)
def test_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(RequestError, match=r"\$\.images\[0\]\.url") as refused:
        resolved(document(url), fetcher())
    assert refused.value.path == "$.images[0].url"


def test_http_is_refused_unless_it_is_allowed(shop: str, asked: list[str]) -> None:
    with pytest.raises(RequestError, match="on no host"):
        resolved(
            document(f"{shop}/photo.jpg"), fetcher(PhotoUrlSettings(allowed_hosts=("localhost",)))
        )
    assert asked == []


def test_a_name_that_leads_into_a_private_network_is_not_followed(
    shop: str, asked: list[str]
) -> None:
    with pytest.raises(ImageMissing, match="cannot be fetched"):
        resolved(document(f"{shop}/photo.jpg"), fetcher(anywhere=False))
    assert asked == []


def test_a_redirect_is_looked_at_as_the_first_address_was(shop: str, asked: list[str]) -> None:
    with pytest.raises(RequestError, match="on no host"):
        resolved(document(f"{shop}/to=http://169.254.169.254/latest"), fetcher())
    assert asked == ["/to=http://169.254.169.254/latest"]


def test_redirects_end(shop: str, asked: list[str]) -> None:
    with pytest.raises(ImageMissing, match="leads on too often"):
        resolved(document(f"{shop}{'/to=' * 5}/photo.jpg"), fetcher())
    assert len(asked) == 4


def test_an_endless_photo_is_not_read_to_its_end(shop: str) -> None:
    with pytest.raises(ImageTooLarge, match="more than the 100,000 bytes"):
        resolved(document(f"{shop}/endless"), fetcher())


def test_a_slow_one_is_not_waited_for(shop: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(ImageMissing, match="cannot be fetched"):
        resolved(document(f"{shop}/slow"), fetcher())
    assert time.monotonic() - began_s < 0.95


def test_what_is_not_there_is_said(shop: str) -> None:
    with pytest.raises(ImageMissing, match="answers with 404"):
        resolved(document(f"{shop}/gone"), fetcher())


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - no address that is listened on
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_public_is_what_the_internet_has(address: str, *, public: bool) -> None:
    assert is_public(address) == public


def test_hosts_are_listed_by_name_or_by_what_they_are_below() -> None:
    settings = PhotoUrlSettings(allowed_hosts=("cdn.example.com", "*.shop.example"))
    allowed = ("cdn.example.com", "CDN.example.com.", "a.shop.example", "a.b.shop.example")
    assert all(settings.allows(host) for host in allowed)
    refused = ("example.com", "x.cdn.example.com", "shop.example", "evilshop.example", "")
    assert not any(settings.allows(host) for host in refused)
