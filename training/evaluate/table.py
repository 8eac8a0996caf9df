"""The metrics of a run in words and as a table."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from hangtag.label_space import LabelSpace
from training.data.measurable import LEAST_TEST_PHOTOS


def describe_success(metrics: Mapping[str, Any]) -> str:
    """Return in half a sentence how good a tagger is."""
    photos = f"{metrics['photos']:,} photo{'' if metrics['photos'] == 1 else 's'}"
    if metrics["micro_f1"] is None:
        return f"how good it is, {photos} cannot tell (at least {LEAST_TEST_PHOTOS} are needed)"
    return f"micro-F1 {metrics['micro_f1']:.3f} on {photos} that it had not seen"


def results_table(metrics: Mapping[str, Any], label_space: LabelSpace) -> Table:
    """Return the figures of a run as a table."""
    table = Table(title=f"On {metrics['photos']:,} test photos, none of them seen in training")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("most frequent label", justify="right")
    for name, title in (
        ("micro_f1", "micro-F1"),
        ("macro_f1", "macro-F1"),
        ("samples_f1", "samples-F1"),
        ("map", "mAP"),
    ):
        table.add_row(title, _figure(metrics[name]), "")
    for name, figures in metrics["groups"].items():
        accuracy = Text(f"accuracy of {label_space.group(name).title}")
        table.add_row(accuracy, _figure(figures["accuracy"]), _figure(figures["majority"]))
    return table


def _figure(value: float | None) -> str:
    return "too few photos" if value is None else f"{value:.3f}"
