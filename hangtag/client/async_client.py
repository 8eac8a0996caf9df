"""Asks a running tagger over HTTP, and asks again when it has no room or is being replaced."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2
import stamina

from hangtag.client.address import PREDICTIONS, address_of, key_header
from hangtag.client.answers import (
    LONGEST_WAIT_S,
    TRY_AGAIN,
    require_tagger,
    tags_of,
    unavailable,
    wait_before_next_s,
)
from hangtag.client.multipart import form_of
from hangtag.errors import HangtagError
from hangtag.requests.product import Product
from hangtag.schema import TagResponse

_FIRST_WAIT_S = 0.5


@dataclass(frozen=True)
class Tagged:
    """A product and what became of it: its answer, or the error that is wrong with it alone."""

    product: Product
    outcome: TagResponse | HangtagError

    @property
    def answer(self) -> TagResponse:
        """Its tags.

        Raises
        ------
        HangtagError : if it has none.
        """
        if isinstance(self.outcome, HangtagError):
            raise self.outcome
        return self.outcome


class _AskAgain(Exception):
    """An answer that says nothing of the product."""

    def __init__(self, answer: httpx2.Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class AsyncTaggerClient:
    """A tagger at an address such as `http://127.0.0.1:8080`, as an async context manager.

    Parameters
    ----------
    key : for a proxy that asks for one, sent as X-Api-Key
    timeout_s : of silence, for each attempt
    attempts : for each product, before it is given up
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout_s: float = 60, attempts: int = 6
    ) -> None:
        self.url = address_of(url)
        self._attempts = attempts
        # It follows no redirects: the key is for the address that was given, and a photo would be
        # lost.
        self._http = httpx2.AsyncClient(
            base_url=self.url,
            headers=key_header(key),
            timeout=timeout_s,
            follow_redirects=False,
            limits=httpx2.Limits(max_connections=None),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def require(self) -> None:
        """Ask whether there is a server.

        Raises
        ------
        ServerUnavailable : if none answers, or what answers is no tagger or wants another key.
        """
        try:
            answer = await self._http.get("/ping")
        except httpx2.HTTPError as error:
            raise unavailable(self.url, error) from error
        require_tagger(answer, self.url)

    async def tag(self, product: Product) -> TagResponse:
        """Return the answer to one product.

        Raises
        ------
        ProblemAnswered : if the tagger answers with an error.
        ServerUnavailable : if nothing answers, or something that is not a tagger.
        """
        body, content_type = form_of(product)
        try:
            answer = await self._asked_until_answered(body, content_type)
        except _AskAgain as error:
            answer = error.answer
        except httpx2.HTTPError as error:
            raise unavailable(self.url, error) from error
        return tags_of(answer, self.url)

    async def tag_many(
        self, products: Iterable[Product], *, concurrency: int = 8, ordered: bool = True
    ) -> AsyncIterator[Tagged]:
        """Yield what becomes of each product; of an iterator no more is read than is sent.

        Parameters
        ----------
        concurrency : products that are under way at the same time
        ordered : in the order of the products, else as they are answered
        """
        waiting: deque[asyncio.Task[Tagged]] = deque()
        try:
            for product in products:
                waiting.append(asyncio.create_task(self._tagged(product)))
                if len(waiting) >= concurrency:
                    yield await self._next(waiting, ordered=ordered)
            while waiting:
                yield await self._next(waiting, ordered=ordered)
        finally:
            for task in waiting:
                task.cancel()

    @staticmethod
    async def _next(waiting: deque[asyncio.Task[Tagged]], *, ordered: bool) -> Tagged:
        if ordered:
            return await waiting.popleft()
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        first = done.pop()
        waiting.remove(first)
        return first.result()

    async def _tagged(self, product: Product) -> Tagged:
        try:
            return Tagged(product, await self.tag(product))
        except HangtagError as error:
            return Tagged(product, error)

    async def _asked_until_answered(self, body: bytes, content_type: str) -> httpx2.Response:
        attempts = stamina.retry_context(
            on=_backoff,
            attempts=self._attempts,
            timeout=None,
            wait_initial=_FIRST_WAIT_S,
            wait_max=LONGEST_WAIT_S,
            wait_jitter=0,
        )
        async for attempt in attempts:
            with attempt:
                answer = await self._http.post(
                    PREDICTIONS, content=body, headers={"Content-Type": content_type}
                )
                if answer.status_code in TRY_AGAIN:
                    raise _AskAgain(answer)
        return answer


def _backoff(error: Exception) -> bool | float:
    """Return whether to ask again, or in how many seconds."""
    if isinstance(error, _AskAgain):
        wait_s = wait_before_next_s(error.answer)
        return True if wait_s is None else wait_s
    return isinstance(error, httpx2.TransportError)
