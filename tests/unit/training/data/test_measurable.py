"""What too few photos measure is no figure: not in the console, not on the page, not in a plot."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.recipes.comparison import Taught
from bench.recipes.comparison_table import describe_lead
from tests.unit.training.evaluate.synthetic import evaluated
from training.data.measurable import measurable_metrics
from training.evaluate import Evaluated, write_report
from training.evaluate.metrics import evaluate
from training.evaluate.plots.run import plot_groups, plot_labels
from training.evaluate.table import describe_success, results_table
from training.tables import print_table


def metrics_of(photos: Evaluated) -> dict[str, Any]:
    return measurable_metrics(
        evaluate(photos.scores, photos.targets, photos.tag_thresholds, photos.label_space)
    )


def without_colours(photos: Evaluated) -> Evaluated:
    """Of nine photos alone the colour is known."""
    targets = photos.targets.copy()
    targets[9:, list(photos.label_space.indices_of_group("colour"))] = np.nan
    return replace(photos, targets=targets)


def printed(photos: Evaluated, capsys: pytest.CaptureFixture[str]) -> str:
    print_table(results_table(metrics_of(photos), photos.label_space))
    return capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 9])
def test_too_few_photos_measure_nothing(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    photos = evaluated(count)
    metrics = metrics_of(photos)
    assert [metrics[name] for name in ("micro_f1", "macro_f1", "samples_f1", "map")] == [None] * 4
    assert {each["accuracy"] for each in metrics["groups"].values()} == {None}
    assert {each["f1"] for each in metrics["labels"].values()} == {None}
    assert metrics["photos"] == count
    assert not re.search(r"\d\.\d", printed(photos, capsys))
    assert "micro-F1" not in describe_success(metrics)
    assert "at least 10 are needed" in describe_success(metrics)


def test_enough_photos_measure_what_they_measured_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos = evaluated(200)
    before = evaluate(photos.scores, photos.targets, photos.tag_thresholds, photos.label_space)
    assert metrics_of(photos) == before
    assert f"{before['micro_f1']:.3f}" in printed(photos, capsys)
    assert describe_success(before) == (
        f"micro-F1 {before['micro_f1']:.3f} on 200 photos that it had not seen"
    )


def test_a_group_that_few_photos_know_has_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    photos = without_colours(evaluated(200))
    metrics = metrics_of(photos)
    assert metrics["micro_f1"] is not None
    assert metrics["groups"]["colour"]["accuracy"] is None
    assert metrics["groups"]["type"]["accuracy"] is not None
    (line,) = [row for row in printed(photos, capsys).splitlines() if "Base colour" in row]
    assert "too few photos" in line


def test_photos_without_any_label_measure_nothing() -> None:
    photos = evaluated(20)
    assert metrics_of(replace(photos, targets=np.zeros_like(photos.targets)))["micro_f1"] is None


def report_of(photos: Evaluated, folder: Path) -> tuple[dict[str, Any], str]:
    page = write_report(photos, folder, rounds=10)
    return json.loads((folder / "report.json").read_text()), page.read_text()


def test_the_page_of_few_photos_shows_no_figure(tmp_path: Path) -> None:
    figures, page = report_of(evaluated(5), tmp_path)
    assert {each["value"] for each in figures["headline"].values()} == {None}
    for other in figures["baselines"].values():
        assert {each["value"] for part in other.values() for each in part.values()} == {None}
    assert {each["micro_f1"]["value"] for each in figures["slices"].values()} == {None}
    assert figures["retrieval"] is None
    assert figures["photos"] == 5
    assert "Too few test photos: fewer than 10 measure nothing" in page
    assert "<h3>Kind</h3>" not in page.split('id="confusion"')[-1].split('id="worst"')[0]


def test_the_page_leaves_out_a_group_that_few_photos_know(tmp_path: Path) -> None:
    figures, page = report_of(without_colours(evaluated(200)), tmp_path)
    assert figures["headline"]["accuracy.colour"] == {"value": None, "low": None, "high": None}
    assert figures["headline"]["accuracy.type"]["value"] is not None
    colour = figures["groups"]["colour"]
    assert [colour[name] for name in ("accuracy", "top3", "majority", "lift", "sets")] == [None] * 5
    assert colour["calibration"]["ece"] is None
    assert colour["abstention"]["accepted"] is None
    assert "Too few test photos" not in page


def test_plots_come_of_nothing_too(tmp_path: Path) -> None:
    photos = evaluated(3)
    metrics = metrics_of(photos)
    plot_groups(metrics, tmp_path / "groups.png")
    plot_labels(metrics, photos.label_space, tmp_path / "labels.png")
    assert len(list(tmp_path.iterdir())) == 2


def test_recipes_are_not_compared_on_too_few() -> None:
    nothing = {"value": None, "low": None, "high": None}
    figures = {
        "headline": {"micro_f1": nothing},
        "baselines": {"a": {"headline": {"micro_f1": nothing}, "ahead": {"micro_f1": nothing}}},
    }
    assert describe_lead(figures, [Taught("a", 1, 1, 3)]) == (
        "too few test photos to tell them apart"
    )
