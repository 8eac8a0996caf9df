"""The parts of a request, all of them.

TorchServe 0.12 loses two things on the way to a handler, both part of the contract:

- It keeps a request's parts in a dict (ts/service.py, `retrieve_data_for_inference`), so of two
  form parts named `image` it drops the first. Here a row becomes a list of parts instead.
- It drops the query of /predictions. server/frontend/Submission.java hands it over as a header.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from hangtag.errors import RequestError
from hangtag.requests.parsing import Part

ROW_KEY = "hangtag.parts"
QUERY_HEADER = "x-hangtag-query"
# Milliseconds since 1970; by then the front end has answered the request.
DEADLINE_HEADER = "x-hangtag-deadline-ms"
# What the caller knows the request by.
REQUEST_ID_HEADER = "x-hangtag-request-id"
# Options and texts are fewer than ten; `groups` may be repeated.
_MAX_QUERY_FIELDS = 1000
_ESCAPED_BY_JAVASCRIPT = re.compile("%u[0-9a-f]{4}", re.IGNORECASE)


def keep_repeated_parts(service: Any) -> None:
    """Replace `service.retrieve_data_for_inference`, once; `service` is ts.service.Service."""
    original = service.retrieve_data_for_inference
    if getattr(original, "keeps_repeated_parts", False):
        return

    def retrieve(batch: Sequence[Mapping[str, Any]]) -> tuple[Any, Any, Any]:
        headers, rows, request_ids = original(batch)
        rows = [
            {ROW_KEY: [_part(each) for each in request["parameters"]]}
            for request, _ in zip(batch, rows, strict=True)
        ]
        return headers, rows, request_ids

    retrieve.keeps_repeated_parts = True  # type: ignore[attr-defined]
    service.retrieve_data_for_inference = staticmethod(retrieve)


def parts_of(row: Mapping[str, Any]) -> list[Part]:
    """Return the parts of one row of a batch, whether or not TorchServe was made to keep all."""
    if ROW_KEY in row:
        return list(row[ROW_KEY])
    return [Part(str(name), "", _bytes(value)) for name, value in row.items()]


def parts_of_query(query: str) -> list[Part]:
    """Return the parameters of a URL's query, such as `groups=colour&top_k=3`.

    Raises
    ------
    RequestError : if there are absurdly many, or they are escaped as in no URL.
    """
    if _ESCAPED_BY_JAVASCRIPT.search(query):
        raise RequestError(
            "The query is escaped as JavaScript's escape() does it; encodeURIComponent() writes "
            "UTF-8, as it should be."
        )
    # The frontend reads a request line as Latin-1, a letter for each byte; so do we, and leave it
    # to the intake to say which bytes are no UTF-8.
    try:
        fields = parse_qsl(
            query.encode("latin-1", "replace").decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MAX_QUERY_FIELDS,
            encoding="latin-1",
        )
    except ValueError as error:
        raise RequestError(f"The query has more than {_MAX_QUERY_FIELDS} parameters.") from error
    return [
        Part(
            name.encode("latin-1").decode("utf-8", "backslashreplace"), "", value.encode("latin-1")
        )
        for name, value in fields
    ]


def _part(parameter: Mapping[str, Any]) -> Part:
    return Part(parameter["name"], parameter["contentType"], _bytes(parameter["value"]))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
