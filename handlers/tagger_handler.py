"""TorchServe's entry point into an archive: rows in, one answer a row out.

TorchServe wants exactly one class in this module, and no function named `handle`.
"""

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from handlers.rows import (
    MEASURED_HEADER,
    REQUEST_ID_HEADER,
    comes_from_edge,
    parts_of,
    request_of,
)
from hangtag.answering import answer_products, read_request
from hangtag.handover import HandedAnswer
from hangtag.isolation import isolate
from hangtag.json_lines import about_requests, log_as_json
from hangtag.requests.parsing import Product, read_product
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
        self.initialized = True
        engine = self._tagger.engine
        logger.info(
            "Loaded %s on %s in %s", self._tagger.identity.bundle, engine.runtime, engine.precision
        )

    def handle(self, rows: Sequence[Any], context: Any) -> list[bytes]:
        """Answer each row of a batch with the body of its response."""
        headers = [_headers(context, index) for index in range(len(rows))]
        if _asks_for_description(headers):
            return [json.dumps(self._tagger.describe()).encode()]
        request_ids = (each.get(REQUEST_ID_HEADER) for each in headers)
        with about_requests(each for each in request_ids if each):
            answers = answer_products(
                self._tagger,
                [
                    isolate(partial(self._read, row, of_row))
                    for row, of_row in zip(rows, headers, strict=True)
                ],
            )
        return [
            _respond(answer, index, context, measured=comes_from_edge(headers[index]))
            for index, answer in enumerate(answers)
        ]

    def _read(self, row: Any, headers: Mapping[str, str]) -> Product:
        if comes_from_edge(headers):
            return read_request(request_of(row, headers), self._tagger.settings)
        return read_product(
            headers.get("content-type", ""),
            parts_of(row),
            self._tagger.settings,
            headers.get("content-encoding", ""),
        )


def _asks_for_description(headers: Sequence[Mapping[str, str]]) -> bool:
    # `GET /models/tagger?customized=true` of the management API: it comes alone (wlm/Model.java),
    # so that a client which sends this header among others does not change its neighbours'
    # answers. Nor does one that came by way of the edge.
    return (
        len(headers) == 1
        and headers[0].get("describe") == "True"
        and not comes_from_edge(headers[0])
    )


def _headers(context: Any, index: int) -> dict[str, str]:
    # Names keep the case that the client sent. Among them, TorchServe puts a dict for each part.
    headers = context.get_all_request_header(index)
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}


def _respond(answer: HandedAnswer, index: int, context: Any, *, measured: bool) -> bytes:
    if answer.status >= 400:
        # The phrase of a status must be there, and is read by nobody.
        context.set_response_status(answer.status, "Refused", index)
    context.set_response_content_type(index, answer.content_type)
    if measured:
        context.set_response_header(
            index, MEASURED_HEADER, answer.measured.model_dump_json(exclude_defaults=True)
        )
    return answer.body
