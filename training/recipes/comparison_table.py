"""A run beside recipes, as tables for the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from training.recipes.comparison import Taught
from training.report.headline import ACCURACY

_COMPARED = {"micro_f1": "micro-F1", "map": "mAP"}

# `value`, `low` and `high`, as report.json has them.
Interval = Mapping[str, float | None]


def headline_table(figures: Mapping[str, Any], taught: Mapping[str, Taught]) -> Table:
    """Return micro-F1 and mAP with their intervals, and how far the run is ahead of each recipe.

    figures : the page's; taught : the run first, then recipes, by name.
    """
    table = Table(title="The run beside the recipes; 95% intervals, of the lead the paired one")
    table.add_column("", overflow="fold")
    for name in ("passes", "photos"):
        table.add_column(name, justify="right")
    for title in _COMPARED.values():
        table.add_column(title, justify="right")
        table.add_column("run ahead by", justify="right")
    for name, amount in taught.items():
        beside = figures["baselines"].get(name)
        headline = beside["headline"] if beside else figures["headline"]
        cells = [
            text
            for key in _COMPARED
            for text in (
                _between(headline[key]),
                _signed_between(beside["ahead"][key]) if beside else "",
            )
        ]
        table.add_row(name, amount.passes_text, f"{amount.photos:,}", *cells)
    return table


def accuracy_table(figures: Mapping[str, Any], taught: Mapping[str, Taught]) -> Table:
    """Return the accuracy of each exclusive group, of the run and of each recipe."""
    table = Table(title="Accuracy of the best label")
    table.add_column("", overflow="fold")
    keys = [key for key in figures["headline"] if key.startswith(ACCURACY)]
    for key in keys:
        table.add_column(figures["groups"][key.removeprefix(ACCURACY)]["title"], justify="right")
    for name in taught:
        headline = figures["baselines"].get(name, figures)["headline"]
        table.add_row(name, *(_figure(headline[key]["value"]) for key in keys))
    return table


def describe_lead(figures: Mapping[str, Any], recipes: list[str]) -> str:
    """Return how far the run is ahead of the best recipe, by micro-F1."""
    beside = figures["baselines"]
    best = max(recipes, key=lambda name: beside[name]["headline"]["micro_f1"]["value"])
    ahead = _signed_between(beside[best]["ahead"]["micro_f1"])
    return f"its micro-F1 is {ahead} ahead of {best}, the best of them"


def _between(each: Interval) -> str:
    return f"{_figure(each['value'])} ({_figure(each['low'])}–{_figure(each['high'])})"


def _signed_between(each: Interval) -> str:
    return f"{_signed(each['value'])} ({_signed(each['low'])} to {_signed(each['high'])})"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")
