"""Answers come in the order of the products, and one product's error stays its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangtag.bulk import ListedProduct, answer_by_server
from hangtag.client import ProblemAnswered
from hangtag.schema import Problem


class StubClient:
    """Answers with the product's own ID, the first ones last; how many waited is kept."""

    def __init__(self) -> None:
        self.at_once, self.most_at_once = 0, 0
        self._lock = threading.Lock()
        self._second = threading.Event()

    def tag(self, product: Any) -> Any:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if product.product_id == "0":
            assert self._second.wait(10)
        self._second.set()
        with self._lock:
            self.at_once -= 1
        if product.product_id == "3":
            raise ProblemAnswered(Problem(title="", status=422, detail="No.", code="unknown"))
        return product.product_id


@pytest.fixture
def products(tmp_path: Path) -> list[ListedProduct]:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"x")
    return [ListedProduct(str(number), (photo,), ("a.jpg",)) for number in range(20)]


def test_a_servers_answers_come_in_order(products: list[ListedProduct]) -> None:
    client: Any = StubClient()
    *before, third, fourth, fifth = list(answer_by_server(client, 4, products))[:5]
    assert before == ["0", "1"]
    assert (third, fifth) == ("2", "4")
    assert isinstance(fourth, ProblemAnswered)
    assert 1 < client.most_at_once <= 4


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
