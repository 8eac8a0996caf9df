"""A request and its answer, as the edge and a worker hand them to each other."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from hangtag.schema import Problem, TagResponse
from hangtag.scoring.decisions import Decision

JSON, PROBLEM_JSON = "application/json", "application/problem+json"
OK = "ok"


@dataclass(frozen=True)
class HandedRequest:
    """A request as it came, and until when it is worth answering.

    Parameters
    ----------
    content_type, content_encoding : its headers, "" where there is none
    query : of its URL, as sent; a letter for each byte (Latin-1)
    request_id : what the caller knows it by
    deadline_s : on the monotonic clock, which all processes of a machine share
    """

    body: bytes
    content_type: str = ""
    content_encoding: str = ""
    query: str = ""
    request_id: str = ""
    deadline_s: float | None = None


class GroupOutcome(BaseModel):
    """What an answer said of a group, for the metrics."""

    decision: Decision
    best_score: float | None


class Measured(BaseModel):
    """What an answer cost and saw, for the metrics.

    What was measured of a batch stands with its first answer alone: `photos`, counted by outcome,
    and all seconds.
    """

    outcome: str = OK
    groups: dict[str, GroupOutcome] = Field(default_factory=dict)
    photos: dict[str, int] = Field(default_factory=dict)
    decode_seconds: list[float] = Field(default_factory=list)
    inference_seconds: float = 0.0
    decision_seconds: float = 0.0

    @classmethod
    def of(cls, answer: TagResponse | Problem) -> "Measured":
        """Return what an answer itself tells."""
        if isinstance(answer, Problem):
            return cls(outcome=answer.code)
        return cls(
            groups={
                name: GroupOutcome(
                    decision=group.decision,
                    best_score=group.candidates[0].score if group.candidates else None,
                )
                for name, group in answer.groups.items()
            }
        )


@dataclass(frozen=True)
class HandedAnswer:
    """The body of a response, as JSON, and what it cost."""

    status: int
    body: bytes
    measured: Measured

    @property
    def content_type(self) -> str:
        """That of a problem, or of an answer."""
        return PROBLEM_JSON if self.status >= 400 else JSON
