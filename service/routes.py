"""Where a request goes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import Response

from service.errors import MethodNotAllowed, NotFound
from service.exchange import Exchange

Endpoint: TypeAlias = Callable[[Exchange], Awaitable[Response]]
_NOWHERE = "There is nothing at this path; send photos to /predictions/tagger."


@dataclass(frozen=True)
class Page:
    """What is at a path: an endpoint for each method, and whether a model answers there."""

    endpoints: Mapping[str, Endpoint]
    is_for_model: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """The methods that it takes; HEAD with each GET."""
        return tuple(
            each
            for method in self.endpoints
            for each in ((method, "HEAD") if method == "GET" else (method,))
        )


class Routes:
    """All paths, each as it is without slashes at its end."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages

    def find(self, exchange: Exchange) -> Page:
        """Return what is at the path of a request.

        Raises
        ------
        NotFound : if there is nothing.
        """
        page = self._pages.get(exchange.path)
        if page is None:
            raise NotFound(_NOWHERE)
        return page

    def endpoint(self, page: Page, exchange: Exchange) -> Endpoint:
        """Return what answers a request.

        Raises
        ------
        MethodNotAllowed : if it is sent with another method.
        """
        method = "GET" if exchange.method == "HEAD" else exchange.method
        endpoint = page.endpoints.get(method)
        if endpoint is not None:
            return endpoint
        if method == "OPTIONS":
            return _options(page)
        raise MethodNotAllowed(exchange.path, page.allowed)


def _options(page: Page) -> Endpoint:
    async def options(_: Exchange) -> Response:
        return Response(status_code=204, headers={"allow": ", ".join((*page.allowed, "OPTIONS"))})

    return options
