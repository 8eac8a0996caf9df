"""The requests of a load test, whole and ready to be sent, with what must come back for each."""

import base64
import io
import json
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from loadtest.client.wire import assemble
from loadtest.plan import Kind

PATH = "/predictions/tagger"
CONTENT_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
_MAX_PHOTOS = 200
_PRODUCT_PHOTOS = (2, 4)
_LARGE_SIZE_PX = (4000, 3000)
_LARGE_PHOTOS = 4
_JPEG_QUALITY = 90
_TOO_MANY_PHOTOS = 17


@dataclass(frozen=True)
class Photo:
    """A photo file's bytes."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class TaggingRequest:
    """A request and the answer that is right for it.

    `status` and `code` are the contract's; `code` is "" where tags are expected. `photos` and
    `product_id` must come back in the answer.
    """

    name: str
    content_type: str
    body: bytes
    path: str = PATH
    status: int = 200
    code: str = ""
    photos: int = 1
    product_id: str | None = None


def read_photos(folder: Path) -> list[Photo]:
    """Return the photos of a folder, a few hundred at most."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in CONTENT_TYPES)
    return [
        Photo(path.read_bytes(), CONTENT_TYPES[path.suffix.lower()]) for path in paths[:_MAX_PHOTOS]
    ]


def photo_request(photo: bytes, content_type: str = "image/jpeg", query: str = "") -> bytes:
    """Return the request that sends one photo as the body, as it goes over the wire."""
    return as_sent(TaggingRequest("one photo", content_type, photo, f"{PATH}{query}"))


def as_sent(request: TaggingRequest) -> bytes:
    """Return a request as it goes over the wire."""
    headers = [("Content-Type", request.content_type)]
    return assemble(request.body, target=request.path, headers=headers)


class RequestMaker:
    """Draws requests of a kind, each with other photos."""

    def __init__(self, photos: Sequence[Photo], chance: random.Random) -> None:
        self._photos = photos
        self._chance = chance
        self._broken_requests = broken_requests(photos[0])
        self._makers: dict[Kind, Callable[[], TaggingRequest]] = {
            "photo": self._photo,
            "multipart": self._multipart,
            "json": self._json,
            "large": self._large,
            "broken": self._broken,
        }

    def prepare(self) -> None:
        """Make now what takes long, and would hold up the clients."""
        for photo in self._photos[:_LARGE_PHOTOS]:
            large_photo(photo.content)

    def make(self, kind: Kind) -> TaggingRequest:
        """Return a request of a kind."""
        return self._makers[kind]()

    def _photo(self) -> TaggingRequest:
        photo = self._chance.choice(self._photos)
        return TaggingRequest("one photo", photo.content_type, photo.content)

    def _multipart(self) -> TaggingRequest:
        photos, product_id = self._product()
        content_type, body = multipart(photos, {"product_id": product_id})
        return TaggingRequest(
            "product, multipart", content_type, body, photos=len(photos), product_id=product_id
        )

    def _json(self) -> TaggingRequest:
        photos, product_id = self._product()
        body = json_body(photos, product_id=product_id)
        return TaggingRequest(
            "product, JSON", "application/json", body, photos=len(photos), product_id=product_id
        )

    def _large(self) -> TaggingRequest:
        photo = self._chance.choice(self._photos[:_LARGE_PHOTOS])
        return TaggingRequest("12 megapixels", "image/jpeg", large_photo(photo.content))

    def _broken(self) -> TaggingRequest:
        return self._chance.choice(self._broken_requests)

    def _product(self) -> tuple[list[Photo], str]:
        count = self._chance.randint(*_PRODUCT_PHOTOS)
        photos = self._chance.choices(self._photos, k=count)
        return photos, f"SKU-{self._chance.randrange(10**6)}"


def multipart(photos: Sequence[Photo], request: dict[str, Any]) -> tuple[str, bytes]:
    """Return the content type and the body of a form.

    It has the photos, and the part `request` if that says anything.
    """
    boundary = secrets.token_hex(16)
    as_json = json.dumps(request).encode()
    parts = [("request", "application/json", as_json)] if request else []
    parts += [("image", photo.content_type, photo.content) for photo in photos]
    lines = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content_type, content in parts
    )
    return f"multipart/form-data; boundary={boundary}", lines + f"--{boundary}--\r\n".encode()


def json_body(photos: Sequence[Photo], **fields: Any) -> bytes:
    """Return a JSON request with its photos in base64."""
    images = [{"content": base64.b64encode(photo.content).decode()} for photo in photos]
    return json.dumps({**fields, "images": images}).encode()


@lru_cache(maxsize=_LARGE_PHOTOS)
def large_photo(photo: bytes) -> bytes:
    """Return a photo as a camera of 12 megapixels would send it, as JPEG."""
    with Image.open(io.BytesIO(photo)) as opened:
        enlarged = ImageOps.fit(opened.convert("RGB"), _LARGE_SIZE_PX)
    file = io.BytesIO()
    enlarged.save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def broken_requests(photo: Photo) -> list[TaggingRequest]:
    """Return requests that are each wrong in one way."""

    def broken(
        status: int, code: str, content_type: str, body: bytes, query: str = ""
    ) -> TaggingRequest:
        return TaggingRequest(f"broken: {code}", content_type, body, f"{PATH}{query}", status, code)

    as_sent = (photo.content_type, photo.content)
    return [
        broken(400, "image_undecodable", "image/jpeg", b"no photo"),
        broken(400, "image_undecodable", photo.content_type, photo.content[:40]),
        broken(400, "image_missing", "image/jpeg", b""),
        broken(400, "image_missing", "application/json", b"{}"),
        broken(400, "request_invalid", "application/json", b'{"images": '),
        broken(400, "request_invalid", *as_sent, query="?top_k=many"),
        broken(415, "format_unsupported", "image/jpeg", b"%PDF-1.7"),
        broken(415, "format_unsupported", "text/plain", b"hello"),
        broken(422, "unknown_group", *as_sent, query="?groups=no-such-group"),
        broken(422, "too_many_images", "application/json", json_body([photo] * _TOO_MANY_PHOTOS)),
    ]


def wrong_answer(request: TaggingRequest, status: int, document: Any) -> str | None:
    """Return how an answer differs from the right one; None if it does not.

    Parameters
    ----------
    document : the body as JSON, None if it is none
    """
    answer = document if isinstance(document, dict) else {}
    if status != request.status:
        code = answer.get("code", "")
        return f"{status} {code}".rstrip() + f" instead of {request.status} {request.code}".rstrip()
    if request.code:
        right = answer.get("code") == request.code
        return None if right else f"code {answer.get('code')!r} instead of {request.code!r}"
    if "groups" not in answer:
        return "200 without groups"
    images = answer.get("images")
    if not isinstance(images, list) or len(images) != request.photos:
        return "200 for another number of photos"
    if answer.get("product_id") != request.product_id:
        return "200 for another product"
    return None
