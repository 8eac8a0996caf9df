"""All hostile requests together."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chaos.fuzzing.broken_http import broken_http_cases
from chaos.fuzzing.cases import FuzzCase
from chaos.fuzzing.documents import json_cases
from chaos.fuzzing.forms import form_cases
from chaos.fuzzing.headers import content_type_cases, header_cases, many_header_cases
from chaos.fuzzing.photo_strategies import photo_cases, photo_in_document_cases
from chaos.fuzzing.queries import path_cases, query_cases

_MAX_ROUNDS = 20
# The first examples are always the same ones.
_MIN_EXAMPLES = 20


def fuzz_cases() -> st.SearchStrategy[FuzzCase]:
    """Draw one hostile request of any kind; photos, which have most to break, more often."""
    kinds = (
        *(photo_cases(),) * 4,
        *(photo_in_document_cases(), json_cases(), json_cases(), form_cases(), form_cases()),
        *(query_cases(), header_cases(), content_type_cases(), many_header_cases()),
        *(path_cases(), broken_http_cases(), broken_http_cases()),
    )
    # Not one_of, which would draw from all the branches of each kind alike.
    return st.integers(0, len(kinds) - 1).flatmap(lambda number: kinds[number])


def draw_batches(
    send: Callable[[list[FuzzCase]], None], *, requests: int, size: int, random_seed: int
) -> None:
    """Draw requests, no two the same, and hand `size` of them at a time to `send`.

    The same ones for the same seed.
    """
    drawn: set[bytes] = set()
    waiting: list[FuzzCase] = []

    def take(case: FuzzCase) -> None:
        # Hypothesis repeats no choices, but different choices may lead to the same bytes.
        if case.request not in drawn and len(drawn) < requests:
            drawn.add(case.request)
            waiting.append(case)
        if len(waiting) == size:
            send(waiting.copy())
            waiting.clear()

    for round_ in range(_MAX_ROUNDS):
        missing = requests - len(drawn)
        if missing > 0:
            _draw(take, _MIN_EXAMPLES + missing, random_seed * _MAX_ROUNDS + round_)
    if waiting:
        send(waiting)


def _draw(take: Callable[[FuzzCase], None], count: int, random_seed: int) -> None:
    @seed(random_seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        # Findings are made smaller by chaos.fuzzing.shrinking, which knows HTTP and the clock.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzz_cases())
    def one_request(case: FuzzCase) -> None:
        take(case)

    one_request()
