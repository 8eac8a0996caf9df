"""What a reader of HTTP/1.1 other than the server's makes of bytes."""

from typing import Literal, TypeAlias

import h11

Reading: TypeAlias = Literal["whole", "incomplete", "invalid"]


def reading_of(request: bytes) -> Reading:
    """Return whether the first request in these bytes is one, may become one, or never will."""
    # Empty lines before a request are to be ignored (RFC 9112, 2.2), which this reader does not.
    begun = request.lstrip(b"\r\n")
    if not begun:
        return "incomplete"
    connection = h11.Connection(h11.SERVER)
    try:
        connection.receive_data(begun)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                return "incomplete"
            if isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
                return "whole"
    except h11.RemoteProtocolError:
        return "invalid"
