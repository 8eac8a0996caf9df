"""Spans of requests, where OpenTelemetry is installed and has somewhere to send them.

`pip install -e '.[tracing]'`, and OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT):
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import importlib.util
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from service.exchange import Exchange

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SERVICE_NAME = "hangtag"


class Span(Protocol):
    """What is told of a request once it is answered."""

    def set_attribute(self, key: str, value: str | int) -> Any:
        """Add a fact."""


Tracing = Callable[[Exchange], AbstractContextManager[Span | None]]


def tracing() -> Tracing:
    """Return what makes a span of each request; nothing, unless it is installed and wanted."""
    wanted = any(os.environ.get(name) for name in _ENDPOINTS)
    if not wanted or importlib.util.find_spec("opentelemetry.sdk") is None:
        return lambda _: nullcontext()
    return _spans()


def _spans() -> Tracing:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    name = os.environ.get("OTEL_SERVICE_NAME", _SERVICE_NAME)
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer(_SERVICE_NAME)
    propagator = TraceContextTextMapPropagator()

    def span_of(exchange: Exchange) -> AbstractContextManager[Span]:
        carrier = {"traceparent": exchange.trace} if exchange.trace else {}
        return tracer.start_as_current_span(
            f"{exchange.method} {exchange.path[:128]}",
            context=propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": exchange.method[:16],
                "url.path": exchange.path[:128],
                "hangtag.request_id": exchange.request_id,
            },
        )

    return span_of
