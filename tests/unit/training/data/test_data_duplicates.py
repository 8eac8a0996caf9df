"""Which photos are kept together."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data import ProductPhoto, group_photos
from training.data.duplicates import look_alike_pairs, normalise_title
from training.data.fingerprints import fingerprint

Draw = Callable[..., Image.Image]


def groups_of(
    images: Sequence[Image.Image],
    titles: Sequence[str] | None = None,
    product_ids: Sequence[str] | None = None,
) -> list[int]:
    prints = [fingerprint(image) for image in images]
    titles = titles or [""] * len(images)
    product_ids = product_ids or [str(number) for number in range(len(images))]
    photos = [
        ProductPhoto(Path(f"{n}.jpg"), product_id, title, "", frozenset(), frozenset(), None)
        for n, (product_id, title) in enumerate(zip(product_ids, titles, strict=True))
    ]
    hashes = np.array([each.hash64 for each in prints], np.uint64)
    groups = group_photos(photos, hashes, np.array([each.colours for each in prints]))
    return [int(group) for group in groups]


def encoded(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        converted: Image.Image = opened.convert("RGB")
        return converted


def test_different_pictures_stay_apart(draw: Draw) -> None:
    assert groups_of([draw(seed) for seed in range(40)]) == list(range(40))


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_encoded_and_scaled_anew_is_found(draw: Draw, seed: int) -> None:
    image = draw(seed)
    smaller, larger = image.resize((120, 120)), image.resize((300, 300))
    versions = [image, encoded(image, 40), encoded(smaller, 80), encoded(larger, 80)]
    assert groups_of([draw(99), *versions]) == [0, 1, 1, 1, 1]


def test_another_colour_is_another_product(draw: Draw) -> None:
    red, blue = draw(1), draw(1, colour=(30, 30, 200))
    distance = (fingerprint(red).hash64 ^ fingerprint(blue).hash64).bit_count()
    assert distance <= 4  # the shapes alone would make them one
    assert groups_of([red, blue]) == [0, 1]


def test_product_ids_and_titles_group(draw: Draw) -> None:
    images = [draw(seed) for seed in range(5)]
    titles = ["Red tee", "", "", "RED  T-shirt!", "red t shirt"]
    assert groups_of(images, titles, ["A", "A", "B", "C", "D"]) == [0, 0, 1, 2, 2]


def test_groups_join_by_way_of_others(draw: Draw) -> None:
    images = [draw(1), draw(2), draw(2), draw(3)]
    assert groups_of(images, titles=["tee", "tee", "", ""]) == [0, 0, 0, 1]


@pytest.mark.parametrize(("count", "group_count"), [(20, 1), (21, 21)])
def test_a_generic_title_does_not_group(draw: Draw, count: int, group_count: int) -> None:
    groups = groups_of([draw(seed) for seed in range(count)], titles=["T-shirt"] * count)
    assert len(set(groups)) == group_count


def test_a_product_id_always_groups(draw: Draw) -> None:
    assert set(groups_of([draw(seed) for seed in range(25)], product_ids=["A"] * 25)) == {0}


def test_blank_photos_do_not_glue() -> None:
    blanks = [Image.new("RGB", (90, 90), (level, level, level)) for level in range(240, 256)]
    assert len(set(groups_of(blanks))) == len(blanks)


def test_a_placeholder_picture_does_not_glue(draw: Draw) -> None:
    assert len(set(groups_of([draw(1)] * 21))) == 21


def test_pairs_are_those_of_the_full_comparison() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 300, dtype=np.uint64)
    flips = [rng.choice(64, size=rng.integers(0, 8), replace=False) for _ in range(300)]
    masks = np.array([sum(1 << int(bit) for bit in bits) for bits in flips], np.uint64)
    hashes = np.concatenate([hashes, hashes ^ masks])
    colours = np.tile(np.arange(192, dtype=np.uint8), (600, 1))
    near = np.bitwise_count(hashes[:, None] ^ hashes) <= 4
    expected = {(int(i), int(j)) for i, j in zip(*np.nonzero(near), strict=True) if i < j}
    assert len(expected) > 100
    assert look_alike_pairs(hashes, colours, too_common=20) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("  Red   TEE ", "red tee"),
        ("T-Shirt (2)", "t shirt 2"),
        ("ﬁt Café", "fit café"),
        ("…", ""),
        ('<b style="color: black">Red</b>&nbsp;Tee<br/>', "red tee"),
        ("Wei&szlig;e Gru\u0308\u00adtze", "weisse grütze"),
    ],
)
def test_titles_are_compared_by_their_words(title: str, expected: str) -> None:
    assert normalise_title(title) == expected


def test_no_photos() -> None:
    empty = np.zeros(0, np.uint64), np.zeros((0, 192), np.uint8)
    assert group_photos([], *empty).tolist() == []
