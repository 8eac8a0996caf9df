"""TorchServe's entry point into an archive: rows in, one answer a row out.

TorchServe wants exactly one class in this module, and no function named `handle`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ts.service import Service

from handlers.measurements import Measurements
from handlers.repeated_parts import keep_repeated_parts, parts_of
from hangtag.errors import HangtagError, RequestError
from hangtag.intake import Product, read_product
from hangtag.schema import Problem, TagResponse
from hangtag.settings import parse_settings
from hangtag.tagger import BatchMeasurements, Tagger

logger = logging.getLogger(__name__)


class TaggerHandler:
    """Loads the archive's bundle and answers batches; every error is one request's own."""

    def initialize(self, context: Any) -> None:
        """Load the bundle that lies in the archive.

        Raises
        ------
        SetupError : if settings or bundle are wrong; TorchServe then does not become ready.
        """
        keep_repeated_parts(Service)
        self._settings = parse_settings((context.model_yaml_config or {}).get("hangtag"))
        properties = context.system_properties
        model = context.manifest["model"]
        self._tagger = Tagger.load(
            Path(properties["model_dir"]) / "bundle",
            settings=self._settings,
            gpu_id=properties.get("gpu_id"),
            name=context.model_name,
            version=str(model.get("modelVersion", "")),
        )
        self._measurements = Measurements(context.metrics, context.model_name)
        self.initialized = True
        logger.info("Loaded %s on %s", self._tagger.identity.bundle, self._tagger.engine.provider)

    def handle(self, rows: Sequence[Any], context: Any) -> list[bytes]:
        """Answer each row of a batch with the body of its response."""
        products = [self._read(row, index, context) for index, row in enumerate(rows)]
        outcomes, measured = self._tagger.tag_measured(
            [product for product in products if isinstance(product, Product)]
        )
        remaining = iter(outcomes)
        answers = [
            _answer(product if isinstance(product, RequestError) else next(remaining))
            for product in products
        ]
        self._report(answers, measured)
        return [_respond(answer, index, context) for index, answer in enumerate(answers)]

    def describe_handle(self) -> dict[str, Any]:
        """What `GET /models/tagger?customized=true` of the management API adds."""
        manifest = self._tagger.bundle.manifest
        return {
            **self._tagger.identity.model_dump(),
            "backbone": manifest.backbone,
            "provider": self._tagger.engine.provider,
            "dataset": manifest.dataset.model_dump(),
            "micro_f1": manifest.metrics.get("micro_f1"),
        }

    def _read(self, row: Any, index: int, context: Any) -> Product | RequestError:
        try:
            return read_product(_content_type(context, index), parts_of(row), self._settings)
        except RequestError as error:
            return error

    def _report(
        self, answers: Sequence[TagResponse | Problem], measured: BatchMeasurements
    ) -> None:
        self._measurements.report(answers, measured)


def _content_type(context: Any, index: int) -> str:
    # Header names keep the case that the client sent.
    headers = context.get_all_request_header(index)
    return next(
        (
            value
            for name, value in headers.items()
            if name.lower() == "content-type" and isinstance(value, str)
        ),
        "",
    )


def _answer(outcome: TagResponse | HangtagError) -> TagResponse | Problem:
    return Problem.of(outcome) if isinstance(outcome, HangtagError) else outcome


def _respond(answer: TagResponse | Problem, index: int, context: Any) -> bytes:
    if isinstance(answer, Problem):
        context.set_response_status(answer.status, answer.title, index)
        context.set_response_content_type(index, "application/problem+json")
    else:
        context.set_response_content_type(index, "application/json")
    return answer.model_dump_json().encode()
