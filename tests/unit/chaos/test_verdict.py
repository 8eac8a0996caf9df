from __future__ import annotations

import json
import math

import pytest

from chaos.verdict import Check, Row, with_unit


@pytest.mark.parametrize(
    ("measured", "wanted", "at_least", "held"),
    [(1, 1, False, True), (2, 1, False, False), (1, 1, True, True), (0, 1, True, False)],
)
def test_a_check_holds_within_its_bound(
    measured: float, wanted: float, at_least: bool, held: bool
) -> None:
    assert Check("x", measured, wanted, at_least=at_least).held is held


@pytest.mark.parametrize("at_least", [False, True])
def test_what_could_not_be_measured_does_not_hold(at_least: bool) -> None:
    assert not Check("p99", math.nan, 1, at_least=at_least).held


def test_a_row_holds_only_if_all_its_checks_do() -> None:
    good, bad = Check("x", 0, 1), Check("y", 2, 1)
    assert Row("t", "", (good, good)).held
    assert not Row("t", "", (good, bad)).held
    assert not Row("t", "", ()).held


def test_the_document_has_no_numbers_that_json_does_not_know() -> None:
    row = Row("t", "tried", (Check("x", math.inf, 1), Check("y", math.nan, 1, "s")), ("note",))
    document = json.loads(json.dumps(row.document(), allow_nan=False))
    assert [check["measured"] for check in document["checks"]] == [None, None]
    assert document["held"] is False
    assert document["notes"] == ["note"]


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
