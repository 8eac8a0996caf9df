"""An HTTP request, already split into its parts by the server -> a product to tag."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from hangtag.errors import (
    FormatUnsupported,
    ImageMissing,
    ImageUndecodable,
    RequestError,
    TooManyImages,
)
from hangtag.faults import first_fault
from hangtag.files.json_text import read_json_object
from hangtag.recognition.foreign_files import format_of
from hangtag.recognition.lookalikes import is_json, is_photo, name_of_text
from hangtag.recognition.web_forms import advice_on_form
from hangtag.requests.content_encoding import decode_content
from hangtag.requests.encoded_photos import decode_photo
from hangtag.requests.parts import (
    OPTION_NAMES,
    Part,
    charset_of,
    misplaced_json,
    read_fields,
    read_text,
    repeated,
)
from hangtag.requests.product import Product
from hangtag.schema import ProductRequest
from hangtag.settings import TaggerSettings

__all__ = ["Part", "Product", "read_product"]

_MULTIPART = "multipart/form-data"
# curl calls a body a web form if nobody says what it is.
_WEB_FORM = "application/x-www-form-urlencoded"
# What a photo is sent as, besides image/*; "" is a body without a content type.
_PHOTO_TYPES = frozenset({"application/octet-stream", "binary/octet-stream", _WEB_FORM, ""})
_JSON_TYPES = frozenset({"application/json", "text/json", "application/x-json"})
_SAY_WHAT_IT_IS = "send the bytes of the photo's file as they are, or JSON, or a form"


def read_product(
    content_type: str,
    parts: Sequence[Part],
    settings: TaggerSettings,
    content_encoding: str = "",
) -> Product:
    """Read a product in any of the three ways of the contract.

    Whether a body is a photo or JSON is seen from its beginning: the headers are often wrong.

    Parameters
    ----------
    content_type, content_encoding : the request's headers, "" if there is none
    parts : query parameters first, then the form parts or the one body

    Raises
    ------
    RequestError : and its subclasses, for this request alone.
    """
    media_type = _media_type(content_type)
    if media_type == _MULTIPART and not content_encoding:
        return _read_multipart(parts, settings)
    queries, sent = _split_off_body(parts)
    body = decode_content(sent, content_encoding, settings.max_unpacked_bytes)
    if media_type == _WEB_FORM:
        _refuse_stripped(body)
    if is_photo(body):
        return _product(_request_of_fields(queries), [body], settings)
    if is_json(body) or _is_json_type(media_type):
        return _read_json(body, charset_of(content_type), queries, settings)
    _refuse_other(body, media_type)
    return _product(_request_of_fields(queries), [body] if body else [], settings)


def _split_off_body(parts: Sequence[Part]) -> tuple[list[Part], bytes]:
    # The body comes last; a query parameter may have the same name.
    last_body = max((i for i, part in enumerate(parts) if part.name == "body"), default=None)
    if last_body is None:
        return list(parts), b""
    return [part for i, part in enumerate(parts) if i != last_body], parts[last_body].value


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_json_type(media_type: str) -> bool:
    return media_type in _JSON_TYPES or media_type.endswith("+json")


def _refuse_other(body: bytes, media_type: str) -> None:
    """Raise if the body is known to be no photo's bytes, or is not said to be any."""
    name = name_of_text(body)
    if media_type == _MULTIPART or name == "a multipart form":
        raise FormatUnsupported(
            f"The body is {name or 'a multipart form under a Content-Encoding'}, which is not read "
            "like this; send multipart/form-data, and leave its header to your client."
        )
    if name is not None and (advice := advice_on_form(name)):
        raise FormatUnsupported(f"The body is {name}, which is not read; {advice}.")
    if name is not None and not name.startswith("an HTML"):
        raise ImageUndecodable(f"The body is {name}; {_SAY_WHAT_IT_IS}.")
    if not media_type.startswith("image/") and media_type not in _PHOTO_TYPES:
        raise FormatUnsupported(
            f"The content type {media_type[:100]!r} is not taken; send image/*, "
            "multipart/form-data or application/json."
        )


def _refuse_stripped(body: bytes) -> None:
    if body.startswith((b"\x89PNG\x1a", b"\xff\xd8\xff")) and b"\0" not in body[:1000]:
        raise ImageUndecodable(
            "The body looks like a photo without its zeros and line breaks, which `curl --data` "
            "takes out; send it with `--data-binary`."
        )


def _read_json(
    body: bytes, charset: str | None, queries: Sequence[Part], settings: TaggerSettings
) -> Product:
    document = read_json_object(body, "$", charset)
    request = _merge(_request_of(document, "$"), _request_of_fields(queries))
    require_few(len(request.images), settings)
    images = [
        decode_photo(image.content, f"$.images[{i}].content", settings.max_image_bytes)
        for i, image in enumerate(request.images)
    ]
    return _product(request, images, settings)


def _read_multipart(parts: Sequence[Part], settings: TaggerSettings) -> Product:
    filled = [part for part in parts if not part.is_left_empty]
    request = _read_request_part([part for part in filled if part.name == "request"])
    images, fields = [], []
    for part in filled:
        if part.name == "request":
            continue
        if not part.is_text:
            images.append(_file_of(part))
        elif part.is_photo_field:
            path = f"$.{part.plain_name}"
            images.append(decode_photo(read_text(part), path, settings.max_image_bytes))
        else:
            fields.append(part)
    if request.images:
        raise RequestError(
            "In multipart/form-data the photos are parts of their own; leave `images` out of "
            "the part `request`.",
            "$.request.images",
        )
    return _product(_merge(request, _request_of_fields(fields)), images, settings)


def _read_request_part(parts: Sequence[Part]) -> ProductRequest:
    documents = [
        read_json_object(part.value, "$.request", charset_of(part.content_type)) for part in parts
    ]
    if any(document != documents[0] for document in documents):
        raise repeated("request", "$.request")
    return _request_of(documents[0], "$.request") if documents else ProductRequest()


def _file_of(part: Part) -> bytes:
    holds_json = is_json(part.value) and not format_of(part.value)
    is_called_json = _is_json_type(_media_type(part.content_type)) and not is_photo(part.value)
    if holds_json or is_called_json:
        raise misplaced_json(part)
    return part.value


def _product(request: ProductRequest, images: Sequence[bytes], settings: TaggerSettings) -> Product:
    if not images:
        raise ImageMissing("The request has no photo; send one as the body, a part or `images`.")
    require_few(len(images), settings)
    for index, image in enumerate(images):
        if not image:
            raise ImageMissing(f"Photo {index} is empty; send its bytes.", f"$.images[{index}]")
    return Product(
        images=images,
        product_id=request.product_id,
        title=request.title,
        description=request.description,
        claims=request.claims,
        options=request.options,
    )


def require_few(count: int, settings: TaggerSettings) -> None:
    """Raise TooManyImages if a product has more photos than are taken."""
    if count > settings.max_images:
        raise TooManyImages(
            f"The product has {count} photos, more than the {settings.max_images} that are taken."
        )


def _request_of_fields(fields: Sequence[Part]) -> ProductRequest:
    return _request_of(read_fields(fields), "$")


def _request_of(document: dict[str, Any], root: str) -> ProductRequest:
    misplaced = sorted(OPTION_NAMES & document.keys())
    if misplaced:
        path = f"{root}.{misplaced[0]}"
        raise RequestError(f"{path} belongs into `options`, beside `images`.", path)
    try:
        return ProductRequest.model_validate(document)
    except ValidationError as error:
        fault = first_fault(error, ProductRequest)
        path = root + fault.json_path.removeprefix("$")
        raise RequestError(f"{path} {fault.what}.", path) from error


def _merge(request: ProductRequest, query: ProductRequest) -> ProductRequest:
    """Let what the query says take precedence over the JSON document."""
    changes = {name: getattr(query, name) for name in query.model_fields_set - {"options"}}
    option_changes = {name: getattr(query.options, name) for name in query.options.model_fields_set}
    options = request.options.model_copy(update=option_changes)
    return request.model_copy(update={**changes, "options": options})
