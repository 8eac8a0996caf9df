"""What the network sees in training is, bit for bit, what it sees when serving."""

import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hangtag.bundle import Bundle
from hangtag.engine import EngineOutput
from hangtag.images.decode import ImageLimits, Preprocessing, decode_image
from hangtag.requests.parsing import Product
from hangtag.schema import TagResponse
from hangtag.tagger import Tagger
from tests.real_photos import FASHION_PRODUCTS, needs_fashion_products
from tests.unit.hangtag.images.test_colour import (
    P3_PRIMARIES,
    SRGB,
    cmyk_profile,
    grey_profile,
    matrix_profile,
)
from training.data import decode_dataset, read_dataset
from training.data.photo_dataset import PhotoDataset

REAL_PHOTOS = 50
Pixels = npt.NDArray[np.uint8]


def picture(width: int, height: int) -> Image.Image:
    """Edges, a ramp and noise, so that any other way of scaling shows."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    stripes = 255 * ((x + y) // 20 % 2)
    noise = np.random.default_rng(width).normal(0, 12, (height, width, 3))
    colours = np.stack([x, y, stripes], axis=-1) + noise
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def sideways() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def every_kind() -> dict[str, bytes]:
    small, large = picture(240, 180), picture(1300, 1000)
    alpha = Image.linear_gradient("L").resize(large.size)
    deep = Image.fromarray(np.asarray(large.convert("L"), np.uint16) * 200)
    moving = {"save_all": True, "append_images": [small.rotate(180)]}
    wide_gamut = matrix_profile(P3_PRIMARIES)
    return {
        "plain.jpg": encoded(large, "JPEG"),
        "model-size.jpg": encoded(picture(32, 32), "JPEG"),
        "tiny.jpg": encoded(picture(7, 3), "JPEG"),
        "panorama.jpg": encoded(picture(2400, 90), "JPEG"),
        "progressive.jpg": encoded(large, "JPEG", progressive=True),
        "sideways.jpg": encoded(large, "JPEG", exif=sideways()),
        "srgb.jpg": encoded(large, "JPEG", icc_profile=SRGB),
        "wide-gamut.jpg": encoded(large, "JPEG", icc_profile=wide_gamut),
        "press.jpg": encoded(large.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        "cmyk.jpg": encoded(large.convert("CMYK"), "JPEG"),
        "grey.jpg": encoded(large.convert("L"), "JPEG", icc_profile=grey_profile(1.8)),
        "broken-profile.jpg": encoded(small, "JPEG", icc_profile=b"no profile"),
        "stereo.mpo": encoded(small, "MPO", **moving),
        "plain.png": encoded(large, "PNG"),
        "wide-gamut.png": encoded(large, "PNG", icc_profile=wide_gamut),
        "cut-out.png": encoded(Image.merge("RGBA", [*large.split(), alpha]), "PNG"),
        "palette.png": encoded(large.quantize(64), "PNG", transparency=3),
        "deep.png": encoded(deep, "PNG"),
        "moving.gif": encoded(small, "GIF", **moving),
        "moving.webp": encoded(small, "WEBP", **moving),
        "plain.avif": encoded(small, "AVIF"),
        "plain.bmp": encoded(small, "BMP"),
        "sideways.tif": encoded(large, "TIFF", exif=sideways()),
        "float.tif": encoded(Image.fromarray(np.asarray(deep, np.float32)), "TIFF"),
    }


def dataset(folder: Path, photos: dict[str, bytes]) -> Path:
    (folder / "images").mkdir(parents=True)
    for name, data in photos.items():
        (folder / "images" / name).write_bytes(data)
    rows = "".join(f"{name},11\n" for name in photos)
    (folder / "products.csv").write_text("image,labels\n" + rows)
    (folder / "labels.json").write_text(json.dumps({"11": "Red"}))
    return folder


def seen_in_training(
    folder: Path, preprocessing: Preprocessing, *, workers: int
) -> dict[str, Pixels]:
    """What the training loop is given for each photo, by way of the cache of decoded photos."""
    decoded = decode_dataset(
        read_dataset(folder),
        preprocessing,
        ImageLimits(),
        folder / f".decoded-{preprocessing.size_px}-{workers}",
        workers,
    )
    assert decoded.problems == ()
    count = len(decoded.photos)
    dataset = PhotoDataset(decoded.pixels, np.zeros((count, 1), np.float32), np.arange(count))
    return {
        photo.path.name: dataset[position][0].numpy()
        for position, photo in enumerate(decoded.photos)
    }


def seen_in_serving(
    bundle: Bundle, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Pixels]:
    """What the engine is given for each photo, by way of the tagger; the engine runs on it."""
    tagger = Tagger.load(bundle.folder)
    run = tagger.engine.run
    seen: list[Pixels] = []

    def recorded_run(pixels: Pixels) -> EngineOutput:
        seen.extend(pixels)
        return run(pixels)

    monkeypatch.setattr(tagger.engine, "run", recorded_run)
    answers = tagger.tag([Product(images=(data,)) for data in photos.values()])
    assert all(isinstance(answer, TagResponse) for answer in answers)
    return dict(zip(photos, seen, strict=True))


def assert_same(expected: dict[str, Pixels], actual: dict[str, Pixels]) -> None:
    assert expected.keys() == actual.keys()
    for name, pixels in expected.items():
        assert pixels.dtype == actual[name].dtype == np.uint8
        assert np.array_equal(pixels, actual[name]), name


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    return every_kind()


@pytest.fixture(scope="module")
def folder(photos: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("parity") / "data", photos)


# One process, and several: each decodes with libraries of its own.
@pytest.mark.parametrize("workers", [1, 2])
def test_photos_of_every_kind(
    folder: Path,
    photos: dict[str, bytes],
    tiny_bundle: Bundle,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.data.photos._PHOTOS_PER_CHUNK", 8)
    training = seen_in_training(folder, tiny_bundle.manifest.preprocessing, workers=workers)
    assert_same(training, seen_in_serving(tiny_bundle, photos, monkeypatch))


def test_photos_of_every_kind_at_the_size_of_resnet152(
    folder: Path, photos: dict[str, bytes]
) -> None:
    preprocessing = Preprocessing(size_px=224)
    training = seen_in_training(folder, preprocessing, workers=1)
    decoded = {name: decode_image(data, ImageLimits(), 224) for name, data in photos.items()}
    assert_same(
        training, {name: preprocessing.to_model_input(each.rgb) for name, each in decoded.items()}
    )
    assert np.array_equal(training["srgb.jpg"], training["plain.jpg"])
    assert not np.array_equal(training["wide-gamut.jpg"], training["plain.jpg"])


@needs_fashion_products
def test_real_photos(tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted((FASHION_PRODUCTS / "images").iterdir())[:REAL_PHOTOS]
    photos = {path.name: path.read_bytes() for path in paths}
    assert len(photos) == REAL_PHOTOS
    training = seen_in_training(
        dataset(tmp_path / "data", photos), tiny_bundle.manifest.preprocessing, workers=1
    )
    assert_same(training, seen_in_serving(tiny_bundle, photos, monkeypatch))
