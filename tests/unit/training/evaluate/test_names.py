"""Plots draw names in any script, or leave quietly out what no font has."""

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from tests.unit.training.evaluate.synthetic import evaluated
from training.data_report.plots import plot_label_counts
from training.evaluate import write_report
from training.evaluate.metrics import evaluate
from training.evaluate.plots.names import drawable
from training.evaluate.plots.run import plot_groups, plot_labels, plot_predictions

# Warnings are errors: a letter that no font has would fail these tests.
NAMES = (
    "クルーネック",
    "黑色 (black)",
    "검정",
    "สีดำ",
    "काला",
    "👗 Dress",
    "\U0001f1e9\U0001f1ea",
    "قميص",
    "שמלה",
    "\ue000",
    "a\tb\nc\x00d\x1b[31m",
    "\u200bZero\u200d",
    "$\\frac{1}$",
    "x" * 300,
    " ",
    "_hidden",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_without_a_warning(name: str, tmp_path: Path) -> None:
    drawn = drawable(name)
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.set_title(drawn)
    axes.set_xticks([0, 1], [drawn, "other"])
    figure.savefig(tmp_path / "plot.png")
    assert drawn
    assert len(drawn) <= 40
    assert "\n" not in drawn


def test_letters_that_can_be_drawn_stay() -> None:
    for name in ("Größe", "Été", "Ελλάδα", "Чёрный", "½ sleeve", "T-shirt (men’s) → 100 %"):
        assert drawable(name) == name
    assert drawable("Gru\u0308n") == "Grün"
    assert drawable("黑色 (black)").endswith("(black)")
    assert drawable("a\tb\nc") == "a b c"


def test_a_whole_report_is_made_of_such_names(tmp_path: Path) -> None:
    photos = evaluated(40)
    document = photos.label_space.model_dump()
    for place, label in enumerate(document["labels"]):
        label["name"] = f"{NAMES[place % len(NAMES)]}{place}"
    for place, group in enumerate(document["groups"]):
        group["title"] = NAMES[place]
    space = type(photos.label_space).model_validate(document)
    named = replace(photos, label_space=space)
    write_report(named, tmp_path, rounds=10)
    metrics = evaluate(photos.scores, photos.targets, photos.tag_thresholds, space)
    plot_groups(metrics, tmp_path / "groups.png")
    plot_labels(metrics, space, tmp_path / "labels.png")
    plot_predictions(named, tmp_path / "predictions.png")
    plot_label_counts([{"name": name, "photos": 3} for name in NAMES])


def test_hundreds_of_groups_are_drawn(tmp_path: Path) -> None:
    groups = {f"Group {n}": {"accuracy": 0.5, "majority": 0.4, "photos": 20} for n in range(800)}
    plot_groups({"groups": groups, "photos": 20}, tmp_path / "groups.png")
    assert (tmp_path / "groups.png").stat().st_size > 1000
