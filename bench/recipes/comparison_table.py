"""A run beside recipes, as tables for the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from bench.recipes.comparison import Taught
from training.evaluate.summary_metrics import ACCURACY

_COMPARED = {"micro_f1": "micro-F1", "map": "mAP"}

# `value`, `low` and `high`, as report.json has them.
Interval = Mapping[str, float | None]


def summary_metrics_table(
    figures: Mapping[str, Any], run: Taught, recipes: Sequence[Taught]
) -> Table:
    """Return micro-F1 and mAP with their intervals, and how far the run is ahead of each recipe.

    figures : the page's
    """
    table = Table(title="The run beside the recipes; 95% intervals, of the lead the paired one")
    table.add_column("", overflow="fold")
    for name in ("passes", "photos"):
        table.add_column(name, justify="right")
    for title in _COMPARED.values():
        table.add_column(title, justify="right")
        table.add_column("run ahead by", justify="right")
    for taught, each in [(run, figures), *_beside(figures, recipes)]:
        ahead = each.get("ahead")
        cells = [
            text
            for key in _COMPARED
            for text in (
                _between(each["headline"][key]),
                _signed_between(ahead[key]) if ahead else "",
            )
        ]
        table.add_row(taught.name, taught.passes_text, f"{taught.photos:,}", *cells)
    return table


def accuracy_table(figures: Mapping[str, Any], run: Taught, recipes: Sequence[Taught]) -> Table:
    """Return the accuracy of each exclusive group, of the run and of each recipe."""
    table = Table(title="Accuracy of the best label")
    table.add_column("", overflow="fold")
    keys = [key for key in figures["headline"] if key.startswith(ACCURACY)]
    for key in keys:
        table.add_column(figures["groups"][key.removeprefix(ACCURACY)]["title"], justify="right")
    for taught, each in [(run, figures), *_beside(figures, recipes)]:
        table.add_row(taught.name, *(_figure(each["headline"][key]["value"]) for key in keys))
    return table


def describe_lead(figures: Mapping[str, Any], recipes: Sequence[Taught]) -> str:
    """Return how far the run is ahead of the best recipe, by micro-F1."""
    if figures["headline"]["micro_f1"]["value"] is None:
        return "too few test photos to tell them apart"
    best, found = max(
        _beside(figures, recipes), key=lambda each: each[1]["headline"]["micro_f1"]["value"]
    )
    ahead = _signed_between(found["ahead"]["micro_f1"])
    return f"its micro-F1 is {ahead} ahead of {best.name}, the best of them"


def _beside(
    figures: Mapping[str, Any], recipes: Sequence[Taught]
) -> list[tuple[Taught, Mapping[str, Any]]]:
    return [(recipe, figures["baselines"][recipe.name]) for recipe in recipes]


def _between(each: Interval) -> str:
    return f"{_figure(each['value'])} ({_figure(each['low'])}–{_figure(each['high'])})"


def _signed_between(each: Interval) -> str:
    return f"{_signed(each['value'])} ({_signed(each['low'])} to {_signed(each['high'])})"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")
