"""What is to be had of the edge besides tags: documents that do not change while it runs."""

import json
from collections.abc import Mapping

from starlette.responses import Response

from hangtag.bundle import Bundle
from service.exchange import Exchange
from service.inference_protocol import metadata
from service.labels import labels_of
from service.openapi import openapi_document
from service.pages import pages
from service.responses import json_response
from service.routes import Page


def documents(model: str, version: str, bundle: Bundle | None) -> Mapping[str, Page]:
    """Return the pages by path; labels only of an archive that has a bundle."""
    described = json_response(json.dumps(metadata(model, version)).encode())
    found: dict[str, Response] = {
        **pages(),
        "/openapi.json": json_response(json.dumps(openapi_document(model, version)).encode()),
        f"/v2/models/{model}": described,
        f"/v2/models/{model}/versions/{version}": described,
    }
    if bundle is not None:
        labels = labels_of(bundle, model, version)
        found["/labels"] = json_response(labels.model_dump_json().encode())
    return {path: _page(response) for path, response in found.items()}


def _page(response: Response) -> Page:
    async def get(_: Exchange) -> Response:
        return response

    return Page({"GET": get})
