"""All that is known of a tagger's test photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np

from hangtag.arrays import BoolArray, FloatArray, Indices, Pixels
from hangtag.bundle import LabelDecision, PredictionSets
from hangtag.errors import DataInvalid
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import select_tags
from training.data import NearDuplicateAgreement
from training.evaluate.metrics import evaluate

NEW_TITLE = "title is that of no train photo"


@dataclass(frozen=True)
class Evaluated:
    """What a tagger said of N test photos, and what is true.

    Parameters
    ----------
    label_space : names the L labels
    scores : float32 (N, L)
    targets : float32 (N, L), 1, 0, or NaN where unknown
    decisions : one a label, in the order of the label space
    prediction_sets : None if nothing was measured to promise a coverage by
    duplicate_groups : int (N,), photos that are near-duplicates have the same number
    train_photos : how many photos the tagger learned from
    train_together : int (L, L), those that have both labels; see `count_together`
    paths : N paths of photos, as people know them
    sizes_px : int (N, 2), width and height of the photos as they came
    sheet_rows : int (P,), the photos that `sheet_pixels` are of
    sheet_pixels : uint8 (P, 3, S, S)
    embeddings : float32 (N, E), if the network has any
    slices : further subsets to measure on, bool (N,), by what to call them; of `NEW_TITLE` the
        summary metrics are shown too
    twins : by group, how far photos of the whole data set that are the same picture agree
    target_precision : what `accept` was tuned for

    Raises
    ------
    DataInvalid : if the shapes do not agree.
    """

    label_space: LabelSpace
    scores: FloatArray
    targets: FloatArray
    decisions: tuple[LabelDecision, ...]
    prediction_sets: PredictionSets | None
    duplicate_groups: Indices
    train_photos: int
    train_together: Indices
    paths: tuple[str, ...]
    sizes_px: Indices
    sheet_rows: Indices
    sheet_pixels: Pixels
    embeddings: FloatArray | None = None
    slices: Mapping[str, BoolArray] = field(default_factory=dict)
    twins: Mapping[str, NearDuplicateAgreement] = field(default_factory=dict)
    target_precision: float = 0.95

    def __post_init__(self) -> None:
        photos, labels = self.scores.shape[0], len(self.label_space)
        sizes = {
            "scores": (self.scores.shape, (photos, labels)),
            "targets": (self.targets.shape, (photos, labels)),
            "decisions": ((len(self.decisions),), (labels,)),
            "duplicate groups": (self.duplicate_groups.shape, (photos,)),
            "train counts": (self.train_together.shape, (labels, labels)),
            "paths": ((len(self.paths),), (photos,)),
            "photo sizes": (self.sizes_px.shape, (photos, 2)),
            "sheet photos": (self.sheet_pixels.shape[:1], self.sheet_rows.shape),
            **{name: (chosen.shape, (photos,)) for name, chosen in self.slices.items()},
        }
        if self.embeddings is not None:
            sizes["embeddings"] = (self.embeddings.shape[:1], (photos,))
        for name, (found, wanted) in sizes.items():
            if found != wanted:
                raise DataInvalid(f"Evaluated: the {name} must have shape {wanted}, not {found}.")
        if not photos:
            raise DataInvalid("Evaluated: there are no test photos to measure on.")

    def __len__(self) -> int:
        return len(self.scores)

    def among(self, chosen: BoolArray) -> Evaluated:
        """Return what is known of the chosen photos (N,), without their pixels."""
        return replace(
            self,
            scores=self.scores[chosen],
            targets=self.targets[chosen],
            duplicate_groups=self.duplicate_groups[chosen],
            paths=tuple(compress(self.paths, chosen)),
            sizes_px=self.sizes_px[chosen],
            sheet_rows=self.sheet_rows[:0],
            sheet_pixels=self.sheet_pixels[:0],
            embeddings=None if self.embeddings is None else self.embeddings[chosen],
            slices={name: each[chosen] for name, each in self.slices.items()},
        )

    @cached_property
    def known(self) -> BoolArray:
        """Whether it is known that a label holds or not, (N, L)."""
        return ~np.isnan(self.targets)

    @cached_property
    def true(self) -> BoolArray:
        """Whether a label is known to hold, (N, L)."""
        return np.nan_to_num(self.targets) > 0.5

    @cached_property
    def tag_thresholds(self) -> FloatArray:
        """The lowest score of a tag, (L,)."""
        return np.array([each.threshold for each in self.decisions], np.float32)

    @cached_property
    def accept_thresholds(self) -> FloatArray:
        """The lowest score of a tag without review, (L,), or infinity."""
        given = [each.accept_threshold for each in self.decisions]
        return np.array([np.inf if each is None else each for each in given], np.float32)

    @cached_property
    def tags(self) -> BoolArray:
        """What the service would answer, (N, L), also where nobody knows the truth."""
        return select_tags(self.scores, self.tag_thresholds, self.label_space)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The metrics of what the service would answer, see `evaluate`."""
        return evaluate(self.scores, self.targets, self.tag_thresholds, self.label_space)

    @cached_property
    def train_counts(self) -> Indices:
        """The train photos of each label, (L,)."""
        return np.diagonal(self.train_together)

    @cached_property
    def exclusive_groups(self) -> tuple[str, ...]:
        """The groups that have labels, of which at most one holds."""
        return tuple(
            name for name in self.nonempty_groups if self.label_space.group(name).exclusive
        )

    @cached_property
    def nonempty_groups(self) -> tuple[str, ...]:
        """The groups that have labels."""
        space = self.label_space
        return tuple(each.name for each in space.groups if space.indices_of_group(each.name))


def count_together(targets: FloatArray) -> Indices:
    """Return int (L, L): in how many photos, of targets (N, L), two labels both hold.

    Where they are the same label: in how many it holds.
    """
    holds = (np.nan_to_num(targets) > 0.5).astype(np.float32)
    together: Indices = (holds.T @ holds).round().astype(np.int64)
    return together
