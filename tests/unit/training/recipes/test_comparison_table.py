from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from training.recipes.comparison import Taught
from training.recipes.comparison_table import accuracy_table, describe_lead, headline_table


def between(value: float) -> dict[str, float | None]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def headline(value: float) -> dict[str, Any]:
    return {
        "micro_f1": between(value),
        "map": between(value - 0.1),
        "accuracy.colour": between(0.5),
    }


FIGURES = {
    "headline": headline(0.9),
    "groups": {"colour": {"title": "Base colour"}},
    "baselines": {
        "majority": {"headline": headline(0.3), "ahead": headline(0.6)},
        "one": {"headline": headline(0.8), "ahead": headline(0.1)},
        "two": {"headline": headline(0.92), "ahead": headline(-0.02)},
    },
}
TAUGHT = {"ours": Taught(8, 8, 5600), "one": Taught(4, 30, 560), "two": Taught(8, 8, 560)}


def drawn(table: Table) -> list[str]:
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.lstrip("│ ").startswith(name))


def test_each_tagger_has_its_figures_and_the_lead_of_the_run() -> None:
    lines = drawn(headline_table(FIGURES, TAUGHT))
    assert "0.900 (0.890–0.910)" in row(lines, "ours")
    assert "5,600" in row(lines, "ours")
    assert "4 of 30" in row(lines, "one")
    assert "+0.100 (+0.090 to +0.110)" in row(lines, "one")
    assert "−0.020 (−0.030 to −0.010)" in row(lines, "two")
    assert not any("majority" in line for line in lines)


def test_accuracies_stand_under_their_groups() -> None:
    lines = drawn(accuracy_table(FIGURES, TAUGHT))
    assert any("Base colour" in line for line in lines)
    assert "0.500" in row(lines, "two")


def test_the_lead_is_that_over_the_best_recipe() -> None:
    assert describe_lead(FIGURES, ["one", "two"]) == (
        "its micro-F1 is −0.020 (−0.030 to −0.010) ahead of two, the best of them"
    )
