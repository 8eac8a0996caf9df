"""An HTTP request, already split into its parts by the server -> a product to tag."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from hangtag.errors import (
    FormatUnsupported,
    ImageMissing,
    ImageTooLarge,
    RequestError,
    TooManyImages,
)
from hangtag.label_space import LabelId
from hangtag.schema import Options, ProductRequest
from hangtag.settings import TaggerSettings

_OPTION_NAMES = frozenset(Options.model_fields)
_TEXT_NAMES = frozenset({"product_id", "title", "description"})
# What a photo is sent as, besides image/*; "" is a body without a content type.
_PHOTO_TYPES = frozenset({"application/octet-stream", "binary/octet-stream", ""})

_TYPE_STEPS = frozenset({"str", "int", "constrained-str", "constrained-int"})


@dataclass(frozen=True)
class Part:
    """A query parameter, a form part, or the body (named `body`), as the server hands it over."""

    name: str
    content_type: str
    value: bytes


@dataclass(frozen=True)
class Product:
    """What is to be tagged: the photos' bytes and what the caller said about them."""

    images: tuple[bytes, ...]
    product_id: str | int | None = None
    title: str | None = None
    description: str | None = None
    claims: tuple[LabelId, ...] = ()
    options: Options = field(default_factory=Options)


def read_product(content_type: str, parts: Sequence[Part], settings: TaggerSettings) -> Product:
    """Read a product in any of the three ways of the contract.

    Parameters
    ----------
    content_type : the request's Content-Type header, "" if there is none
    parts : query parameters first, then the form parts or the one body

    Raises
    ------
    RequestError : and its subclasses, for this request alone.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _read_multipart(parts, settings)
    if media_type == "application/x-www-form-urlencoded":
        raise FormatUnsupported(
            "The body came as a web form; say what it is with a header such as "
            "'Content-Type: image/jpeg'."
        )
    queries, body = _split_off_body(parts)
    if media_type == "application/json" or media_type.endswith("+json"):
        return _read_json(body, queries, settings)
    if media_type.startswith("image/") or media_type in _PHOTO_TYPES:
        return _product(_request_from_query(queries), [body] if body else [], settings)
    raise FormatUnsupported(
        f"The content type {media_type!r} is not taken; send image/*, multipart/form-data or "
        "application/json."
    )


def _split_off_body(parts: Sequence[Part]) -> tuple[list[Part], bytes]:
    # The body comes last; a query parameter may have the same name.
    last_body = max((i for i, part in enumerate(parts) if part.name == "body"), default=None)
    if last_body is None:
        return list(parts), b""
    return [part for i, part in enumerate(parts) if i != last_body], parts[last_body].value


def _read_json(body: bytes, queries: Sequence[Part], settings: TaggerSettings) -> Product:
    request = _merge(_parse_request(body, "$"), _request_from_query(queries))
    limit = settings.max_images
    if len(request.images) > limit:
        raise TooManyImages(_too_many(len(request.images), limit))
    images = [
        _decode_base64(image.content, f"$.images[{i}].content", settings.max_image_bytes)
        for i, image in enumerate(request.images)
    ]
    return _product(request, images, settings)


def _read_multipart(parts: Sequence[Part], settings: TaggerSettings) -> Product:
    request, images, queries = ProductRequest(), [], []
    for part in parts:
        if part.name == "request":
            request = _parse_request(part.value, "$.request")
        elif part.content_type or not _is_text(part):
            images.append(part.value)
        else:
            queries.append(part)
    if request.images:
        raise RequestError(
            "In multipart/form-data the photos are parts of their own; leave `images` out of "
            "the part `request`.",
            "$.request.images",
        )
    return _product(_merge(request, _request_from_query(queries)), images, settings)


def _product(request: ProductRequest, images: Sequence[bytes], settings: TaggerSettings) -> Product:
    if not images:
        raise ImageMissing("The request has no photo; send one as the body, a part or `images`.")
    if len(images) > settings.max_images:
        raise TooManyImages(_too_many(len(images), settings.max_images))
    for index, image in enumerate(images):
        if not image:
            raise ImageMissing(f"Photo {index} is empty; send its bytes.", f"$.images[{index}]")
    return Product(
        images=tuple(images),
        product_id=request.product_id,
        title=request.title,
        description=request.description,
        claims=request.claims,
        options=request.options,
    )


def _too_many(count: int, limit: int) -> str:
    return f"The product has {count} photos, more than the {limit} that are taken."


def _parse_request(document: bytes, root: str) -> ProductRequest:
    try:
        return ProductRequest.model_validate_json(document, strict=True)
    except ValidationError as error:
        raise _invalid(error, root) from error


def _request_from_query(queries: Sequence[Part]) -> ProductRequest:
    fields: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for query in queries:
        if query.name == "groups":
            names = [name for name in _text(query).split(",") if name]
            options["groups"] = [*options.get("groups", []), *names]
        elif query.name in _OPTION_NAMES:
            options[query.name] = _text(query)
        elif query.name in _TEXT_NAMES:
            fields[query.name] = _text(query)
        else:
            known = ", ".join(sorted(_OPTION_NAMES | _TEXT_NAMES))
            raise RequestError(f"There is no parameter {query.name!r}; there are: {known}.")
    if options:
        fields["options"] = options
    try:
        return ProductRequest.model_validate(fields)
    except ValidationError as error:
        raise _invalid(error, "$") from error


def _is_text(part: Part) -> bool:
    # A form field without a content type is either an option or a photo sent without a file name;
    # no photo format is valid UTF-8 from its first bytes on.
    try:
        part.value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(part: Part) -> str:
    try:
        return part.value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"The parameter {part.name!r} is not UTF-8 text.") from error


def _merge(request: ProductRequest, query: ProductRequest) -> ProductRequest:
    """Let what the query says take precedence over the JSON document."""
    changes = {name: getattr(query, name) for name in query.model_fields_set - {"options"}}
    option_changes = {name: getattr(query.options, name) for name in query.options.model_fields_set}
    options = request.options.model_copy(update=option_changes)
    return request.model_copy(update={**changes, "options": options})


def _decode_base64(content: str, path: str, max_image_bytes: int) -> bytes:
    if content.startswith("data:"):
        content = content.partition(",")[2]
    if len(content) // 4 * 3 - 2 > max_image_bytes:
        raise ImageTooLarge(
            f"The photo has about {len(content) // 4 * 3:,} bytes, more than the "
            f"{max_image_bytes:,} that are taken; send it smaller.",
            path,
        )
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"{path} is not base64: {error}.", path) from error


def _invalid(error: ValidationError, root: str) -> RequestError:
    first: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
    # Of a value that may be text or a number, pydantic names both types as if they were steps.
    location = [step for step in first["loc"] if step not in _TYPE_STEPS]
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    path = root + "".join(steps)
    return RequestError(f"{path}: {first['msg']}.", path)
