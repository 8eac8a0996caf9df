"""The OpenAPI 3.1 document of the API, made of the models of hangtag/schema.py."""

from typing import Any

from pydantic.json_schema import models_json_schema

import hangtag.errors as core
import service.errors as edge
from hangtag.errors import RequestFailed
from hangtag.schema import Health, LabelSpaceAnswer, Problem, ProductRequest, TagResponse
from service.inference_protocol import InferRequest, metadata

_MODELS = (ProductRequest, TagResponse, Problem, LabelSpaceAnswer, Health)
_PROBLEM_JSON = "application/problem+json"
_REFERENCE = "#/components/schemas/{model}"
# Whatever is asked for.
_ALWAYS = (core.RequestError, edge.RequestIncomplete, core.RequestFailed)
_OF_PREDICTIONS: tuple[type[RequestFailed], ...] = (
    core.RequestError,
    core.ImageMissing,
    core.ImageUndecodable,
    core.ImageTooLarge,
    core.RequestTooLarge,
    core.FormatUnsupported,
    core.ImageTooManyPixels,
    core.TooManyImages,
    core.UnknownGroup,
    core.RequestFailed,
    core.DeadlineExceeded,
    edge.NotFound,
    edge.RequestIncomplete,
    edge.Overloaded,
    edge.WorkerLost,
)
# A red square, so that the examples can be sent as they are.
_PHOTO = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAALElEQVR42u3NQREAMAgAIF0Qk9j/jLUS+oMC5FTHpRfH"
    "BAKBQCAQCAQCwZYPS4kBYps5H8EAAAAASUVORK5CYII="
)
_TENSOR = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [_PHOTO]}


def openapi_document(model: str = "tagger", version: str = "1.0") -> dict[str, Any]:
    """Return the document; `version` is that of the model."""
    _, schemas = models_json_schema(
        [(each, "serialization") for each in (*_MODELS[1:], InferRequest)]
        + [(ProductRequest, "validation")],
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hangtag",
            "version": "1",
            "summary": "Reads product photos and writes tags in the retailer's own label IDs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            f"/predictions/{model}": {"post": _tagging("tagProduct")},
            f"/predictions/{model}/{{version}}": {
                "post": {
                    **_tagging("tagProductWithVersion"),
                    "parameters": [_version(version), *_options(), *_headers()],
                }
            },
            "/invocations": {"post": _tagging("invoke")},
            "/labels": {"get": _get("labels", "Labels, groups and thresholds.", LabelSpaceAnswer)},
            "/ping": {
                "get": {
                    **_get("ping", "Whether products can be tagged here.", Health),
                    "responses": {
                        "200": _json("Products can be tagged.", _reference(Health)),
                        **_problems((edge.Loading, edge.Draining, edge.WorkerLost)),
                    },
                }
            },
            **_inference_protocol(model, version),
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
        # Asked for by the proxy, where there is one.
        "security": [{}, {"key": []}],
    }


def _tagging(operation: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": "Tag one product.",
        "parameters": [*_options(), *_headers()],
        "requestBody": {
            "required": True,
            "content": {
                "image/*": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {"schema": _form()},
                "application/json": {
                    "schema": _reference(ProductRequest),
                    "example": {"images": [{"content": _PHOTO}]},
                },
            },
        },
        "responses": {
            "200": _json("The product's tags and decisions.", _reference(TagResponse)),
            **_problems(_OF_PREDICTIONS),
        },
    }


def _form() -> dict[str, Any]:
    photo = {"type": "string", "format": "binary"}
    return {
        "type": "object",
        "properties": {
            "image": {"type": "array", "items": photo, "minItems": 1},
            "request": _reference(ProductRequest),
        },
        "required": ["image"],
    }


def _inference_protocol(model: str, version: str) -> dict[str, Any]:
    described = {"type": "object", "examples": [metadata(model, version)]}
    health = {"200": {"description": "It can."}, **_problems((edge.Loading, edge.Draining))}
    return {
        "/v2/health/live": {
            "get": {"operationId": "live", "responses": {"200": {"description": "It runs."}}}
        },
        "/v2/health/ready": {"get": {"operationId": "ready", "responses": health}},
        f"/v2/models/{model}": {
            "get": {"operationId": "metadata", "responses": {"200": _json("Tensors.", described)}}
        },
        f"/v2/models/{model}/infer": {
            "post": {
                "operationId": "infer",
                "summary": "Tag photos, each as a product of its own (Open Inference Protocol v2).",
                "parameters": _headers(),
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": _reference(InferRequest),
                            "example": {"inputs": [_TENSOR]},
                        }
                    },
                },
                "responses": {
                    "200": _json("An answer for each photo.", {"type": "object"}),
                    **_problems(_OF_PREDICTIONS),
                },
            }
        },
    }


def _get(operation: str, summary: str, model: type[Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": _json(summary, _reference(model)), **_problems(_ALWAYS)},
    }


def _options() -> list[dict[str, Any]]:
    return [
        _query("groups", {"type": "array", "items": {"type": "string"}}, "Only these groups."),
        _query("top_k", {"type": "integer", "minimum": 1}, "Candidates of each group."),
        _query(
            "min_score",
            {"type": "number", "minimum": 0, "maximum": 1},
            "Leaves weaker tags and candidates out.",
        ),
        _query("embedding", {"type": "boolean"}, "Adds the product's embedding."),
    ]


def _headers() -> list[dict[str, Any]]:
    text = {"type": "string"}
    return [
        _header("X-Request-Timeout-Ms", {"type": "integer", "minimum": 1}, "A shorter time limit."),
        _header("X-Request-Id", text, "Named in the answer and in the logs."),
        _header("X-Supplier", text, "Whose turn it is; set by the proxy."),
        _header("traceparent", text, "W3C Trace Context."),
    ]


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _header(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def _version(version: str) -> dict[str, Any]:
    schema = {"type": "string", "examples": [version]}
    return {"name": "version", "in": "path", "required": True, "schema": schema}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(errors: tuple[type[RequestFailed], ...]) -> dict[str, Any]:
    statuses = sorted({error.status for error in errors})
    return {str(status): _problem(status, errors) for status in statuses}


def _problem(status: int, errors: tuple[type[RequestFailed], ...]) -> dict[str, Any]:
    of_status = [error for error in errors if error.status == status]
    examples = {
        error.code: {
            "value": {
                "title": error.title,
                "status": status,
                "detail": (error.__doc__ or "").split("\n")[0],
                "code": error.code,
            }
        }
        for error in of_status
    }
    content = {"schema": _reference(Problem), "examples": examples}
    return {
        "description": ", ".join(error.code for error in of_status),
        "content": {_PROBLEM_JSON: content},
    }


def _reference(model: type[Any]) -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
