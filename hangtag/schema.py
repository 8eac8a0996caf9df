"""The REST contract as data: what a request and an answer look like."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic_core import PydanticKnownError

from hangtag.errors import RequestError, RequestFailed
from hangtag.faults import printable
from hangtag.files.json_size import holds_too_much
from hangtag.label_space import LabelId
from hangtag.scoring.decisions import Decision

# Long enough for any retailer's IDs, short enough to be echoed in an answer.
_MAX_TEXT = 256
_MAX_ITEMS = 1000
_MAX_DETAIL = 500


def _as_list(value: Any) -> Any:
    """One item where a list belongs is a list of one; a list may come as the text of one."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        if holds_too_much(value):
            raise ValueError(f"it holds more than {_MAX_ITEMS:,} items")
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return (value,)
    return (value,) if isinstance(value, str | int | float | dict) else value


def _as_image(value: Any) -> Any:
    if isinstance(value, dict) and "url" in value and not value.get("content"):
        raise ValueError("it has an address, and photos are not fetched here; send it as `content`")
    return {"content": value} if isinstance(value, str) else value


def _refuse_bytes(value: Any) -> Any:
    """JavaScript writes a Buffer as an object, and bytes as a list of numbers."""
    if isinstance(value, dict | list):
        raise ValueError("it must be the photo's bytes in base64, as one text")
    return value


def _as_whole(value: Any) -> Any:
    """12.0 is 12: tables with gaps make floats of their numbers."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if is_whole else value


def _as_text(value: Any) -> Any:
    """A title that is a number in a table comes as one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


def _of_whole_letters(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PydanticKnownError("string_unicode") from error
    return value


def _not_boolean(value: Any) -> Any:
    """Pydantic takes true for 1."""
    if isinstance(value, bool):
        raise PydanticKnownError("float_type")
    return value


def _named(value: str) -> str:
    if not value.strip(", "):
        raise ValueError("it names no group")
    return value


# Of a comma list of names, as many characters as a list of them may have.
_Names = Annotated[StrictStr, Field(max_length=_MAX_TEXT * _MAX_ITEMS), AfterValidator(_named)]
_GroupNames = Annotated[
    tuple[_Names, ...],
    Field(fail_fast=True, min_length=1, max_length=_MAX_ITEMS),
    BeforeValidator(_as_list),
]
_ShortText = Annotated[StrictStr, Field(max_length=_MAX_TEXT)]
_Identifier = Annotated[
    _ShortText | Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)], BeforeValidator(_as_whole)
]
_FreeText = Annotated[StrictStr, BeforeValidator(_as_text), AfterValidator(_of_whole_letters)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        # Pydantic does not say of which key it is that it has half a letter.
        return {
            printable(key) if isinstance(key, str) else key: value
            for key, value in document.items()
            if not cls._is_empty(key, value)
        }

    @classmethod
    def _is_empty(cls, key: str, value: Any) -> bool:
        """Whether a field has null, or, where it may be absent, a text of nothing."""
        field = cls.model_fields.get(key)
        if field is None:
            return False
        is_blank = isinstance(value, str) and not value.strip()
        return value is None or (is_blank and not field.is_required())


class _Record(_Request):
    """What comes out of tables, where NaN is a gap."""

    @classmethod
    def _is_empty(cls, key: str, value: Any) -> bool:
        is_gap = isinstance(value, float) and not math.isfinite(value) and key in cls.model_fields
        return is_gap or super()._is_empty(key, value)


class RequestImage(_Record):
    """One photo in a JSON request; `content` is base64, with or without a data-URL prefix."""

    content: Annotated[StrictStr, BeforeValidator(_refuse_bytes)]
    view: _FreeText | None = None


class Options(_Request):
    """How the caller wants the answer. Numbers and booleans may be texts: `"3"`, `"true"`."""

    # Only these groups; None means all. A name with commas is that of a group, or else a list.
    groups: _GroupNames | None = None
    # Candidates of each group; None means the service's default.
    top_k: Annotated[int, Field(ge=1, le=10_000), BeforeValidator(_not_boolean)] | None = None
    # Tags and candidates below it are left out; decisions stay what they are.
    min_score: Annotated[
        float, Field(ge=0.0, le=1.0, allow_inf_nan=False), BeforeValidator(_not_boolean)
    ] = 0.0
    embedding: bool = False


class ProductRequest(_Record):
    """A product, as the JSON body or as the multipart part `request`.

    Null and "" are as good as absent.
    """

    product_id: _Identifier | None = None
    title: _FreeText | None = None
    description: _FreeText | None = None
    # fail_fast: one wrong item is enough to know; a million errors would fill the memory.
    images: Annotated[
        tuple[Annotated[RequestImage, BeforeValidator(_as_image)], ...],
        Field(fail_fast=True, max_length=_MAX_ITEMS),
        BeforeValidator(_as_list),
    ] = ()
    claims: Annotated[
        tuple[_Identifier, ...],
        Field(fail_fast=True, max_length=_MAX_ITEMS),
        BeforeValidator(_as_list),
    ] = ()
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


class LabelInfo(BaseModel):
    """A label that a tag may carry.

    It becomes a tag at `threshold`, and an accepted one at `accept_threshold`: null where no score
    could be trusted.
    """

    id: LabelId
    name: str
    group: str
    parent: LabelId | None
    path: list[str]
    threshold: float
    accept_threshold: float | None


class GroupInfo(BaseModel):
    """An attribute; of an exclusive one at most one label holds."""

    name: str
    title: str
    exclusive: bool
    parent: str | None


class LabelSpaceAnswer(BaseModel):
    """All labels and groups of a tagger.

    `target_precision` is what decisions of `accept` promise, `coverage` what prediction sets do;
    null where the bundle has none.
    """

    model: ModelIdentity
    target_precision: float
    coverage: float | None
    groups: list[GroupInfo]
    labels: list[LabelInfo]


class Health(BaseModel):
    """What /ping says of a server that answers."""

    status: str


class Problem(BaseModel):
    """An error answer, application/problem+json: https://www.rfc-editor.org/rfc/rfc9457."""

    title: str
    status: int
    detail: str
    code: str
    # JSON path of the part that is wrong, where there is one.
    path: str | None = Field(None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, error: RequestFailed) -> Problem:
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
