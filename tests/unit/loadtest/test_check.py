import math

import pytest

from loadtest.check import Check, with_unit


@pytest.mark.parametrize(
    ("measured", "wanted", "at_least", "passed"),
    [(1, 1, False, True), (2, 1, False, False), (1, 1, True, True), (0, 1, True, False)],
)
def test_a_check_holds_within_its_bound(
    measured: float, wanted: float, at_least: bool, passed: bool
) -> None:
    assert Check("x", measured, wanted, at_least=at_least).passed is passed


@pytest.mark.parametrize("at_least", [False, True])
def test_what_could_not_be_measured_does_not_hold(at_least: bool) -> None:
    assert not Check("p99", math.nan, 1, at_least=at_least).passed


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12345, "", "12,345"),
        (0.00031, "", "0.00031"),
        (4.238, "s", "4.24 s"),
        (1234.5, "/s", "1,234 /s"),
        (math.inf, "s", "never"),
        (math.nan, "", "unknown"),
    ],
)
def test_figures_read_well(value: float, unit: str, text: str) -> None:
    assert with_unit(value, unit) == text


def test_the_bound_is_shown() -> None:
    assert Check("x", 1, 2, "s").wanted_text == "≤ 2 s"
    assert Check("x", 1, 2, at_least=True).wanted_text == "≥ 2"
    assert Check("x", 1, 0).wanted_text == "none"
