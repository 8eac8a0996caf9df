"""Photos and a network small enough to train in a test; photo n has the bits of n as its labels."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from hangtag.bundle import DatasetIdentity
from hangtag.label_space import parse_label_space
from training.data import DecodedDataset, Splits
from training.data.training_data import TrainingData
from training.model.network import Backbone, Normalisation, TaggerNetwork
from training.settings import FLAT_NAMES

LABELS = 6
PHOTOS = 2**LABELS
SIZE_PX = 32
TRAIN_PHOTOS = 40
VALIDATION_PHOTOS = 13
LABEL_SPACE = parse_label_space({str(number): f"bit {number}" for number in range(LABELS)})


def tiny_training_data(folder: Path) -> TrainingData:
    """40 photos to learn from, 13 to validate on, 11 to test on; the pixels are in a file."""
    pixels = np.random.default_rng(3).integers(0, 256, (PHOTOS, 3, SIZE_PX, SIZE_PX), np.uint8)
    np.save(folder / "pixels.npy", pixels)
    bits = (np.arange(PHOTOS)[:, None] >> np.arange(LABELS)) & 1
    train, validation, test = np.split(
        np.arange(PHOTOS), [TRAIN_PHOTOS, TRAIN_PHOTOS + VALIDATION_PHOTOS]
    )
    none = np.arange(0)
    return TrainingData(
        decoded=DecodedDataset(
            photos=(),
            pixels=np.load(folder / "pixels.npy", mmap_mode="r"),
            hashes=none.astype(np.uint64),
            colours=none.astype(np.uint8),
            problems=(),
        ),
        label_space=LABEL_SPACE,
        targets=bits.astype(np.float32),
        splits=Splits(train, validation, none, test, none),
        identity=DatasetIdentity(source="none", sha256="sha256:0", photos=PHOTOS, products=PHOTOS),
        duplicate_groups=np.arange(PHOTOS),
    )


def tiny_network() -> TaggerNetwork:
    """The same one each time."""
    torch.manual_seed(1)
    body = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    )
    normalisation = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    return TaggerNetwork(Backbone(body, 8, normalisation), LABELS, dropout=0.2)


def numbers_of(targets: torch.Tensor) -> list[int]:
    """The numbers of photos with these targets (B, L)."""
    return [int(number) for number in targets.cpu().long() @ (2 ** torch.arange(LABELS))]


def dotted_of(**values: object) -> dict[str, object]:
    """Return settings by their dotted names; `values` are by the last words of these."""
    return {FLAT_NAMES[name]: value for name, value in values.items()}
