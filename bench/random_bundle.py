"""A bundle with random weights and the demo's label space."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.resnet152 import BACKBONE, SIZE_PX, pixels_of, random_network
from hangtag.bundle import Bundle, DatasetIdentity
from hangtag.images.decode import Preprocessing
from hangtag.label_space import LabelSpace
from hangtag.scoring.scorer import Scorer
from training.calibrate.tuning import untuned
from training.demo.attributes import label_space as demo_label_space
from training.export.bundle import TrainedTagger, write_bundle
from training.export.precisions import PrecisionSample
from training.settings import make_settings

_GOLDEN_PHOTOS = 4
_CALIBRATION_PHOTOS = 32


def write_random_bundle(
    folder: Path, photos: Sequence[Path], *, backbone: str = BACKBONE, size_px: int = SIZE_PX
) -> Bundle:
    """Write the bundle of an untrained network; `folder` must not exist yet.

    Parameters
    ----------
    photos : such as it will see; the first few become golden photos
    backbone, size_px : any torchvision classifier, and the side that it sees
    """
    label_space = LabelSpace.model_validate(demo_label_space())
    pixels = np.stack([pixels_of(photo.read_bytes(), size_px) for photo in photos])
    tagger = TrainedTagger(
        network=random_network(backbone, len(label_space), pixels[:_CALIBRATION_PHOTOS]),
        label_space=label_space,
        preprocessing=Preprocessing(size_px=size_px),
        tuned=untuned(label_space),
        settings=make_settings(
            Path("none"),
            {"network.weights": "none", "network.backbone": backbone, "data.size_px": size_px},
        ),
        dataset=DatasetIdentity(
            source="none: random weights",
            sha256="sha256:0",
            photos=0,
            products=0,
        ),
        metrics={},
        precision_sample=_precision_sample(pixels, label_space),
    )
    return write_bundle(tagger, photos[:_GOLDEN_PHOTOS], folder)


def _precision_sample(pixels: npt.NDArray[np.uint8], label_space: LabelSpace) -> PrecisionSample:
    """Nothing is known of these photos: the formats are judged by the tags that they give."""
    count, labels, tuned = len(pixels), len(label_space), untuned(label_space)
    return PrecisionSample(
        calibration=pixels,
        judged=pixels,
        targets=np.full((count, labels), np.nan, dtype=np.float32),
        thresholds=tuned.tag_thresholds,
        scorer=Scorer(label_space, tuned.scoring),
        label_space=label_space,
    )
