"""The client for programs that do not await: the asynchronous one, in a thread of its own."""

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from types import TracebackType
from typing import Any, Self, TypeVar

from hangtag.client.async_client import AsyncTaggerClient, Tagged
from hangtag.errors import HangtagError, ServerUnavailable
from hangtag.requests.product import Product
from hangtag.schema import TagResponse

Result = TypeVar("Result")


class TaggerClient:
    """A tagger at an address such as `http://127.0.0.1:8080`; threads may share it.

    A context manager; without `with`, its connections are closed when nobody holds it any more.

    Parameters
    ----------
    key : for a proxy that asks for one, sent as X-Api-Key
    timeout_s : of silence, for each attempt
    attempts : for each product, before it is given up
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout_s: float = 60, attempts: int = 6
    ) -> None:
        self._client = AsyncTaggerClient(url, key=key, timeout_s=timeout_s, attempts=attempts)
        self.url = self._client.url
        self._loop = _Loop()
        self._close = weakref.finalize(self, _end, self._loop, self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._close()

    def give_up(self) -> None:
        """Let nobody wait any longer; other threads may call it."""
        self._loop.cancel_all()

    def require(self) -> None:
        """Ask whether there is a server.

        Raises
        ------
        ServerUnavailable : if none answers, or what answers is no tagger or wants another key.
        """
        self._result(self._loop.submit(self._client.require()))

    def tag(self, product: Product) -> TagResponse:
        """Return the answer to one product.

        Raises
        ------
        ProblemAnswered : if the tagger answers with an error.
        ServerUnavailable : if nothing answers, or something that is not a tagger.
        """
        return self._result(self._loop.submit(self._client.tag(product)))

    def tag_many(
        self, products: Iterable[Product], *, concurrency: int = 8, ordered: bool = True
    ) -> Iterator[Tagged]:
        """Yield what becomes of each product; of an iterator no more is read than is sent.

        Parameters
        ----------
        concurrency : products that are under way at the same time
        ordered : in the order of the products, else as they are answered
        """
        waiting: deque[tuple[Product, Future[TagResponse]]] = deque()
        try:
            for product in products:
                waiting.append((product, self._loop.submit(self._client.tag(product))))
                if len(waiting) >= concurrency:
                    yield self._next(waiting, ordered=ordered)
            while waiting:
                yield self._next(waiting, ordered=ordered)
        finally:
            for _, future in waiting:
                future.cancel()

    def _next(
        self, waiting: deque[tuple[Product, Future[TagResponse]]], *, ordered: bool
    ) -> Tagged:
        if not ordered:
            done, _ = wait([future for _, future in waiting], return_when=FIRST_COMPLETED)
            while waiting[0][1] not in done:
                waiting.rotate(-1)
        product, future = waiting.popleft()
        try:
            return Tagged(product, self._result(future))
        except HangtagError as error:
            return Tagged(product, error)

    def _result(self, future: Future[Result]) -> Result:
        try:
            return future.result()
        except CancelledError as error:
            raise ServerUnavailable(f"{self.url} was not asked again.") from error


class _Loop:
    """An event loop in a thread, begun when it is first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = threading.Lock()

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Let a coroutine run in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def cancel_all(self) -> None:
        """Cancel whatever runs in the loop."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel_all)

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Run a last coroutine, and end the loop; what it never began needs no end."""
        if self._loop is None:
            last.close()
            return
        self.submit(last).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._begun:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="tagger-client", daemon=True
                )
                self._thread.start()
            return self._loop

    def _cancel_all(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()


def _end(loop: _Loop, client: AsyncTaggerClient) -> None:
    loop.end(client.close())
