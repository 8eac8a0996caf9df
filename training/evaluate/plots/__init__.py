"""Pictures of the evaluation page; each function returns a PNG, in base64."""

from training.evaluate.plots.confusion import plot_confusion
from training.evaluate.plots.curves import plot_abstention, plot_precision_recall
from training.evaluate.plots.labels import plot_labels
from training.evaluate.plots.reliability import plot_reliability

__all__ = [
    "plot_abstention",
    "plot_confusion",
    "plot_labels",
    "plot_precision_recall",
    "plot_reliability",
]
