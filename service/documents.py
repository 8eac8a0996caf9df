"""What is to be had of the edge besides tags: documents that do not change while it runs."""

from collections.abc import Mapping

from starlette.responses import Response

from hangtag.bundle import Bundle
from service.exchange import Exchange
from service.routes import Page


def documents(model: str, version: str, bundle: Bundle | None) -> Mapping[str, Page]:
    """Return the pages by path."""
    del model, version, bundle
    return {}


def _page(response: Response) -> Page:
    async def get(_: Exchange) -> Response:
        return response

    return Page({"GET": get})
