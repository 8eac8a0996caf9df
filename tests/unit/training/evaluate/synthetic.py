"""A made-up catalogue: a tagger that is often right, and calibrated by construction.

kind > type is a hierarchy (2 levels), colour is exclusive, details are not.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from hangtag.arrays import FloatArray
from hangtag.bundle import GroupSet, LabelDecision, PredictionSets
from hangtag.label_space import LabelSpace, parse_label_space
from training.data import NearDuplicateAgreement
from training.evaluate.evaluated import Evaluated, count_together

PHOTOS = 300
GROUPS = ("kind", "type", "colour", "details")


def space(kinds: int = 3, types: int = 6, colours: int = 4, details: int = 3) -> LabelSpace:
    labels = [
        *({"id": f"k{i}", "name": f"Kind {i}", "group": "kind"} for i in range(kinds)),
        *(
            {"id": f"t{i}", "name": f"Type {i}", "group": "type", "parent": f"k{i % kinds}"}
            for i in range(types)
        ),
        *({"id": f"c{i}", "name": f"Colour {i}", "group": "colour"} for i in range(colours)),
        *({"id": f"d{i}", "name": f"Detail {i}", "group": "details"} for i in range(details)),
    ]
    groups = [
        {"name": "kind", "title": "Kind", "exclusive": True},
        {"name": "type", "title": "Type", "exclusive": True, "parent": "kind"},
        {"name": "colour", "title": "Base colour", "exclusive": True},
        {"name": "details", "title": "Details"},
    ]
    return parse_label_space({"version": "1", "groups": groups, "labels": labels})


def draw(label_space: LabelSpace, photos: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Scores, and targets that are drawn from them: 5% of the colours are unknown."""
    rng = np.random.default_rng(seed)
    columns = {name: list(label_space.indices_of_group(name)) for name in GROUPS}
    scores = np.zeros((photos, len(label_space)), np.float32)
    targets = np.zeros_like(scores)
    for name in ("type", "colour"):
        count = len(columns[name])
        popularity = 4 / np.arange(1, count + 1) ** 0.7
        chosen = (rng.gumbel(size=(photos, count)) + np.log(popularity)).argmax(axis=1)
        logits = rng.normal(size=(photos, count)) + np.log(popularity)
        logits[np.arange(photos), chosen] += 5
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        scores[:, columns[name]] = shares
        true = (shares.cumsum(axis=1) < rng.random((photos, 1))).sum(axis=1)
        targets[np.arange(photos), np.array(columns[name])[np.minimum(true, count - 1)]] = 1
    for index in columns["type"]:
        parent = label_space.parent_of(label_space.labels[index])
        above = label_space.index_of(parent.id) if parent else index
        scores[:, above] += scores[:, index]
        targets[:, above] += targets[:, index]
    scores[:, columns["kind"]] = np.maximum.reduce(
        [scores[:, columns["kind"]], *_children(label_space, scores, columns["kind"])]
    )
    details = rng.beta(0.4, 0.8, size=(photos, len(columns["details"])))
    scores[:, columns["details"]] = details
    targets[:, columns["details"]] = rng.random(details.shape) < details
    unknown = np.flatnonzero(rng.random(photos) < 0.05)
    targets[unknown[:, None], columns["colour"]] = np.nan
    return np.minimum(scores, 1), targets


def _children(label_space: LabelSpace, scores: FloatArray, parents: list[int]) -> list[FloatArray]:
    """Each parent's likeliest child, so that rounding leaves no child above its parent."""
    best = np.zeros((len(scores), len(parents)), np.float32)
    for index, label in enumerate(label_space.labels):
        parent = label_space.parent_of(label)
        if parent is not None:
            place = parents.index(label_space.index_of(parent.id))
            best[:, place] = np.maximum(best[:, place], scores[:, index])
    return [best]


def evaluated(
    photos: int = PHOTOS,
    seed: int = 0,
    label_space: LabelSpace | None = None,
    side_px: int = 12,
    **changes: Any,
) -> Evaluated:
    label_space = label_space or space()
    rng = np.random.default_rng(seed)
    scores, targets = draw(label_space, photos, seed)
    _, train_targets = draw(label_space, 5 * photos, seed + 1)
    made = Evaluated(
        label_space=label_space,
        scores=scores,
        targets=targets,
        decisions=tuple(
            LabelDecision(id=label.id, threshold=0.4, accept_threshold=0.8)
            for label in label_space.labels
        ),
        prediction_sets=PredictionSets(
            coverage=0.9, groups=tuple(GroupSet(group=name, threshold=0.1) for name in GROUPS)
        ),
        duplicate_groups=rng.integers(0, max(photos * 3 // 4, 1), photos),
        train_photos=len(train_targets),
        train_together=count_together(train_targets),
        paths=tuple(f"photo-{number}.jpg" for number in range(photos)),
        sizes_px=rng.integers(100, 900, (photos, 2)),
        sheet_rows=np.arange(photos),
        sheet_pixels=rng.integers(0, 256, (photos, 3, side_px, side_px), dtype=np.uint8),
        embeddings=scores + 0.05 * rng.normal(size=scores.shape).astype(np.float32),
        slices={"title is new": rng.random(photos) < 0.3},
        twins={"type": NearDuplicateAgreement(photos=40, agreement=0.81, ceiling=0.9)},
    )
    return replace(made, **changes)
