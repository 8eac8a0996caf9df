"""Makes TorchServe hand over every part of a request, not the last one of each name.

TorchServe keeps a request's parts in a dict (ts/service.py, `retrieve_data_for_inference`), so of
two form parts named `image` it drops the first, without a word. Several photos of one product
are part of the contract: a row becomes a list of parts instead, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hangtag.intake import Part

ROW_KEY = "hangtag.parts"


def keep_repeated_parts(service: Any) -> None:
    """Replace `service.retrieve_data_for_inference`, once; `service` is ts.service.Service."""
    original = service.retrieve_data_for_inference
    if getattr(original, "keeps_repeated_parts", False):
        return

    def retrieve(batch: Sequence[Mapping[str, Any]]) -> tuple[Any, Any, Any]:
        headers, rows, request_ids = original(batch)
        rows = [
            {ROW_KEY: [_part(each) for each in request["parameters"]]}
            for request, _ in zip(batch, rows, strict=True)
        ]
        return headers, rows, request_ids

    retrieve.keeps_repeated_parts = True  # type: ignore[attr-defined]
    service.retrieve_data_for_inference = staticmethod(retrieve)


def parts_of(row: Mapping[str, Any]) -> list[Part]:
    """Return the parts of one row of a batch, whether or not TorchServe was made to keep all."""
    if ROW_KEY in row:
        return list(row[ROW_KEY])
    return [Part(str(name), "", _bytes(value)) for name, value in row.items()]


def _part(parameter: Mapping[str, Any]) -> Part:
    return Part(parameter["name"], parameter["contentType"], _bytes(parameter["value"]))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
