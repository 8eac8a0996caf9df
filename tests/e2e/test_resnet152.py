"""A real ResNet152 from export to REST: its scores are those of torch."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from hangtag.bundle import DatasetIdentity, LabelDecision
from hangtag.images import ImageLimits, Preprocessing, decode_image
from hangtag.label_space import LabelSpace
from server.packaging import make_archive
from server.temporary import serving
from training.backbones import build_backbone
from training.demo.attributes import label_space as demo_label_space
from training.export import TrainedTagger, write_bundle
from training.network import TaggerNetwork
from training.settings import make_settings

SIZE_PX = 224
MAX_SCORE_DIFFERENCE = 1e-3


def random_photo(seed: int) -> bytes:
    """Coarse random colours: no two alike for the network."""
    random = np.random.default_rng(seed)
    tiles = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    tiles.resize((360, 280)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def pixels_of(photo: bytes) -> np.ndarray:
    image = decode_image(photo, ImageLimits(), SIZE_PX)
    return Preprocessing(size_px=SIZE_PX).to_model_input(image.rgb)


def random_resnet152(labels: int) -> TaggerNetwork:
    torch.manual_seed(0)
    body, width = build_backbone("resnet152", "none", SIZE_PX)
    network = TaggerNetwork(body, width, labels, dropout=0.0)
    # Untrained batch norms let the activations of 152 layers explode, and every score would be
    # 0 or 1, whatever the network computes: they take the statistics of some photos instead.
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(np.stack([pixels_of(random_photo(seed)) for seed in range(8)])))
    return network.eval()


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
        decisions=tuple(LabelDecision(id=label.id, threshold=0.5) for label in label_space.labels),
        settings=make_settings(tmp_path, "none", backbone="resnet152", size_px=SIZE_PX),
        dataset=DatasetIdentity(source="none", sha256="sha256:0", photos=0, products=0),
        metrics={},
    )
    bundle = write_bundle(tagger, paths[:2], tmp_path / "bundle")
    make_archive(bundle.folder, tmp_path / "resnet152.mar", version="1.0")
    with serving(tmp_path / "resnet152.mar") as address:
        served = np.stack([served_scores(address.predictions_url, p, label_space) for p in photos])
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(np.stack([pixels_of(photo) for photo in photos])))
    expected = logits.sigmoid().numpy()
    # The scores say something: they are spread, and differ from photo to photo.
    assert expected.std() > 0.02
    assert np.abs(expected[0] - expected[1]).max() > 10 * MAX_SCORE_DIFFERENCE
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
