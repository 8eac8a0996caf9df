"""Majority and type lookup, against `evaluate`'s majority and by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hangtag.bundle import LabelDecision
from hangtag.label_space import parse_label_space
from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.baselines import majority, type_lookup
from training.evaluate.evaluated import Evaluated, count_together
from training.evaluate.metrics import evaluate


def test_majority_is_as_often_right_as_the_most_frequent_label() -> None:
    photos = evaluated(200)
    photos = replace(photos, train_photos=200, train_together=count_together(photos.targets))
    baseline = majority(photos)
    metrics = evaluate(baseline.scores, photos.targets, baseline.tag_thresholds, photos.label_space)
    for group in metrics["groups"].values():
        assert group["accuracy"] == pytest.approx(group["majority"])
    details = list(photos.label_space.indices_of_group("details"))
    frequent = np.nanmean(photos.targets[:, details], axis=0) >= 0.5
    assert (baseline.tags[:, details] == frequent).all()


def train_counts(
    photos: Evaluated, pairs: list[tuple[str, str]], alone: dict[str, int]
) -> Evaluated:
    """Of `pairs` 10 train photos each, and of single labels as many as `alone` says."""
    together = np.zeros_like(photos.train_together)
    for pair in pairs:
        one, other = (photos.label_space.index_of(each) for each in pair)
        together[one, other] += 10
        together[other, one] += 10
    for label_id, count in alone.items():
        index = photos.label_space.index_of(label_id)
        together[index, index] = count
    return replace(photos, train_together=together, train_photos=100)


def test_type_lookup_reads_the_colour_off_the_type_that_was_seen() -> None:
    photos = train_counts(
        evaluated(100),
        pairs=[("t0", "c2"), ("t0", "c2"), ("t0", "c1"), ("t1", "c3")],
        alone={"t0": 30, "t1": 20, "c0": 90, "c1": 10, "c2": 20, "c3": 10},
    )
    space = photos.label_space
    looked_up = type_lookup(photos)
    assert looked_up is not None
    types, colours = (list(space.indices_of_group(each)) for each in ("type", "colour"))
    seen = photos.scores[:, types].argmax(axis=1)
    said = looked_up.scores[:, colours].argmax(axis=1)
    assert {*said[seen == 0]} == {2}
    assert {*said[seen == 1]} == {3}
    assert {*said[seen == 2]} == {0}  # no train photo has this type: the most frequent of all
    assert (looked_up.scores[:, types] == photos.scores[:, types]).all()
    assert looked_up.scores[seen == 0][0, colours] == pytest.approx([0, 1 / 3, 2 / 3, 0])


def test_a_label_space_of_nothing_but_the_hierarchy_has_no_lookup() -> None:
    photos = evaluated(5)
    space = parse_label_space(
        {
            "version": "1",
            "groups": [{"name": "type", "title": "Type", "exclusive": True}],
            "labels": [{"id": "t0", "name": "T", "group": "type"}],
        }
    )
    only = replace(
        photos,
        label_space=space,
        scores=photos.scores[:, :1],
        targets=photos.targets[:, :1],
        decisions=(LabelDecision(id="t0", threshold=0.5),),
        train_together=np.array([[3]]),
    )
    assert type_lookup(only) is None
