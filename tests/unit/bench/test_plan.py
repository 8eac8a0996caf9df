"""Which loads are measured how often."""

import pytest

from bench.photos import LARGE, SMALL
from bench.plan import Load, Plan
from bench.serving import parse_clients
from hangtag.errors import SettingsInvalid

PLAN = Plan(seconds=20, clients=(1, 8, 16, 32), repeats=3)
BEHIND_THROUGHPUT = [Load(SMALL, 32, 20), Load(LARGE, 16, 10)]


def test_what_ratios_need_is_in_every_round() -> None:
    lone = Load(SMALL, 1, 10)
    assert PLAN.loads("hangtag", 1) == [*BEHIND_THROUGHPUT, lone]
    assert PLAN.loads("hangtag_local", 1) == PLAN.loads("hangtag", 1)
    assert PLAN.loads("stock", 1) == BEHIND_THROUGHPUT
    assert PLAN.loads("stock_tuned", 2) == BEHIND_THROUGHPUT


def test_other_numbers_of_clients_come_once() -> None:
    clients = [load.clients for load in PLAN.loads("stock", 0) if load.photos == SMALL]
    assert sorted(clients) == [1, 8, 16, 32]


def test_fewer_clients_than_usual() -> None:
    plan = Plan(seconds=1, clients=(1, 4), repeats=1)
    assert (plan.main_clients, plan.large_clients) == (4, 4)


@pytest.mark.parametrize(
    ("text", "counts"), [("1,8,16,32", (1, 8, 16, 32)), ("8", (1, 8)), ("16, 8", (1, 8, 16))]
)
def test_numbers_of_clients_are_read(text: str, counts: tuple[int, ...]) -> None:
    assert parse_clients(text) == counts


@pytest.mark.parametrize("text", ["", "one", "0,8", "8,-1"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"--clients"):
        parse_clients(text)
