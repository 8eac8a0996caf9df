"""TorchServe's rows -> requests and parts.

The edge (service/) hands over a body as it came, whatever it is, and beside it what TorchServe
0.12 would lose: the query of the URL, and of form parts that share a name all but the last.
Without the edge there is only what TorchServe itself makes of a request.
"""

import json
from collections.abc import Mapping
from typing import Any

from hangtag.handover import HandedRequest
from hangtag.requests.parsing import Part

BODY = "body"
# Set by the edge alone. The content type that the caller gave; TorchServe gets to see another, so
# that it leaves forms alone.
CONTENT_TYPE_HEADER = "x-hangtag-content-type"
QUERY_HEADER = "x-hangtag-query"
# Milliseconds on the machine's monotonic clock; by then the edge has answered by itself.
DEADLINE_HEADER = "x-hangtag-until-ms"
REQUEST_ID_HEADER = "x-hangtag-request-id"
# What the answer cost, for the edge's metrics.
MEASURED_HEADER = "x-hangtag-measured"


def comes_from_edge(headers: Mapping[str, str]) -> bool:
    """Whether the edge handed a request over; it always says what the content type was."""
    return CONTENT_TYPE_HEADER in headers


def request_of(row: Mapping[str, Any], headers: Mapping[str, str]) -> HandedRequest:
    """Return a request that the edge handed over; header names are in lower case."""
    deadline_ms = headers.get(DEADLINE_HEADER, "")
    return HandedRequest(
        body=_bytes(row.get(BODY, b"")),
        content_type=headers[CONTENT_TYPE_HEADER],
        content_encoding=headers.get("content-encoding", ""),
        query=headers.get(QUERY_HEADER, ""),
        request_id=headers.get(REQUEST_ID_HEADER, ""),
        deadline_s=int(deadline_ms) / 1000 if deadline_ms.isdecimal() else None,
    )


def parts_of(row: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a row that came without the edge."""
    return [Part(str(name), "", _bytes(value)) for name, value in row.items()]


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    # A JSON body that TorchServe has parsed already, as it does by default.
    if isinstance(value, dict | list):
        return json.dumps(value).encode()
    return bytes(value)
