"""How hostile requests are drawn, judged, made smaller and kept."""

import json
import subprocess
from pathlib import Path

import pytest

from chaos.fuzzing.cases import FuzzCase, keep, kept_cases, post
from chaos.fuzzing.judgement import complaint, neighbour_complaint
from chaos.fuzzing.shrinking import shrink
from chaos.fuzzing.strategies import draw_batches
from chaos.response_equality import decided
from loadtest.client.answer import PROBLEM_TYPE, Answer
from loadtest.client.wire import assemble

SOUND = FuzzCase("json", assemble(b"{}"))
MALFORMED = FuzzCase("broken http", b"\x00", malformed=True)
BEGUN = FuzzCase("broken http", assemble(b"half", length=8), malformed=True)
WHOLE = FuzzCase("broken http", assemble(b"half"), malformed=True)


def problem(status: int) -> Answer:
    document = {"title": "T", "status": status, "detail": "D.", "code": "c"}
    return Answer(status, {"content-type": PROBLEM_TYPE}, json.dumps(document).encode())


def drawn(seed: int) -> list[FuzzCase]:
    cases: list[FuzzCase] = []
    draw_batches(cases.extend, requests=200, size=8, random_seed=seed)
    return cases


def test_the_same_seed_draws_the_same_requests() -> None:
    first = drawn(5)
    assert drawn(5) == first
    assert drawn(6) != first


def test_no_request_is_drawn_twice() -> None:
    cases = drawn(1)
    assert len({case.request for case in cases}) == len(cases) == 200


def test_requests_of_every_kind_are_drawn() -> None:
    assert len({case.kind for case in drawn(1)}) == 10


def test_requests_are_handed_over_in_batches() -> None:
    sizes: list[int] = []
    draw_batches(lambda cases: sizes.append(len(cases)), requests=20, size=8, random_seed=0)
    assert sizes == [8, 8, 4]


def test_what_is_http_has_a_head_and_tells_its_length() -> None:
    for case in drawn(2):
        if not case.malformed:
            head, _, body = case.request.partition(b"\r\n\r\n")
            assert b"\r\nContent-Length: %d" % len(body) in head


@pytest.mark.parametrize(
    ("case", "answer", "said"),
    [
        (SOUND, Answer(200), None),
        (SOUND, problem(413), None),
        (SOUND, problem(503), "answered 503 c"),
        (SOUND, Answer(302), "answered 302"),
        (SOUND, Answer(404), "404 is not application/problem+json but 'nothing'"),
        (SOUND, Answer(None, lost="closed"), "no answer: closed"),
        (MALFORMED, problem(400), None),
        (MALFORMED, Answer(None, lost="closed"), "no answer: closed"),
        (MALFORMED, Answer(None, lost="timeout"), "no answer: timeout"),
        (MALFORMED, Answer(200), "answered 200 to what is no request"),
        (MALFORMED, problem(500), "answered 500 c"),
        (BEGUN, problem(408), None),
        (BEGUN, Answer(None, lost="timeout"), None),
        (BEGUN, Answer(None, lost="closed"), "no answer: closed"),
        (BEGUN, Answer(200), "answered 200 to what is no request"),
        (WHOLE, Answer(200), None),
        (WHOLE, Answer(None, lost="timeout"), "no answer: timeout"),
    ],
)
def test_each_answer_is_judged(case: FuzzCase, answer: Answer, said: str | None) -> None:
    assert complaint(case, answer) == said


def tags(score: float, decision: str = "accept") -> Answer:
    group = {"decision": decision, "candidates": [{"id": 11, "score": score}]}
    return Answer(200, body=json.dumps({"tags": [], "groups": {"colour": group}}).encode())


def test_a_neighbour_must_get_the_answer_it_gets_alone() -> None:
    expected = decided(tags(0.9).document)
    assert neighbour_complaint(expected, tags(0.9001)) is None
    otherwise = "good neighbour answered otherwise than alone"
    assert neighbour_complaint(expected, tags(0.91)) == otherwise
    assert neighbour_complaint(expected, tags(0.9, "review")) == otherwise
    assert neighbour_complaint(expected, problem(500)) == "good neighbour answered 500 c"


def test_shrinking_leaves_what_matters() -> None:
    body = b"." * 500 + b"BAD" + b"." * 500
    case = FuzzCase("x", assemble(body, headers=[("A", "1"), ("Needed", "1"), ("B", "1")]))
    small = shrink(case, lambda each: b"Needed" in each.request and b"BAD" in each.request, 10)
    assert small.request == (
        b"POST /predictions/tagger HTTP/1.1\r\nContent-Length: 3\r\nNeeded: 1\r\n\r\nBAD"
    )


def test_shrinking_ends_in_time() -> None:
    tried = []

    def never(case: FuzzCase) -> bool:
        tried.append(case)
        return False

    case = post("x", b"abc" * 1000)
    assert shrink(case, never, 0.0) is case
    assert tried == []


def test_a_kept_case_is_the_same_bytes(tmp_path: Path) -> None:
    keep(SOUND, tmp_path, "one")
    keep(MALFORMED, tmp_path, "two")
    assert list(kept_cases(tmp_path)) == [
        FuzzCase("one", SOUND.request),
        FuzzCase("two", MALFORMED.request, malformed=True),
    ]


def test_the_printed_command_sends_the_same_bytes() -> None:
    case = FuzzCase("x", bytes(range(256)) + b"100% 'quoted' \\n $HOME")
    command = case.printed().partition(" | nc ")[0]
    sent = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    assert sent == case.request


def test_a_deadline_of_the_clients_own_may_pass() -> None:
    hurried = FuzzCase("header", assemble(headers=[("X-Request-Timeout-Ms", "1")]))
    document = {"title": "T", "status": 504, "detail": "D.", "code": "deadline_exceeded"}
    late = Answer(504, {"content-type": PROBLEM_TYPE}, json.dumps(document).encode())
    assert complaint(hurried, late) is None
    assert complaint(SOUND, late) == "answered 504 deadline_exceeded"
