"""The evaluation page of a tagger: figures with intervals, pictures, baselines beside it."""

from training.evaluate.evaluated import Evaluated, count_together
from training.evaluate.saved import load_evaluated, save_evaluated
from training.evaluate.writing import write_report, write_results

__all__ = [
    "Evaluated",
    "count_together",
    "load_evaluated",
    "save_evaluated",
    "write_report",
    "write_results",
]
