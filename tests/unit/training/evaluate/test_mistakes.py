"""The sheets of photos."""

import base64
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.mistakes import sheet_rows, show, worst_mistakes


def test_the_surest_wrong_tags_come_first() -> None:
    photos = evaluated(200)
    wrong = np.where(photos.tags & (photos.targets == 0), photos.scores, 0).max(axis=1)
    rows = worst_mistakes(photos)
    assert wrong[rows].tolist() == sorted(wrong, reverse=True)[: len(rows)]
    assert wrong[rows].min() > 0


def test_only_photos_are_shown_that_there_are_pixels_of() -> None:
    photos = evaluated(200)
    few = replace(photos, sheet_rows=np.arange(0, 200, 9), sheet_pixels=photos.sheet_pixels[::9])
    assert set(sheet_rows(few)) <= set(range(0, 200, 9))
    assert len(sheet_rows(few)) > 5


def test_a_line_for_each_group_says_what_was_said_and_what_is_true() -> None:
    photos = evaluated(1)
    space = photos.label_space
    scores, targets = np.zeros_like(photos.scores), np.zeros_like(photos.targets)
    for label_id, score, target in (("k0", 0.9, 1), ("t0", 0.8, 0), ("t3", 0.1, 1)):
        scores[0, space.index_of(label_id)] = score
        targets[0, space.index_of(label_id)] = target
    targets[0, list(space.indices_of_group("colour"))] = np.nan
    photos = replace(photos, scores=scores, targets=targets)
    lines = {line.title: line for line in show(photos, 0).lines}
    assert (lines["Kind"].said, lines["Kind"].right) == ("Kind 0 0.90", True)
    assert (lines["Type"].said, lines["Type"].true) == ("Type 0 0.80", "Type 3")
    assert (lines["Base colour"].said, lines["Base colour"].right) == ("no tag", None)
    assert [line.title for line in show(photos, 0, mistakes_only=True).lines] == ["Type"]


def test_photos_are_shown_as_they_were_seen() -> None:
    pixels = np.zeros((1, 3, 40, 40), np.uint8)
    pixels[:, 0] = 250
    shown = show(evaluated(1, sheet_pixels=pixels), 0)
    photo = Image.open(io.BytesIO(base64.b64decode(shown.jpeg)))
    red, green, blue = np.asarray(photo.convert("RGB")).mean(axis=(0, 1))
    assert red > 240
    assert max(green, blue) < 10
