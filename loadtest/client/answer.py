"""What came back for one request, and whether it keeps to the contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROBLEM_TYPE = "application/problem+json"
_PROBLEM_FIELDS = {"title": str, "status": int, "detail": str, "code": str}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `status` is None if there was none, and `lost` then says why."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    # "refused", "closed", "timeout" or "garbled".
    lost: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request was answered with success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def document(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def code(self) -> str:
        """The `code` of a problem document; "" where there is none."""
        document = self.document if self.status is not None and not self.ok else None
        code = document.get("code") if isinstance(document, dict) else None
        return code if isinstance(code, str) else ""

    @property
    def outcome(self) -> str:
        """In a few words: `200`, `503 overloaded`, `closed`."""
        return self.lost or f"{self.status} {self.code}".rstrip()


def breach_of_contract(answer: Answer, *, has_body: bool = True) -> str | None:
    """Return how an error answer differs from the contract's problem+json; None if it does not."""
    if answer.ok or answer.status is None:
        return None
    content_type = answer.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != PROBLEM_TYPE:
        return f"{answer.status} is not {PROBLEM_TYPE} but {content_type or 'nothing'!r}"
    if not has_body:
        return None
    problem = answer.document
    if not isinstance(problem, dict):
        return f"{answer.status} has a body that is no JSON object"
    for name, kind in _PROBLEM_FIELDS.items():
        if not isinstance(problem.get(name), kind):
            return f"{answer.status} has no {name}"
    if problem["status"] != answer.status:
        return f"{answer.status} calls itself {problem['status']}"
    return None
