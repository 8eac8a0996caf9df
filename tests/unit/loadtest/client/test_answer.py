import json
from typing import Any

import pytest

from loadtest.client.answer import PROBLEM_TYPE, Answer, breach_of_contract

PROBLEM = {"title": "T", "status": 400, "detail": "D.", "code": "request_invalid"}


def problem(document: Any, content_type: str = PROBLEM_TYPE, status: int = 400) -> Answer:
    return Answer(status, {"content-type": content_type}, json.dumps(document).encode())


def test_a_problem_keeps_to_the_contract() -> None:
    assert breach_of_contract(problem(PROBLEM)) is None
    assert breach_of_contract(problem(PROBLEM, f"{PROBLEM_TYPE}; charset=utf-8")) is None


@pytest.mark.parametrize(
    ("answer", "breach"),
    [
        (problem(PROBLEM, "application/json"), "400 is not application/problem+json"),
        (Answer(413), "413 is not application/problem+json but 'nothing'"),
        (problem([1]), "400 has a body that is no JSON object"),
        (problem({**PROBLEM, "code": None}), "400 has no code"),
        (problem(PROBLEM, status=404), "404 calls itself 400"),
    ],
)
def test_each_breach_is_named(answer: Answer, breach: str) -> None:
    assert (breach_of_contract(answer) or "").startswith(breach)


def test_an_answer_without_a_body_is_judged_by_its_head() -> None:
    assert breach_of_contract(Answer(405, {"content-type": PROBLEM_TYPE}), has_body=False) is None


def test_successes_and_lost_answers_are_not_errors() -> None:
    assert breach_of_contract(Answer(200)) is None
    assert breach_of_contract(Answer(None, lost="closed")) is None


def test_the_outcome_is_status_and_code_or_how_it_was_lost() -> None:
    assert problem(PROBLEM).outcome == "400 request_invalid"
    assert Answer(200, body=b'{"code": "x"}').outcome == "200"
    assert Answer(502, body=b"no json").outcome == "502"
    assert Answer(None, lost="timeout").outcome == "timeout"
