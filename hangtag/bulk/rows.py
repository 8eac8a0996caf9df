"""A product's answer as a row: what was found, or what is wrong with it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hangtag.bulk.listing import ListedProduct
from hangtag.schema import Problem, TagResponse

TAG_FIELDS = ("id", "name", "group", "score", "path")
Outcome = TagResponse | Problem


@dataclass(frozen=True)
class Row:
    """One product of a table; `tags` have id, name, group, score, path."""

    product_id: str
    images: list[str]
    status: Literal["ok", "failed"]
    error_code: str | None
    error: str | None
    tags: list[dict[str, Any]]
    # Group -> accept, review or none.
    decisions: Mapping[str, str]
    bundle_digest: str | None
    # In UTC.
    tagged_at: datetime.datetime


def row_of(product: ListedProduct, outcome: Outcome) -> Row:
    """Return the row of a product."""
    now = datetime.datetime.now(datetime.UTC)
    product_id, images = product.product_id, list(product.names)
    if isinstance(outcome, Problem):
        return Row(product_id, images, "failed", outcome.code, outcome.detail, [], {}, None, now)
    tags = [tag.model_dump(include=set(TAG_FIELDS)) for tag in outcome.tags]
    decisions = {name: answer.decision for name, answer in outcome.groups.items()}
    bundle = outcome.model.bundle
    return Row(product_id, images, "ok", None, None, tags, decisions, bundle, now)
