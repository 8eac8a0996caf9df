"""Spans, as a collector gets them."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from service.tracing import tracing
from tests.unit.serving import serving

PROJECT = Path(__file__).parents[3]
TRACE = "0af7651916cd43dd8448eb211c80319c"
# In a process of its own: spans are sent when it ends.
PROGRAM = f"""
import asyncio
from service.exchange import Exchange
from service.tracing import tracing

scope = {{
    "method": "POST", "path": "/predictions/tagger", "query_string": b"secret=1", "state": {{}},
    "client": ("10.0.0.1", 1),
    "headers": [(b"traceparent", b"00-{TRACE}-b7ad6b7169203331-01"), (b"x-api-key", b"hush")],
}}
with tracing()(Exchange(scope, None)) as span:
    span.set_attribute("http.response.status_code", 200)
"""


class Collector(BaseHTTPRequestHandler):
    received: list[ExportTraceServiceRequest]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.received.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def received() -> list[ExportTraceServiceRequest]:
    return []


@pytest.fixture
def collector(received: list[ExportTraceServiceRequest]) -> Iterator[str]:
    with serving(type("ThisCollector", (Collector,), {"received": received})) as url:
        yield url


def test_a_request_is_a_span_of_its_callers_trace(
    collector: str, received: list[ExportTraceServiceRequest]
) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": collector},
        check=True,
        timeout=60,
    )
    spans = [
        (resource.resource, span)
        for request in received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    ((resource, span),) = spans
    assert span.name == "POST /predictions/tagger"
    assert span.trace_id.hex() == TRACE
    told = {each.key: each.value for each in span.attributes}
    assert told["http.response.status_code"].int_value == 200
    assert told["url.path"].string_value == "/predictions/tagger"
    assert {each.key: each.value for each in resource.attributes}[
        "service.name"
    ].string_value == "hangtag"
    assert "hush" not in str(span)
    assert "secret" not in str(span)


def test_where_nobody_listens_there_is_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    with tracing()(None) as span:  # type: ignore[arg-type]
        assert span is None
