"""A product -> the body of a multipart/form-data request: its photos as they are, not in base64."""

import json
import secrets

from hangtag.requests.product import Product


def form_of(product: Product) -> tuple[bytes, str]:
    """Return the body and its content type."""
    boundary = secrets.token_hex(16)
    document = {
        "product_id": product.product_id,
        "title": product.title,
        "description": product.description,
        "claims": list(product.claims),
        "options": product.options.model_dump(exclude_defaults=True),
    }
    given = {name: value for name, value in document.items() if value not in (None, [], {})}
    parts = [
        _part(boundary, 'name="request"', "application/json", json.dumps(given).encode()),
        *(
            _part(
                boundary,
                f'name="image"; filename="{index}"',
                "application/octet-stream",
                photo,
            )
            for index, photo in enumerate(product.images)
        ),
    ]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, names: str, content_type: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; {names}\r\n"
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"
