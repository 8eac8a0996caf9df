"""TorchServe's entry point into an archive: rows in, one answer a row out.

TorchServe wants exactly one class in this module, and no function named `handle`.
"""

import json
import logging
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ts.service import Service

from handlers.json_lines import about_requests, log_as_json
from handlers.measurements import Measurements
from handlers.request_parts import (
    DEADLINE_HEADER,
    QUERY_HEADER,
    REQUEST_ID_HEADER,
    keep_repeated_parts,
    parts_of,
    parts_of_query,
)
from hangtag.errors import DeadlineExceeded, RequestFailed
from hangtag.isolation import isolate
from hangtag.requests.parsing import Product, read_product
from hangtag.schema import Problem, TagResponse
from hangtag.settings import parse_settings
from hangtag.tagger import Tagger

logger = logging.getLogger(__name__)


class TaggerHandler:
    """Loads the archive's bundle and answers batches; every error is one request's own."""

    def initialize(self, context: Any) -> None:
        """Load the bundle that lies in the archive.

        Raises
        ------
        SetupError : if settings or bundle are wrong; TorchServe then does not become ready.
        """
        log_as_json()
        keep_repeated_parts(Service)
        # The answer says what is wrong with a photo; Python would keep each text it warned of.
        warnings.filterwarnings("ignore", module="PIL")
        properties = context.system_properties
        model = context.manifest["model"]
        self._tagger = Tagger.load(
            Path(properties["model_dir"]) / "bundle",
            settings=parse_settings((context.model_yaml_config or {}).get("hangtag")),
            gpu_id=properties.get("gpu_id"),
            name=context.model_name,
            version=str(model.get("modelVersion", "")),
        )
        self._measurements = Measurements(context.metrics, context.model_name)
        bundle = self._tagger.bundle
        self._measurements.begin(bundle.label_space, bundle.manifest.profile)
        self.initialized = True
        engine = self._tagger.engine
        logger.info(
            "Loaded %s on %s in %s", self._tagger.identity.bundle, engine.runtime, engine.precision
        )

    def handle(self, rows: Sequence[Any], context: Any) -> list[bytes]:
        """Answer each row of a batch with the body of its response."""
        if _asks_for_description(context):
            return [json.dumps(self.describe()).encode()]
        with about_requests(_request_ids(len(rows), context)):
            return self._answer(rows, context)

    def _answer(self, rows: Sequence[Any], context: Any) -> list[bytes]:
        products = [
            isolate(partial(self._read, row, index, context)) for index, row in enumerate(rows)
        ]
        outcomes, measured = self._tagger.tag_measured(
            [product for product in products if isinstance(product, Product)]
        )
        remaining = iter(outcomes)
        answers = [
            _problem_or_answer(product if isinstance(product, RequestFailed) else next(remaining))
            for product in products
        ]
        self._measurements.report(answers, measured)
        return [_respond(answer, index, context) for index, answer in enumerate(answers)]

    def describe(self) -> dict[str, Any]:
        """Return what `GET /models/tagger?customized=true` of the management API shows."""
        manifest = self._tagger.bundle.manifest
        return {
            **self._tagger.identity.model_dump(),
            "backbone": manifest.backbone,
            "runtime": self._tagger.engine.runtime,
            "precision": self._tagger.engine.precision,
            "dataset": manifest.dataset.model_dump(),
            "micro_f1": manifest.metrics.get("micro_f1"),
        }

    def _read(self, row: Any, index: int, context: Any) -> Product:
        headers = _headers(context, index)
        _require_time_left(headers)
        parts = [*parts_of_query(headers.get(QUERY_HEADER, "")), *parts_of(row)]
        return read_product(
            headers.get("content-type", ""),
            parts,
            self._tagger.settings,
            headers.get("content-encoding", ""),
        )


def _asks_for_description(context: Any) -> bool:
    # Such a request comes alone (wlm/Model.java); a client that sends this header among others
    # must not change its neighbours' answers, so a batch never counts as one.
    # Nor does one that came over the inference port, where the query is handed over.
    headers = _headers(context, 0)
    alone = len(context.request_processor) == 1
    return alone and headers.get("describe") == "True" and QUERY_HEADER not in headers


def _require_time_left(headers: Mapping[str, str]) -> None:
    # Set by the front end, which answers by itself at that time.
    deadline_ms = headers.get(DEADLINE_HEADER, "")
    if deadline_ms.isdecimal() and time.time() * 1000 > int(deadline_ms):
        raise DeadlineExceeded("The time limit of the request had passed before its turn came.")


def _request_ids(count: int, context: Any) -> list[str]:
    every = [_headers(context, index).get(REQUEST_ID_HEADER) for index in range(count)]
    return [each for each in every if each]


def _headers(context: Any, index: int) -> dict[str, str]:
    # Names keep the case that the client sent. Among them, TorchServe puts a dict for each part.
    headers = context.get_all_request_header(index)
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}


def _problem_or_answer(outcome: TagResponse | RequestFailed) -> TagResponse | Problem:
    return Problem.of(outcome) if isinstance(outcome, RequestFailed) else outcome


def _respond(answer: TagResponse | Problem, index: int, context: Any) -> bytes:
    if isinstance(answer, Problem):
        context.set_response_status(answer.status, answer.title, index)
        context.set_response_content_type(index, "application/problem+json")
    else:
        context.set_response_content_type(index, "application/json")
    return answer.model_dump_json().encode()
