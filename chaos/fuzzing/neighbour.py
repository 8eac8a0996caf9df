"""The good request that is sent beside hostile ones, and what it is answered when it is alone."""

import asyncio

from chaos.response_equality import Decided, decided
from hangtag.errors import ServerUnavailable
from loadtest.client.photos import ordinary_photos
from loadtest.client.wire import Address, ask_once
from loadtest.tagging_requests import photo_request

_TIMEOUT_S = 30.0


def good_neighbour(address: Address) -> tuple[bytes, Decided]:
    """Return a request and what is decided on it.

    Raises
    ------
    ServerUnavailable : if it is not answered with success.
    """
    (photo,) = ordinary_photos(1)
    request = photo_request(photo, query="?product_id=good-neighbour&top_k=10000")
    answer = asyncio.run(ask_once(address, request, _TIMEOUT_S))
    if not answer.ok:
        raise ServerUnavailable(f"A good photo was answered with {answer.outcome}.")
    return request, decided(answer.document)
