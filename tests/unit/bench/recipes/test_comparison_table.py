from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from bench.recipes.comparison import Taught
from bench.recipes.comparison_table import accuracy_table, describe_lead, summary_metrics_table


def between(value: float) -> dict[str, float | None]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def summary_metrics(value: float) -> dict[str, Any]:
    return {
        "micro_f1": between(value),
        "map": between(value - 0.1),
        "accuracy.colour": between(0.5),
    }


FIGURES = {
    "headline": summary_metrics(0.9),
    "groups": {"colour": {"title": "Base colour"}},
    "baselines": {
        "majority": {"headline": summary_metrics(0.3), "ahead": summary_metrics(0.6)},
        "one": {"headline": summary_metrics(0.8), "ahead": summary_metrics(0.1)},
        "two": {"headline": summary_metrics(0.92), "ahead": summary_metrics(-0.02)},
    },
}
RUN = Taught("ours", 8, 8, 5600)
RECIPES = (Taught("one", 4, 30, 560), Taught("two", 8, 8, 560))


def drawn(table: Table) -> list[str]:
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.lstrip("│ ").startswith(name))


def test_each_tagger_has_its_figures_and_the_lead_of_the_run() -> None:
    lines = drawn(summary_metrics_table(FIGURES, RUN, RECIPES))
    assert "0.900 (0.890–0.910)" in row(lines, "ours")
    assert "5,600" in row(lines, "ours")
    assert "4 of 30" in row(lines, "one")
    assert "+0.100 (+0.090 to +0.110)" in row(lines, "one")
    assert "−0.020 (−0.030 to −0.010)" in row(lines, "two")
    assert not any("majority" in line for line in lines)


@pytest.mark.parametrize("name", ["majority", "one"])
def test_a_run_that_is_called_as_a_baseline_has_its_own_figures(name: str) -> None:
    run = replace(RUN, name=name)
    own = row(drawn(summary_metrics_table(FIGURES, run, RECIPES)), name)
    assert "0.900 (0.890–0.910)" in own
    assert "5,600" in own
    figures = FIGURES | {"headline": summary_metrics(0.9) | {"accuracy.colour": between(0.7)}}
    own = row(drawn(accuracy_table(figures, run, RECIPES)), name)
    assert "0.700" in own


def test_accuracies_stand_under_their_groups() -> None:
    lines = drawn(accuracy_table(FIGURES, RUN, RECIPES))
    assert any("Base colour" in line for line in lines)
    assert "0.500" in row(lines, "two")


def test_the_lead_is_that_over_the_best_recipe() -> None:
    assert describe_lead(FIGURES, RECIPES) == (
        "its micro-F1 is −0.020 (−0.030 to −0.010) ahead of two, the best of them"
    )
