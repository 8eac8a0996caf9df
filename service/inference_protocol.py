"""The Open Inference Protocol v2, as KServe, Triton and MLServer speak it.

https://github.com/kserve/open-inference-protocol: one BYTES tensor, a photo an element; each photo
is a product of its own, and its answer an element of the output. Bytes come in base64 in JSON, or
after it as the binary extension has it: each with its length before it, 4 bytes, little-endian.
"""

import base64
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.errors import ImageMissing, RequestError, TooManyImages
from hangtag.faults import first_fault, shown
from hangtag.handover import HandedAnswer

BINARY_HEADER = b"inference-header-content-length"
INPUT, OUTPUT = "photos", "answers"
_BYTES = "BYTES"
_PLATFORM = "hangtag"
_MAX_PHOTOS = 64
_LENGTH = struct.Struct("<I")


class _Model(BaseModel):
    # Clients add parameters of their own.
    model_config = ConfigDict(extra="ignore", frozen=True)


class InputTensor(_Model):
    """The photos: in base64 in `data`, or in the bytes after the JSON."""

    name: str
    shape: list[int]
    datatype: str
    data: list[str] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class InferRequest(_Model):
    """POST /v2/models/NAME/infer; `parameters` may hold the options of the contract."""

    id: str | None = None
    inputs: list[InputTensor] = Field(min_length=1, max_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class ReadInference:
    """What was asked for: photos as bytes or as base64, with the options for all of them."""

    id: str | None
    photos: list[bytes | str]
    options: dict[str, Any] = field(default_factory=dict)


def read_inference(body: bytes, header_length: str) -> ReadInference:
    """Read a request.

    Parameters
    ----------
    header_length : the header Inference-Header-Content-Length, "" without the binary extension

    Raises
    ------
    RequestError : if it does not keep to the protocol, with the JSON path.
    """
    length = int(header_length) if header_length.isdigit() else len(body)
    if length > len(body):
        raise RequestError("Inference-Header-Content-Length is more than there is.")
    try:
        request = InferRequest.model_validate_json(body[:length])
    except ValidationError as error:
        fault = first_fault(error, InferRequest)
        raise RequestError(f"{fault.json_path} {fault.what}.", fault.json_path) from error
    (tensor,) = request.inputs
    if tensor.datatype != _BYTES:
        raise RequestError(
            "$.inputs[0].datatype must be BYTES, a photo's file an element, and is "
            f"{shown(tensor.datatype)}.",
            "$.inputs[0].datatype",
        )
    photos: list[bytes | str] = [*(_binary(body[length:]) if tensor.data is None else tensor.data)]
    if not photos:
        raise ImageMissing("The tensor holds no photo.", "$.inputs[0].data")
    if len(photos) > _MAX_PHOTOS:
        raise TooManyImages(
            f"The tensor holds {len(photos)} photos, more than the {_MAX_PHOTOS} that are taken.",
            "$.inputs[0].data",
        )
    return ReadInference(request.id, photos, request.parameters)


def product_of(photo: bytes | str, options: dict[str, Any]) -> bytes:
    """Return the contract's JSON for a product of one photo."""
    content = photo if isinstance(photo, str) else base64.b64encode(photo).decode()
    document: dict[str, Any] = {"images": [{"content": content}]}
    known = {name: value for name, value in options.items() if name in _OPTIONS}
    return json.dumps({**document, "options": known} if known else document).encode()


_OPTIONS = frozenset({"groups", "top_k", "min_score", "embedding"})


def answer_of(
    request: ReadInference, answers: Sequence[HandedAnswer], model: str, version: str
) -> bytes:
    """Return the response: each element is the answer to one photo, tags or problem, as JSON."""
    document = {
        "model_name": model,
        "model_version": version,
        **({"id": request.id} if request.id is not None else {}),
        "outputs": [
            {
                "name": OUTPUT,
                "shape": [len(answers)],
                "datatype": _BYTES,
                "data": [answer.body.decode() for answer in answers],
            }
        ],
    }
    return json.dumps(document).encode()


def metadata(model: str, version: str) -> dict[str, Any]:
    """Return what GET /v2/models/NAME says."""
    return {
        "name": model,
        "versions": [version],
        "platform": _PLATFORM,
        "inputs": [{"name": INPUT, "datatype": _BYTES, "shape": [-1]}],
        "outputs": [{"name": OUTPUT, "datatype": _BYTES, "shape": [-1]}],
    }


def _binary(rest: bytes) -> list[bytes]:
    photos: list[bytes] = []
    at = 0
    while at < len(rest):
        if len(rest) - at < _LENGTH.size:
            raise _cut_off()
        (length,) = _LENGTH.unpack_from(rest, at)
        at += _LENGTH.size
        if length > len(rest) - at or len(photos) > _MAX_PHOTOS:
            raise _cut_off()
        photos.append(rest[at : at + length])
        at += length
    return photos


def _cut_off() -> RequestError:
    return RequestError(
        "The bytes after the JSON are cut off: each photo has its length before it, as 4 bytes, "
        "little-endian."
    )
