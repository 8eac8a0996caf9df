"""How much can go without review, and how often that is right."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from hangtag.scoring.decisions import decide_group
from training.evaluate.group_answers import GroupAnswers
from training.evaluate.resampling import INTERVAL

_MOST_POINTS = 200


def abstention(answers: GroupAnswers, target_precision: float) -> dict[str, Any]:
    """Return what share of one group's photos is accepted at which precision.

    `curve`: if the surest photos were accepted, by the score of their best label, down to each
    share; `share_at_target`: the largest of these shares that reaches the target precision, which
    is chosen on test photos and hence a little too good; `accepted`: what the thresholds of the
    bundle accept, which is not. Its precision (all tags of the group right) has an exact 95%
    interval (Clopper and Pearson 1934): unlike the bootstrap it does not shrink to nothing where
    every photo is right.
    """
    if not len(answers.rows):
        return {"curve": {"share": [], "precision": []}, "share_at_target": None, "accepted": None}
    share, precision = _curve(answers)
    enough = np.flatnonzero(precision >= target_precision)
    shown = np.unique(np.linspace(0, len(share) - 1, _MOST_POINTS).astype(int))
    return {
        "curve": {"share": share[shown].tolist(), "precision": precision[shown].tolist()},
        "share_at_target": float(share[enough[-1]]) if len(enough) else 0.0,
        "accepted": _accepted(answers),
    }


def _curve(
    answers: GroupAnswers,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the shares and precisions, down to each score that occurs."""
    order = np.argsort(-answers.confidence, kind="stable")
    last_alike = np.flatnonzero(np.diff(answers.confidence[order], append=-1))
    counts = last_alike + 1
    return counts / len(order), np.cumsum(answers.right[order])[last_alike] / counts


def _accepted(answers: GroupAnswers) -> dict[str, float | None]:
    accepted = np.array(
        [
            decide_group(scores, tags, answers.accept_thresholds) == "accept"
            for scores, tags in zip(answers.scores, answers.tags, strict=True)
        ]
    )
    all_right = ~(answers.tags & ~answers.true).any(axis=1)
    photos, hits = int(accepted.sum()), int((accepted & all_right).sum())
    ends = binomtest(hits, photos).proportion_ci(INTERVAL) if photos else None
    return {
        "photos": photos,
        "share": photos / len(accepted),
        "precision": hits / photos if photos else None,
        "low": float(ends.low) if ends else None,
        "high": float(ends.high) if ends else None,
    }
