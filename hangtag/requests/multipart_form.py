"""A multipart/form-data body (RFC 7578) -> its parts."""

import re
from collections.abc import Iterator
from itertools import pairwise

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from hangtag.errors import RequestError
from hangtag.requests.parts import Part

_MAX_PARTS = 100
_MAX_HEADER_BYTES = 8 * 1024
_MAX_HEADERS = 32
# RFC 2046, 5.1.1.
_MAX_BOUNDARY = 70
# The parser copies what it is given: so much at a time.
_STRETCH_BYTES = 1 << 20
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
_TYPE_OF_FILES = "application/octet-stream"
_TEXT_WITH_CHARSET = re.compile(r"text/[^;]*;\s*charset=", re.IGNORECASE)


def read_form(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of a form, in their order.

    Parameters
    ----------
    content_type : the request's header, with the boundary

    Raises
    ------
    RequestError : if there is no boundary, or the form is broken, cut off, or has absurdly many
        parts.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary or len(boundary) > _MAX_BOUNDARY:
        raise RequestError(
            "The Content-Type multipart/form-data has no boundary; leave that header to your "
            "client, which then writes both."
        )
    try:
        parts = list(_parts(body, boundary))
    except ParserLimitReached as error:
        raise _invalid(
            f"has more than {_MAX_PARTS} parts, or a part with absurdly long headers"
        ) from error
    except MultipartError as error:
        raise _invalid(f"is broken or cut off ({str(error).rstrip('.')})") from error
    if not parts:
        raise _invalid("has no parts")
    return parts


def _parts(body: bytes, boundary: str) -> Iterator[Part]:
    parser = PushMultipartParser(
        boundary,
        max_header_size=_MAX_HEADER_BYTES,
        max_header_count=_MAX_HEADERS,
        max_segment_count=_MAX_PARTS,
    )
    segment: MultipartSegment | None = None
    pieces: list[bytes] = []
    with parser:
        for stretch in _stretches(body):
            for event in parser.parse(stretch):
                if isinstance(event, MultipartSegment):
                    segment, pieces = event, []
                elif event is not None:
                    pieces.append(event)
                elif segment is not None:
                    yield _part(segment, b"".join(pieces))


def _stretches(body: bytes) -> Iterator[bytes]:
    bounds = [*range(0, len(body), _STRETCH_BYTES), len(body)]
    return (body[start:end] for start, end in pairwise(bounds))


def _part(segment: MultipartSegment, value: bytes) -> Part:
    if not segment.name:
        raise _invalid("has a part without a name")
    encoding = segment.header("Content-Transfer-Encoding", "").strip().lower()
    if encoding not in _PLAIN_ENCODINGS:
        raise RequestError(
            "A part of the multipart body has a Content-Transfer-Encoding; send its bytes as they "
            "are."
        )
    return Part(segment.name, _type_of(segment, is_empty=not value), value)


def _type_of(segment: MultipartSegment, *, is_empty: bool) -> str:
    """Return the type of a file, or "" for a field.

    What has no file name is a field, whatever type its client gives it, unless that says in which
    charset its text is. So is the empty file that a browser makes of an input in which nobody
    chose one.
    """
    is_file = segment.filename is not None and not (is_empty and segment.filename == "")
    declared = segment.header("Content-Type", "").strip() or _TYPE_OF_FILES
    return declared if is_file or _TEXT_WITH_CHARSET.match(declared) else ""


def _invalid(what: str) -> RequestError:
    return RequestError(f"The multipart body {what}; send it anew.")
