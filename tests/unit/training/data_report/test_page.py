"""The page, its plots and its sheets."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.unit.training.data_report.small_dataset import labelled, small_dataset
from training.data_report.plots import plot_label_counts, plot_photos_a_product, plot_sizes
from training.data_report.sheets import (
    conflict_boxes,
    look_alike_boxes,
    sample_boxes,
    sampled_group,
)


def picture_of(encoded: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(encoded)))


def redness(encoded: str) -> int:
    """How many pixels are of the colour of rare labels."""
    pixels = np.asarray(picture_of(encoded).convert("RGB")).astype(int)
    return int((np.abs(pixels - (0xA3, 0x13, 0x0B)).max(axis=2) < 10).sum())


def test_rare_labels_are_red() -> None:
    frequent = [{"name": f"Label {number}", "photos": 100} for number in range(5)]
    rare = [{"name": "Rare", "photos": 19}]
    assert redness(plot_label_counts(frequent)) == 0
    assert redness(plot_label_counts([*frequent, *rare])) > 100


@pytest.mark.parametrize("count", [1, 40, 300])
def test_bars_are_as_high_as_there_are_labels_up_to_a_limit(count: int) -> None:
    labels = [{"name": "$$ <b>", "photos": number} for number in range(count)]
    height = picture_of(plot_label_counts(labels)).height
    assert 60 < height < 1000


def test_plots_of_photos_that_are_all_alike() -> None:
    for plot in (plot_sizes(np.array([[60, 80]] * 3), 224), plot_photos_a_product({"1": 3})):
        assert np.asarray(picture_of(plot).convert("L")).std() > 5


def test_products_of_very_many_photos_share_a_bar() -> None:
    few = picture_of(plot_photos_a_product({"1": 5, "12": 2}))
    many = picture_of(plot_photos_a_product({"1": 5, "12": 1, "900": 1}))
    np.testing.assert_array_equal(np.asarray(few), np.asarray(many))


def test_the_largest_groups_of_look_alikes_are_shown_first() -> None:
    dataset = replace(small_dataset(9), look_alikes=np.array([0, 1, 1, 2, 2, 2, 3, 4, 5]))
    boxes = look_alike_boxes(dataset)
    assert [box.title for box in boxes] == ["3 photos", "2 photos"]
    assert [photo.name for photo in boxes[1].photos] == ["images/1.jpg", "images/2.jpg"]


def test_a_conflict_shows_what_each_twin_has() -> None:
    dataset = labelled("c0 k0 d0", "c1 k0")
    conflicts = {"kind": (), "colour": (np.array([0, 1]),)}
    boxes = conflict_boxes(dataset, conflicts)
    assert boxes.keys() == {"colour"}
    (box,) = boxes["colour"]
    assert [line.said for photo in box.photos for line in photo.lines] == ["Colour 0", "Colour 1"]


def test_samples_are_of_the_most_frequent_labels() -> None:
    dataset = labelled(*["c1 d0 d1"] * 9, *["c2"] * 3, "c?")
    assert sampled_group(dataset) == "colour"
    boxes = sample_boxes(dataset, "colour")
    assert [box.title for box in boxes] == ["Colour 1: 9 photos", "Colour 2: 3 photos"]
    assert len(boxes[0].photos) == 6
    lines = {line.title: line.said for line in boxes[0].photos[0].lines}
    assert (lines["Base colour"], lines["Details"]) == ("Colour 1", "Detail 0, Detail 1")


def test_what_is_unknown_has_no_line() -> None:
    dataset = labelled("k0 c?", "k0 c1")
    (box,) = sample_boxes(dataset, "kind")
    assert [len(photo.lines) for photo in box.photos] == [3, 4]
