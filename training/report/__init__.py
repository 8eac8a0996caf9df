"""The evaluation page of a tagger: figures with intervals, pictures, baselines beside it."""

from __future__ import annotations

from training.report.evaluated import Evaluated, count_together
from training.report.saved import load_evaluated, save_evaluated
from training.report.writing import write_report

__all__ = ["Evaluated", "count_together", "load_evaluated", "save_evaluated", "write_report"]
