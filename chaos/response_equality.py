"""Whether two answers to the same photo say the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# bf16 adds up in another order in another batch.
MAX_DIFFERENCE = 2e-3


@dataclass(frozen=True)
class Decided:
    """What an answer says that must not depend on its company."""

    scores: Mapping[str, float]
    # Tags by ID, and the decision of each group.
    decisions: tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def decided(document: Mapping[str, Any]) -> Decided:
    """Return what a successful answer says of a product."""
    groups = document["groups"]
    return Decided(
        scores={
            f"{name}/{candidate['id']!r}": float(candidate["score"])
            for name, group in groups.items()
            for candidate in group["candidates"]
        },
        decisions=(
            tuple(sorted(repr(tag["id"]) for tag in document["tags"])),
            tuple((name, group["decision"]) for name, group in groups.items()),
        ),
    )


def largest_difference(one: Decided, other: Decided) -> float:
    """Return how far apart two answers' scores are; infinite if not of the same labels."""
    if one.scores.keys() != other.scores.keys():
        return float("inf")
    return max(abs(one.scores[label] - other.scores[label]) for label in one.scores)
