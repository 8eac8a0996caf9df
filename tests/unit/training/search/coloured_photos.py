"""A data set that any network learns in no time: photos of one colour, and which it is."""

import numpy as np

from hangtag.bundle import DatasetIdentity
from hangtag.label_space import parse_label_space
from training.data import DecodedDataset, Splits
from training.data.training_data import TrainingData

SIZE_PX = 32
COLOURS = ("red", "green", "blue")
SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "colour", "title": "Colour", "exclusive": True}],
        "labels": [{"id": name, "name": name, "group": "colour"} for name in COLOURS],
    }
)


def coloured_data(learned: int = 48, others: int = 12) -> TrainingData:
    """Photos to learn from, and as many others for each of the other splits."""
    count = learned + 3 * others
    rng = np.random.default_rng(0)
    true = rng.integers(len(COLOURS), size=count)
    pixels = rng.integers(0, 120, (count, 3, SIZE_PX, SIZE_PX), dtype=np.uint8)
    pixels[np.arange(count), true] += 100
    ends = [learned + each * others for each in range(3)]
    train, validation, calibration, test = np.split(np.arange(count), ends)
    return TrainingData(
        decoded=DecodedDataset(
            photos=(),
            pixels=pixels,
            hashes=np.arange(count, dtype=np.uint64),
            colours=np.zeros((count, 192), np.uint8),
            problems=(),
        ),
        label_space=SPACE,
        targets=np.eye(len(COLOURS), dtype=np.float32)[true],
        splits=Splits(train, validation, calibration, test, left_out=np.array([], np.int64)),
        identity=DatasetIdentity(source="made", sha256="sha256:0", photos=count, products=count),
        duplicate_groups=np.arange(count),
    )
