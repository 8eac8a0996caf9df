"""How many photos each label, group and product has."""

from dataclasses import replace

import numpy as np

from tests.unit.training.data_report.small_dataset import labelled, small_dataset
from training.data_report.counts import RARE_PHOTOS, group_figures, label_figures, product_figures


def test_a_photo_is_labelled_has_none_or_is_unknown() -> None:
    colour = group_figures(labelled("c0", "c0", "c1", "t0", "c?"))["colour"]
    assert (colour["labelled"], colour["none"], colour["unknown"]) == (3, 1, 1)
    assert colour["most_frequent"] == "Colour 0"
    assert colour["most_frequent_share"] == 2 / 3
    assert (colour["labels"], colour["unused"], colour["rare"]) == (4, 2, 2)


def test_a_group_of_several_labels_says_how_many_a_photo_has() -> None:
    details = group_figures(labelled("d0 d1", "d0", "k0"))["details"]
    assert details["labels_a_photo"] == 1.5
    assert not details["exclusive"]


def test_labels_are_rare_below_the_limit() -> None:
    dataset = labelled(*["c0"] * RARE_PHOTOS, *["c1"] * (RARE_PHOTOS - 1), "c?")
    labels = label_figures(dataset)
    assert not labels["c0"]["rare"]
    assert labels["c1"]["rare"]
    assert labels["c1"]["photos"] == RARE_PHOTOS - 1
    assert (labels["c0"]["unknown"], labels["k0"]["unknown"]) == (1, 0)


def test_products_are_counted_by_their_photos() -> None:
    dataset = small_dataset(4)
    shared = tuple(
        replace(photo, product_id=product)
        for photo, product in zip(dataset.photos, "AAAB", strict=True)
    )
    assert product_figures(replace(dataset, photos=shared)) == {
        "products": 2,
        "by_photos": {"1": 1, "3": 1},
    }


def test_what_a_photo_has_of_an_exclusive_group() -> None:
    dataset = labelled("c0", "c3", "k0", "c?")
    assert dataset.choices("colour").tolist() == [0, 3, 4, -1]
    # A label that holds says all of an exclusive group, whatever is unknown beside it.
    targets = dataset.targets.copy()
    targets[3, dataset.label_space.index_of("c2")] = 1
    assert replace(dataset, targets=targets).choices("colour").tolist() == [0, 3, 4, 2]
    assert np.isnan(targets[3]).any()
