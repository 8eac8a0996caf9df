import time

import pytest

from hangtag.near_names import name_hint, near_names

KNOWN = ("embedding", "groups", "min_score", "product_id", "top_k")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("topK", ["top_k"]),
        ("TOP-K", ["top_k"]),
        ("productId", ["product_id"]),
        ("group", ["groups"]),
        ("embed", ["embedding"]),
        ("min_scor", ["min_score"]),
        ("zzz", []),
        ("", []),
        ("--", []),
    ],
)
def test_near_names(name: str, near: list[str]) -> None:
    assert near_names(name, KNOWN) == near


def test_names_that_differ_only_in_case_are_all_near() -> None:
    assert near_names("COLOUR", ["Colour", "colour", "tone"]) == ["Colour", "colour"]


def test_the_nearest_comes_first_and_three_are_enough() -> None:
    assert near_names("colours", ["coloured", "colour", "cologne", "colors", "co"])[0] == "colour"
    assert len(near_names("a1", ["a-1", "A1", "a_1", "a.1"])) == 3


def test_a_name_of_any_length_costs_nothing() -> None:
    started = time.process_time()
    assert near_names("x" * 10_000_000, KNOWN) == []
    assert time.process_time() - started < 1


def test_a_hint_names_what_is_near_and_what_there_is() -> None:
    assert name_hint("Colour", ["tone", "colour"]) == (
        "did you mean 'colour'? There are: colour, tone"
    )
    assert name_hint("size", ["tone"]) == "there are: tone"
    assert name_hint("size", []) == "there are none"


def test_of_many_names_a_hint_lists_some() -> None:
    names = [f"group number {i:03}" for i in range(340)]
    assert name_hint("x", names).startswith("there are 340, such as group number 000, ")
    assert len(name_hint("x", names)) < 200
