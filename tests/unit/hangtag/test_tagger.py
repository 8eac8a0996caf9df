import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hangtag.requests.decoding
from hangtag.bundle import MANIFEST, Bundle, seal_bundle
from hangtag.errors import (
    ImageMissing,
    ImageTooManyPixels,
    RequestError,
    RequestFailed,
    SettingsInvalid,
    TooManyImages,
    UnknownGroup,
)
from hangtag.images.decode import read_photo
from hangtag.images.limits import ImageLimits
from hangtag.label_space import parse_label_space
from hangtag.requests.parsing import Product
from hangtag.responses import with_known_groups
from hangtag.schema import Options, TagResponse
from hangtag.settings import TaggerSettings, parse_settings
from hangtag.tagger import Tagger
from tests.tiny_tagger import BLUE, GREEN, GREY, RED, photo


@pytest.fixture(scope="module")
def tagger(tiny_bundle: Bundle) -> Tagger:
    return Tagger.load(tiny_bundle.folder, settings=TaggerSettings(decode_threads=2))


def tag_one(tagger: Tagger, *photos: bytes, **options: Any) -> TagResponse:
    (outcome,) = tagger.tag([Product(images=photos, options=Options(**options))])
    assert isinstance(outcome, TagResponse)
    return outcome


def test_the_answer_is_the_contracts(tagger: Tagger, tiny_bundle: Bundle) -> None:
    answer = json.loads(tag_one(tagger, photo(RED)).model_dump_json())
    candidates = {name: group["candidates"] for name, group in answer["groups"].items()}
    assert answer == {
        "product_id": None,
        "tags": [
            {"id": 1, "name": "Warm", "group": "warmth", "score": answer["tags"][0]["score"],
             "threshold": 0.5, "path": ["Warm"], "images": [0]},
            {"id": 11, "name": "Red", "group": "colour", "score": answer["tags"][1]["score"],
             "threshold": 0.5, "path": ["Warm", "Red"], "images": [0]},
        ],
        "groups": {
            "warmth": {"decision": "accept", "candidates": candidates["warmth"]},
            "colour": {"decision": "accept", "candidates": candidates["colour"]},
            "tone": {"decision": "none", "candidates": candidates["tone"]},
        },
        "images": [{"index": 0, "width": 48, "height": 48, "warnings": []}],
        "model": {"name": "tagger", "version": "1.0", "bundle": tiny_bundle.digest,
                  "label_space": "2026.1"},
    }  # fmt: skip
    assert [each["id"] for each in candidates["colour"]] == [11, 12, 13]
    assert answer["tags"][1]["score"] > 0.98


def test_a_photo_that_lacks_its_end_is_answered_with_a_warning(tagger: Tagger) -> None:
    whole, cut = tag_one(tagger, photo(RED)), tag_one(tagger, photo(RED)[:-2])
    assert cut.images[0].warnings == ["truncated"]
    assert cut.tags == whole.tags


def test_a_label_without_accept_threshold_is_for_review(tagger: Tagger) -> None:
    assert tag_one(tagger, photo(BLUE)).groups["colour"].decision == "review"


def test_photos_of_a_product_are_fused_and_support_their_tags(tagger: Tagger) -> None:
    answer = tag_one(tagger, photo(GREY), photo(GREEN), photo(GREEN))
    (tag,) = [tag for tag in answer.tags if tag.group == "colour"]
    assert (tag.name, tag.images) == ("Green", [1, 2])
    assert [image.index for image in answer.images] == [0, 1, 2]


def test_options_choose_groups_candidates_and_scores(tagger: Tagger) -> None:
    answer = tag_one(tagger, photo(RED), groups=("colour",), top_k=1, min_score=0.5)
    assert list(answer.groups) == ["colour"]
    assert [tag.group for tag in answer.tags] == ["colour"]
    assert [each.name for each in answer.groups["colour"].candidates] == ["Red"]
    assert tag_one(tagger, photo(GREY), min_score=1.0).tags == []


def test_the_embedding_comes_when_asked_for_and_has_length_one(tagger: Tagger) -> None:
    assert tag_one(tagger, photo(RED)).embedding is None
    embedding = tag_one(tagger, photo(RED), photo(GREEN), embedding=True).embedding
    assert embedding is not None
    assert sum(value**2 for value in embedding) == pytest.approx(1, abs=1e-5)


def test_a_wrong_product_does_not_touch_its_neighbours(tagger: Tagger) -> None:
    good = [Product(images=(photo(colour),)) for colour in (RED, GREEN, BLUE)]
    bad = [
        Product(images=(photo(RED), b"broken")),
        Product(images=(photo(RED),), options=Options(groups=("size",))),
    ]
    outcomes = tagger.tag([good[0], bad[0], good[1], bad[1], good[2]])
    assert [outcomes[0], outcomes[2], outcomes[4]] == tagger.tag(good)
    errors = [outcomes[1], outcomes[3]]
    assert all(isinstance(error, RequestError) for error in errors)
    assert [(error.code, error.path) for error in errors if isinstance(error, RequestError)] == [
        ("image_undecodable", "$.images[1]"),
        ("unknown_group", "$.options.groups[0]"),
    ]


@pytest.mark.parametrize(
    ("groups", "answered"),
    [
        (("tone", "colour"), ["colour", "tone"]),
        (("colour,tone",), ["colour", "tone"]),
        ((" colour , tone,",), ["colour", "tone"]),
        (("colour", "colour,colour"), ["colour"]),
        (("Size, fit",), ["Size, fit"]),
        (("Size, fit", "tone,colour"), ["colour", "tone", "Size, fit"]),
    ],
)
def test_a_name_with_commas_is_a_groups_or_a_list(
    tagger: Tagger, groups: tuple[str, ...], answered: list[str]
) -> None:
    document = tagger.bundle.label_space.model_dump()
    size = {"name": "Size, fit", "title": "Size and fit"}
    label_space = parse_label_space({**document, "groups": [*document["groups"], size]})
    product = with_known_groups(
        Product(images=photo(), options=Options(groups=groups)), label_space
    )
    assert product.options.groups is not None
    known = [group.name for group in label_space.groups]
    assert sorted(product.options.groups, key=known.index) == answered
    assert product.images == (photo(),)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (("Colour",), "There is no group 'Colour'; did you mean 'colour'? There are: colour, "),
        (("tone,color",), "There is no group 'color'; did you mean 'colour'? There are: colour, "),
        (("size",), "There is no group 'size'; there are: colour, tone, warmth."),
    ],
)
def test_groups_that_are_near_are_named(tagger: Tagger, groups: tuple[str, ...], said: str) -> None:
    (outcome,) = tagger.tag([Product(images=photo(), options=Options(groups=groups))])
    assert isinstance(outcome, UnknownGroup)
    assert str(outcome).startswith(said)
    assert outcome.path == "$.options.groups[0]"


def test_a_long_list_of_groups_costs_little(tagger: Tagger) -> None:
    started = time.process_time()
    (outcome,) = tagger.tag([Product(images=photo(), options=Options(groups=("a" * 250_000,)))])
    assert isinstance(outcome, UnknownGroup)
    assert len(str(outcome)) < 200
    (outcome,) = tagger.tag([Product(images=photo(), options=Options(groups=("tone," * 50_000,)))])
    assert isinstance(outcome, TagResponse)
    assert time.process_time() - started < 2


def test_paths_and_single_photos_are_taken(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "red.jpg").write_bytes(photo(RED))
    tagger = Tagger.load(str(tiny_bundle.folder))
    products = [
        Product(photo(RED)),
        Product(bytearray(photo(RED))),
        Product(tmp_path / "red.jpg"),
        Product(str(tmp_path / "red.jpg")),
        Product([tmp_path / "red.jpg"]),
        Product(each for each in [photo(RED)]),
    ]
    assert {product.images for product in products} == {(photo(RED),)}
    (outcome,) = tagger.tag(products[:1])
    assert isinstance(outcome, TagResponse)


def test_what_is_no_photo_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImageMissing, match=r"gone\.jpg cannot be read: No such file"):
        Product(tmp_path / "gone.jpg")
    for wrong in (5, [5], np.zeros((2, 2))):
        with pytest.raises(
            TypeError, match="a path, an open file or a picture of Pillow's, not as "
        ):
            Product(wrong)  # type: ignore[arg-type]


def test_the_pixels_of_a_product_are_limited_together(tiny_bundle: Bundle) -> None:
    settings = TaggerSettings(max_product_pixels=2 * 48 * 48)
    tagger = Tagger.load(tiny_bundle.folder, settings=settings)
    two, three = Product(images=(photo(),) * 2), Product(images=(photo(),) * 3)
    outcomes = tagger.tag([two, three])
    assert isinstance(outcomes[0], TagResponse)
    assert isinstance(outcomes[1], ImageTooManyPixels)


def test_the_photos_of_a_product_are_limited(tiny_bundle: Bundle) -> None:
    tagger = Tagger.load(tiny_bundle.folder, settings=TaggerSettings(max_images=2))
    outcomes = tagger.tag([Product(images=(photo(),) * count) for count in (2, 3)])
    assert isinstance(outcomes[0], TagResponse)
    assert isinstance(outcomes[1], TooManyImages)


def test_the_limits_of_a_photo_are_the_bundles_where_none_are_given(own_bundle: Bundle) -> None:
    limits = ImageLimits(max_image_bytes=30_000_000, max_image_pixels=48 * 48)
    seal_bundle(own_bundle.folder, own_bundle.manifest.model_copy(update={"limits": limits}))
    products = [Product(photo()), Product(photo(size=(48, 49)))]
    tagger = Tagger.load(own_bundle.folder, settings=TaggerSettings(max_images=5))
    assert (tagger.settings.max_images, tagger.settings.max_image_bytes) == (5, 30_000_000)
    assert [type(each) for each in tagger.tag(products)] == [TagResponse, ImageTooManyPixels]
    # Also a limit that is given as its default is.
    given = TaggerSettings(max_image_pixels=ImageLimits().max_image_pixels)
    tagger = Tagger.load(own_bundle.folder, settings=given)
    assert tagger.settings.max_image_bytes == 30_000_000
    assert [type(each) for each in tagger.tag(products)] == [TagResponse, TagResponse]


def test_a_bundle_from_before_it_had_limits_has_the_usual_ones(own_bundle: Bundle) -> None:
    manifest = own_bundle.folder / MANIFEST
    document = json.loads(manifest.read_text(encoding="utf-8"))
    del document["limits"]
    manifest.write_text(json.dumps(document), encoding="utf-8")
    settings = Tagger.load(own_bundle.folder).settings
    assert (settings.max_image_bytes, settings.max_image_pixels) == (20_000_000, 64_000_000)


def test_a_fault_of_ours_stays_in_its_product(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(data: bytes, *rest: Any) -> Any:
        if data == b"trigger":
            raise ZeroDivisionError
        return read_photo(data, *rest)

    monkeypatch.setattr(hangtag.requests.decoding, "read_photo", faulty)
    outcomes = tagger.tag([Product(images=(photo(),)), Product(images=(b"trigger",))])
    assert isinstance(outcomes[0], TagResponse)
    assert isinstance(outcomes[1], RequestFailed)
    assert (outcomes[1].status, outcomes[1].code) == (500, "internal")
    assert "ZeroDivisionError" in caplog.text


def test_measurements_count_photos_by_outcome(tagger: Tagger) -> None:
    _, measured = tagger.tag_measured(
        [Product(images=(photo(), photo())), Product(images=(b"broken",))]
    )
    assert measured.photo_outcomes == ["ok", "ok", "image_undecodable"]
    assert len(measured.decode_seconds) == 2
    assert measured.inference_seconds > 0


def test_nothing_to_tag_is_no_error(tagger: Tagger) -> None:
    assert tagger.tag([]) == []


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"max_images": 0}, r"hangtag\.max_images must be at least 1, and is 0"),
        ({"max_image": 3}, r"hangtag\.max_image is unknown; did you mean 'max_images', "),
        ({"precision": "int4"}, r"hangtag\.precision must be .* or 'auto', and is 'int4'"),
        ("fast", r"yaml: hangtag must be an object, and is 'fast'"),
    ],
)
def test_a_wrong_setting_is_named(section: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        parse_settings(section)


def test_a_photo_that_the_network_cannot_take_fails_alone(tagger: Tagger) -> None:
    class FaultyEngine:
        max_batch_size = tagger.engine.max_batch_size
        runtime, precision = tagger.engine.runtime, tagger.engine.precision

        def run(self, pixels: Any) -> Any:
            if (pixels == 0).all(axis=(1, 2, 3)).any():
                raise RuntimeError("black")
            return real.run(pixels)

    real, tagger.engine = tagger.engine, FaultyEngine()
    try:
        black = Product(images=(photo((0, 0, 0), format="PNG"),))
        good = Product(images=(photo(),))
        outcomes = tagger.tag([good, black, good, good, good])
    finally:
        tagger.engine = real
    assert [type(outcome) for outcome in outcomes] == [
        TagResponse, RequestFailed, TagResponse, TagResponse, TagResponse
    ]  # fmt: skip
