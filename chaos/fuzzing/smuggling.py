"""Requests that two readers could understand in two ways; each has a second one hidden in it."""

from loadtest.client.photos import drawn_photo

_START = b"POST /predictions/tagger HTTP/1.1\r\n"
_HOST, _JPEG = b"Host: hangtag.test\r\n", b"Content-Type: image/jpeg\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
# What a reader that ends the body too soon would answer.
_HIDDEN = b"GET /ping HTTP/1.1\r\nHost: hangtag.test\r\n\r\n"


def ambiguous_requests() -> dict[str, bytes]:
    """Return each by what is wrong with it; but for that, all would be answered with tags."""
    photo = drawn_photo(0)
    length = b"Content-Length: %d\r\n" % len(photo)
    size = b"%x" % len(photo)
    in_chunks = size + b"\r\n" + photo + b"\r\n0\r\n\r\n"
    whole = _START + _HOST + _JPEG + length + b"\r\n" + photo
    headers = {
        "vertical tab before Transfer-Encoding": b"\x0bTransfer-Encoding: chunked\r\n" + length,
        "vertical tab before chunked": b"Transfer-Encoding: \x0bchunked\r\n" + length,
        "chunked, then identity": b"Transfer-Encoding: chunked, identity\r\n",
        "both lengths": _CHUNKED + length,
        "two different lengths": length + b"Content-Length: 3\r\n",
        "list of lengths": b"Content-Length: %d, 3\r\n" % len(photo),
        "length with a sign": b"Content-Length: +%d\r\n" % len(photo),
        "space before the colon": b"Content-Length : %d\r\n" % len(photo),
        "folded line": length + b"X-Folded: a\r\n b\r\n",
        "NUL in a value": length + b"X-Nul: a\x00b\r\n",
        "carriage return in a value": length + b"X-Cr: a\rb\r\n",
        "two hosts": length + b"Host: other.test\r\n",
    }
    bodies = {
        "junk after a chunk's size": size + b" junk\r\n" + photo + b"\r\n0\r\n\r\n",
        "chunk's size with a sign": b"+" + in_chunks,
        "chunk's size as 0x": b"0x" + in_chunks,
        "chunk's size of 70 bits": b"0" + b"f" * 18 + in_chunks,
        "chunk without an end of line": size + b"\r\n" + photo + b"XX0\r\n\r\n",
        "bare LF after a chunk's size": size + b"\n" + photo + b"\r\n0\r\n\r\n",
    }
    return {
        "bare LF": whole[: -len(photo)].replace(b"\r\n", b"\n") + photo,
        **{
            name: _START
            + _HOST
            + _JPEG
            + lines
            + b"\r\n"
            + (photo if b"hunked" not in lines else in_chunks)
            for name, lines in headers.items()
        },
        **{
            name: _START + _HOST + _JPEG + _CHUNKED + b"\r\n" + body
            for name, body in bodies.items()
        },
    }


def with_a_hidden_one(request: bytes) -> bytes:
    """Return a request with another one behind it."""
    return request + _HIDDEN
