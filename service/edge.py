"""The edge: an ASGI app that reads, limits, queues and answers."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hangtag.errors import DeadlineExceeded, RequestError, RequestFailed
from hangtag.handover import JSON, OK, HandedAnswer, HandedRequest
from service.access_log import AccessLog
from service.backends import Backend
from service.bodies import BodyBudget, read_body, too_large
from service.cost import cost_of
from service.desk import Desk
from service.errors import Draining, Loading, Overloaded, WorkerLost
from service.exchange import CLIENT_LEFT, ClientLeft, Exchange
from service.inference_protocol import BINARY_HEADER, answer_of, product_of, read_inference
from service.metrics import Metrics
from service.photo_urls import PhotoFetcher
from service.responses import (
    handed_response,
    json_response,
    problem_response,
    unread_problem,
)
from service.routes import Page, Routes
from service.settings import ServiceSettings
from service.tracing import Span, tracing

logger = logging.getLogger(__name__)

# What goes on as a header, of which TorchServe takes so much.
_MAX_QUERY_BYTES = 6_000
# After these the connection is of no use any more.
_LAST_ANSWERS = frozenset({408, 504})
_HEALTHY = b'{"status": "Healthy"}\n'


class Edge:
    """Answers what comes over HTTP.

    Parameters
    ----------
    model, version : whom it speaks for
    pages : what else is to be had, by path
    """

    def __init__(
        self,
        backend: Backend,
        settings: ServiceSettings,
        access_log: AccessLog,
        metrics: Metrics,
        *,
        model: str,
        version: str,
        pages: Mapping[str, Page],
    ) -> None:
        self.settings = settings
        self.is_draining = False
        self.metrics = metrics
        self.budget = BodyBudget(settings.body_budget_bytes)
        self.desk = Desk(backend, settings, metrics.waited, metrics.measured)
        self._backend = backend
        self._photos = PhotoFetcher(settings.photo_urls)
        self._tracing = tracing()
        self._access_log = access_log
        self._model, self._version = model, version
        tagging = Page({"POST": self.predict}, is_for_model=True)
        inference = Page({"POST": self.infer}, is_for_model=True)
        ping = Page({"GET": self.ping})
        self._routes = Routes(
            {
                f"/predictions/{model}": tagging,
                f"/predictions/{model}/{version}": tagging,
                "/invocations": tagging,
                f"/v2/models/{model}/infer": inference,
                f"/v2/models/{model}/versions/{version}/infer": inference,
                "/v2/health/live": Page({"GET": self.live}),
                "/v2/health/ready": ping,
                "/ping": ping,
                **pages,
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive)
        with self._tracing(exchange) as span:
            await self._exchange(exchange, send, span)

    async def _exchange(self, exchange: Exchange, send: Send, span: Span | None) -> None:
        try:
            response = await self._respond(exchange)
        except ClientLeft:
            self._record(exchange, CLIENT_LEFT, "client_left", 0)
            return
        status = response.status_code
        outcome = getattr(response, "outcome", OK)
        if outcome == DeadlineExceeded.code and exchange.has_own_limit:
            # The caller's own limit was too short: no fault of ours.
            outcome = "caller_deadline"
        self._record(exchange, status, outcome, len(response.body))
        if span is not None:
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("hangtag.outcome", outcome)
        is_last = self.is_draining or status in _LAST_ANSWERS
        await exchange.answer(response, send, is_last=is_last)

    async def _respond(self, exchange: Exchange) -> Response:
        try:
            page = self._routes.find(exchange)
            exchange.is_for_model = page.is_for_model
            return await self._routes.endpoint(page, exchange)(exchange)
        except RequestFailed as error:
            return problem_response(error)
        except ClientLeft:
            raise
        except Exception:
            # The other place, besides the core's isolation, where a fault of ours must not take
            # more with it than one request.
            logger.exception("A request could not be answered")
            return problem_response(
                RequestFailed("The server failed at this request; its logs say why.")
            )

    async def predict(self, exchange: Exchange) -> Response:
        """Tag one product."""
        if len(exchange.query) > _MAX_QUERY_BYTES:
            raise RequestError(
                f"The query is longer than {_MAX_QUERY_BYTES} bytes; put the options into the JSON."
            )
        limit_s = exchange.time_limit_s(self.settings)
        with ExitStack() as held:
            request = HandedRequest(
                body=await self._read(exchange, limit_s, held),
                content_type=exchange.content_type,
                content_encoding=exchange.content_encoding,
                query=exchange.query,
                request_id=exchange.request_id,
                deadline_s=time.monotonic() + limit_s,
            )
            (answer,) = await self._answer(exchange, [request], limit_s, held)
        return handed_response(answer)

    async def infer(self, exchange: Exchange) -> Response:
        """Tag photos, each as a product of its own, in the Open Inference Protocol."""
        limit_s = exchange.time_limit_s(self.settings)
        with ExitStack() as held:
            body = await self._read(exchange, limit_s, held)
            asked = read_inference(body, exchange.header(BINARY_HEADER))
            requests = [
                HandedRequest(
                    body=product_of(photo, asked.options),
                    content_type=JSON,
                    request_id=exchange.request_id,
                    deadline_s=time.monotonic() + limit_s,
                )
                for photo in asked.photos
            ]
            answers = await self._answer(exchange, requests, limit_s, held)
        return json_response(answer_of(asked, answers, self._model, self._version))

    async def _read(self, exchange: Exchange, limit_s: float, held: ExitStack) -> bytes:
        """Return a request's body; what it takes up is `held`."""
        # Asked again when it has arrived; here, so that nobody sends for nothing.
        self.desk.require_room(exchange.supplier or "", 1.0, limit_s)
        if (exchange.declared_bytes or 0) > self.settings.max_request_bytes:
            raise too_large(self.settings)
        reservation = self.budget.open(exchange.client)
        held.callback(reservation.release)
        body = await read_body(exchange.pieces(), reservation, self.settings, exchange.began_s)
        whole = await self._photos.resolve(body)
        if len(whole) > self.settings.max_request_bytes:
            raise too_large(self.settings)
        if not reservation.grow_to(max(len(whole), len(body))):
            raise Overloaded("Too many bytes of other requests are held; send it again in 1 s.")
        return whole

    async def _answer(
        self,
        exchange: Exchange,
        requests: Sequence[HandedRequest],
        limit_s: float,
        held: ExitStack,
    ) -> list[HandedAnswer]:
        """Have products tagged, as long as their caller waits and the time limit allows.

        Parameters
        ----------
        held : what the requests take up; it is let go when no worker needs any of them any more

        Raises
        ------
        Overloaded, WorkerLost, DeadlineExceeded, ClientLeft
        """
        supplier = exchange.supplier or ""
        costs = [cost_of(request.body) for request in requests]
        self.desk.require_room(supplier, sum(costs), limit_s)
        let_go = _last_of(len(requests), held.pop_all().close)
        jobs = [
            self.desk.submit(request, supplier, cost, let_go)
            for request, cost in zip(requests, costs, strict=True)
        ]
        answers = asyncio.gather(*(job.answer for job in jobs))
        leaving = asyncio.ensure_future(exchange.client_leaves())
        try:
            awaited: set[asyncio.Future[Any]] = {answers, leaving}
            await asyncio.wait(awaited, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            if answers.done():
                return answers.result()
            if leaving.done():
                raise ClientLeft
            raise DeadlineExceeded(
                f"There was no answer within {1000 * limit_s:.0f} ms; send it again later."
            )
        finally:
            leaving.cancel()
            answers.cancel()
            for job in jobs:
                self.desk.withdraw(job)

    async def live(self, _: Exchange) -> Response:
        """Say that the edge itself runs."""
        return json_response(_HEALTHY)

    async def ping(self, _: Exchange) -> Response:
        """Say whether requests are of any use here."""
        self.require_ready()
        return json_response(_HEALTHY)

    def require_ready(self) -> None:
        """Ask whether products can be tagged.

        Raises
        ------
        Draining, Loading, WorkerLost
        """
        if self.is_draining:
            raise Draining("The server is about to stop; send requests to another one.")
        if not self._backend.workers_ready:
            raise Loading("No worker has loaded the model; wait until one has.")
        if self._backend.has_given_up:
            raise WorkerLost("A worker is lost for good; this server must be started anew.")
        if self.desk.is_stuck:
            raise WorkerLost("No worker has answered within the time limit.")

    def refuse_unread(self, status: int, client: str) -> bytes:
        """Count and log what could not be read as a request; return the message of its answer."""
        code, message = unread_problem(status, self.settings.read_timeout_ms)
        self.metrics.answered(status, code, None, by_model=False)
        self._access_log.write(
            {"client": client, "path": "/unknown", "status": status, "outcome": code}
        )
        return message

    def _record(self, exchange: Exchange, status: int, outcome: str, bytes_out: int) -> None:
        self._access_log.write(exchange.line(status, outcome, bytes_out, self._version))
        # Pings and pages are not counted: they would water down the share of errors.
        if exchange.is_for_model or status == 404:
            seconds = None
            if exchange.arrived_s is not None:
                seconds = time.monotonic() - exchange.arrived_s
            self.metrics.answered(status, outcome, seconds, by_model=exchange.is_for_model)


def _last_of(count: int, done: Callable[[], None]) -> Callable[[], None]:
    """Return what calls `done` when it was called so many times."""
    left = [count]

    def one() -> None:
        left[0] -= 1
        if left[0] == 0:
            done()

    return one
