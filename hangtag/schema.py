"""The REST contract as data: what a request and an answer look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from hangtag.decisions import Decision
from hangtag.errors import HangtagError, RequestError
from hangtag.label_space import LabelId

# Long enough for any retailer's IDs, short enough to be echoed in an answer.
_MAX_TEXT = 256
_MAX_ITEMS = 1000
_MAX_DETAIL = 500
_Text = Annotated[StrictStr, Field(max_length=_MAX_TEXT)]
_GroupNames = Annotated[
    tuple[_Text, ...], Field(fail_fast=True, min_length=1, max_length=_MAX_ITEMS)
]
_Identifier = _Text | Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestImage(_Request):
    """One photo in a JSON request; `content` is base64, with or without a data-URL prefix."""

    content: str
    view: str | None = None


class Options(_Request):
    """How the caller wants the answer."""

    # Only these groups; None means all.
    groups: _GroupNames | None = None
    # Candidates of each group; None means the service's default.
    top_k: int | None = Field(None, ge=1, le=10_000)
    # Tags and candidates below it are left out; decisions stay what they are.
    min_score: float = Field(0.0, ge=0.0, le=1.0, allow_inf_nan=False)
    embedding: bool = False


class ProductRequest(_Request):
    """A product, as the JSON body or as the multipart part `request`."""

    product_id: _Identifier | None = None
    title: str | None = None
    description: str | None = None
    # fail_fast: one wrong item is enough to know; a million errors would fill the memory.
    images: Annotated[tuple[RequestImage, ...], Field(fail_fast=True, max_length=_MAX_ITEMS)] = ()
    claims: Annotated[tuple[_Identifier, ...], Field(fail_fast=True, max_length=_MAX_ITEMS)] = ()
    options: Options = Options()


class Tag(BaseModel):
    """A label that holds. `images` are the photos that support it, by index."""

    id: LabelId
    name: str
    group: str
    score: float
    threshold: float
    path: list[str]
    images: list[int]


class Candidate(BaseModel):
    """A label with its score, whether or not it holds."""

    id: LabelId
    name: str
    score: float


class GroupAnswer(BaseModel):
    """The decision on one attribute, its best candidates and its prediction set, best first.

    `set` holds the labels that the product may have, at the coverage that the bundle names; it is
    left out if the bundle has none for this attribute.
    """

    decision: Decision
    candidates: list[Candidate]
    set: list[LabelId] | None = Field(None, exclude_if=lambda value: value is None)


class ImageAnswer(BaseModel):
    """What was seen of a photo: its size upright, in pixels, and what may weaken the answer."""

    index: int
    width: int
    height: int
    warnings: list[str]


class ModelIdentity(BaseModel):
    """What decided: enough to replay the answer."""

    name: str
    version: str
    bundle: str
    label_space: str


class TagResponse(BaseModel):
    """The answer to one product."""

    product_id: str | int | None
    tags: list[Tag]
    groups: dict[str, GroupAnswer]
    images: list[ImageAnswer]
    model: ModelIdentity
    embedding: list[float] | None = Field(None, exclude_if=lambda value: value is None)


class Problem(BaseModel):
    """An error answer, application/problem+json: https://www.rfc-editor.org/rfc/rfc9457."""

    title: str
    status: int
    detail: str
    code: str
    # JSON path of the part that is wrong, where there is one.
    path: str | None = Field(None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, error: HangtagError) -> Problem:
        """Return the problem document of an error of the tree."""
        return cls(
            title=error.title,
            status=error.status,
            detail=_shorten(str(error)),
            code=error.code,
            path=_shorten(error.path) if isinstance(error, RequestError) and error.path else None,
        )


def _shorten(text: str) -> str:
    # Details quote what the caller sent, which may be megabytes.
    return text if len(text) <= _MAX_DETAIL else text[: _MAX_DETAIL - 1] + "…"
