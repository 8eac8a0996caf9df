"""A real ResNet152 from export to REST: its scores are those of torch."""

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from bench.resnet152 import BACKBONE, SIZE_PX, pixels_of, random_network
from hangtag.bundle import DatasetIdentity
from hangtag.images.decode import Preprocessing
from hangtag.label_space import LabelSpace
from server.packaging import make_archive
from server.temporary import serving
from training.calibrate.tuning import untuned
from training.demo.attributes import label_space as demo_label_space
from training.export.bundle import TrainedTagger, write_bundle
from training.model.network import TaggerNetwork
from training.settings import make_settings

CALIBRATION_PHOTOS = 8
MAX_SCORE_DIFFERENCE = 1e-3


@pytest.mark.timeout(900)
def test_resnet152_is_served_with_the_scores_of_torch(tmp_path: Path) -> None:
    label_space = LabelSpace.model_validate(demo_label_space())
    network = random_resnet152(len(label_space))
    photos = [random_photo(seed) for seed in range(100, 104)]
    paths = [tmp_path / f"{number}.jpg" for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        path.write_bytes(photo)
    tagger = TrainedTagger(
        network=network,
        label_space=label_space,
        preprocessing=Preprocessing(size_px=SIZE_PX),
        tuned=untuned(label_space),
        settings=make_settings(
            tmp_path,
            {"network.weights": "none", "network.backbone": BACKBONE, "data.size_px": SIZE_PX},
        ),
        dataset=DatasetIdentity(source="none", sha256="sha256:0", photos=0, products=0),
        metrics={},
    )
    bundle = write_bundle(tagger, paths[:2], tmp_path / "bundle")
    make_archive(bundle.folder, tmp_path / "resnet152.mar", version="1.0")
    with serving(tmp_path / "resnet152.mar") as address:
        served = np.stack([served_scores(address.predictions_url, p, label_space) for p in photos])
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(np.stack([pixels_of(photo) for photo in photos])))
    expected = bundle.scorer.scores(logits.numpy())
    # The scores say something: they are spread, and differ from photo to photo.
    assert expected.std() > 0.02
    assert np.abs(expected[0] - expected[1]).max() > 5 * MAX_SCORE_DIFFERENCE
    assert np.abs(served - expected).max() < MAX_SCORE_DIFFERENCE


def served_scores(url: str, photo: bytes, label_space: LabelSpace) -> np.ndarray:
    answer = httpx.post(
        url,
        params={"top_k": 1000},
        content=photo,
        headers={"Content-Type": "image/jpeg"},
        timeout=60,
    )
    groups = answer.raise_for_status().json()["groups"].values()
    scores = {each["id"]: each["score"] for group in groups for each in group["candidates"]}
    return np.array([scores[label.id] for label in label_space.labels])


def random_photo(seed: int) -> bytes:
    """Coarse random colours: no two alike for the network."""
    random = np.random.default_rng(seed)
    tiles = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    tiles.resize((360, 280)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def random_resnet152(labels: int) -> TaggerNetwork:
    """Return the network, in evaluation mode; always the same one for a number of labels."""
    photos = [pixels_of(random_photo(seed)) for seed in range(CALIBRATION_PHOTOS)]
    return random_network(BACKBONE, labels, np.stack(photos))
