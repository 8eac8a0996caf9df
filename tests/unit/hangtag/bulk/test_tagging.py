"""Answers come in the order of the products, and one product's error stays its own."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangtag.bulk import ListedProduct, answer_by_server
from hangtag.client import ProblemAnswered, TaggerClient
from hangtag.schema import Problem


class StubClient:
    """Answers with the product's own ID; the first two meet, and the second leaves first."""

    def __init__(self) -> None:
        self._together = threading.Barrier(2)
        self._second_left = threading.Event()

    def tag(self, product: Any) -> Any:
        if product.product_id in ("0", "1"):
            self._together.wait(10)
        if product.product_id == "0":
            assert self._second_left.wait(10)
        if product.product_id == "3":
            raise ProblemAnswered(Problem(title="", status=422, detail="No.", code="unknown"))
        if product.product_id == "1":
            self._second_left.set()
        return product.product_id

    def give_up(self) -> None:
        """Nobody waits."""


@pytest.fixture
def products(tmp_path: Path) -> list[ListedProduct]:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"x")
    return [ListedProduct(str(number), {photo: "a.jpg"}) for number in range(20)]


def test_a_servers_answers_come_in_order(products: list[ListedProduct]) -> None:
    client: Any = StubClient()
    answers: list[Any] = list(answer_by_server(client, 4, products))
    *before, third, fourth, fifth = answers[:5]
    assert before == ["0", "1"]
    assert (third, fifth) == ("2", "4")
    assert isinstance(fourth, Problem)
    assert fourth.code == "unknown"


def test_few_products_are_read_before_they_are_needed(products: list[ListedProduct]) -> None:
    taken = []

    def counted() -> Iterator[ListedProduct]:
        for product in products:
            taken.append(product)
            yield product

    client: Any = StubClient()
    answers = answer_by_server(client, 2, counted())
    next(answers)
    assert len(taken) == 5
    assert len(list(answers)) == 19


def test_a_server_that_is_gone_is_a_row_of_its_own(
    products: list[ListedProduct], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TaggerClient("http://127.0.0.1:9", attempts=1)
    first, second = answer_by_server(client, 2, products[:2])
    assert isinstance(first, Problem)
    assert first.code == "server_unavailable"
    assert first == second


def test_a_photo_that_cannot_be_read_is_not_sent(tmp_path: Path) -> None:
    missing = ListedProduct("A", {tmp_path / "none.jpg": "none.jpg"})
    (outcome,) = answer_by_server(TaggerClient("http://127.0.0.1:9"), 1, [missing])
    assert isinstance(outcome, Problem)
    assert outcome.code == "image_missing"


@pytest.mark.parametrize(
    ("code", "told"), [("http_502", "server_unavailable"), ("image_undecodable",) * 2]
)
def test_a_proxy_without_a_tagger_is_a_server_that_is_gone(
    code: str, told: str, products: list[ListedProduct]
) -> None:
    class Refusing:
        def tag(self, _: Any) -> Any:
            raise ProblemAnswered(Problem(title="", status=502, detail="No.", code=code))

        def give_up(self) -> None:
            raise AssertionError("nobody has stopped it")

    client: Any = Refusing()
    (outcome,) = answer_by_server(client, 1, products[:1])
    assert isinstance(outcome, Problem)
    assert outcome.code == told
