"""A body under a Content-Encoding -> the body itself, as far as memory allows."""

import zlib

from hangtag.errors import FormatUnsupported, RequestError, RequestTooLarge
from hangtag.recognition.lookalikes import is_json, is_photo

_GZIP = frozenset({"gzip", "x-gzip"})
# What clients put there that changes nothing: charsets, and how mails are sent.
_PLAIN = frozenset({"", "identity", "none", "utf-8", "utf8", "binary", "8bit", "7bit"})
# Each costs a copy of all that follow.
_MAX_MEMBERS = 16
_PADDING = b"\0\r\n"
_GZIP_START = b"\x1f\x8b"
_ANY_HEADER, _RAW = 47, -15


def decode_content(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return what a body is without its Content-Encoding.

    A body that begins as a photo or as JSON is not encoded, whatever the header says.

    Parameters
    ----------
    encoding : the header, "" if there is none
    max_bytes : more are not unpacked

    Raises
    ------
    FormatUnsupported : if the encoding is none of gzip and deflate, there are several, or the
        header and the body do not agree.
    RequestTooLarge : if there are more bytes than that.
    RequestError : if the body is broken.
    """
    name = _encoding_of(encoding)
    if not name and body.startswith(_GZIP_START):
        raise FormatUnsupported(
            "The body is packed with gzip; say so with the header Content-Encoding: gzip."
        )
    if not name or not body or is_photo(body) or is_json(body):
        return body
    if name in _GZIP:
        return _once(_inflate(body, _ANY_HEADER, name, max_bytes))
    if name == "deflate":
        header = _ANY_HEADER if _has_header(body) else _RAW
        return _once(_inflate(body, header, name, max_bytes))
    raise FormatUnsupported(
        f"The Content-Encoding {encoding[:40]!r} is not read; send the body as it is, or with gzip "
        "or deflate."
    )


def _once(body: bytes) -> bytes:
    if body.startswith(_GZIP_START):
        raise FormatUnsupported("The body is packed twice, with gzip inside; pack it once.")
    return body


def _encoding_of(header: str) -> str:
    steps = [step.partition(";")[0].strip() for step in header.lower().split(",")]
    return ", ".join(step for step in steps if step not in _PLAIN)


def _has_header(body: bytes) -> bool:
    # Some clients leave zlib's out: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2
    is_zlib = body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return is_zlib or body.startswith(_GZIP_START)


def _inflate(body: bytes, header: int, name: str, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    left, rest = max_bytes, body
    # A gzip file may be several, one after the other, and end with zeros or a line end.
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(header)
        try:
            # One byte more than allowed is enough to know.
            pieces.append(unpacker.decompress(rest, left + 1))
        except zlib.error as error:
            what = "has other bytes after its end" if pieces else "is none"
            raise _broken(name, what) from error
        left -= len(pieces[-1])
        if left < 0:
            raise RequestTooLarge(
                f"The body has more than the {max_bytes:,} bytes that are unpacked from {name}; "
                "send fewer or smaller photos, or the body as it is."
            )
        if not unpacker.eof:
            raise _broken(name, "is cut off")
        rest = unpacker.unused_data.lstrip(_PADDING)
        if not rest:
            return b"".join(pieces)
    raise _broken(name, f"has more than {_MAX_MEMBERS} members")


def _broken(name: str, what: str) -> RequestError:
    return RequestError(
        f"Content-Encoding says {name}, but the body {what}; leave the header out, or send the "
        "body anew."
    )
