"""A product's answer as a row: what was found, or what is wrong with it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hangtag.bulk.listing import ListedProduct
from hangtag.faults import printable
from hangtag.schema import Problem, TagResponse

TAG_FIELDS = ("id", "name", "group", "score", "threshold", "path")
CANDIDATE_FIELDS = ("id", "name", "group", "score")
Outcome = TagResponse | Problem


@dataclass(frozen=True, kw_only=True)
class Row:
    """One product of a table; one that failed has no tags, decisions and candidates."""

    product_id: str
    images: list[str]
    status: Literal["ok", "failed"]
    error_code: str | None = None
    error: str | None = None
    # Each with TAG_FIELDS.
    tags: list[dict[str, Any]] = field(default_factory=list)
    # Group -> accept, review or none.
    decisions: Mapping[str, str] = field(default_factory=dict)
    # Each with CANDIDATE_FIELDS: the best of each group, whether or not they hold.
    candidates: list[dict[str, Any]] = field(default_factory=list)
    bundle_digest: str | None = None
    label_space: str | None = None
    # In UTC.
    tagged_at: datetime.datetime


def row_of(product: ListedProduct, outcome: Outcome) -> Row:
    """Return the row of a product."""
    now = datetime.datetime.now(datetime.UTC)
    # Names of files may hold bytes that are no text.
    product_id = printable(product.product_id)
    images = [printable(name) for name in product.photos.values()]
    if isinstance(outcome, Problem):
        return Row(
            product_id=product_id,
            images=images,
            status="failed",
            error_code=outcome.code,
            error=printable(outcome.detail),
            tagged_at=now,
        )
    return Row(
        product_id=product_id,
        images=images,
        status="ok",
        tags=[tag.model_dump(include=set(TAG_FIELDS)) for tag in outcome.tags],
        decisions={name: answer.decision for name, answer in outcome.groups.items()},
        candidates=[
            {"id": each.id, "name": each.name, "group": name, "score": each.score}
            for name, answer in outcome.groups.items()
            for each in answer.candidates
        ],
        bundle_digest=outcome.model.bundle,
        label_space=outcome.model.label_space,
        tagged_at=now,
    )
