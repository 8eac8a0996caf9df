"""A trained network -> a bundle that predicts the same without torch."""

import datetime
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hangtag.arrays import FloatArray
from hangtag.bundle import (
    GOLDEN_FOLDER,
    LABELS,
    MODEL,
    SAFETENSORS,
    WEIGHTS,
    Bundle,
    DatasetIdentity,
    GoldenInput,
    Manifest,
    QuantizationReport,
    ReferenceDistribution,
    seal_bundle,
)
from hangtag.engine import Precision, load_engine, supported_precisions
from hangtag.errors import BundleInvalid
from hangtag.images.decode import Preprocessing, decode_image
from hangtag.images.limits import ANY_PHOTO
from hangtag.label_space import LabelSpace
from hangtag.scoring.scorer import Scorer
from training.calibrate.tuning import Tuned
from training.export.half_weights import halve_weights
from training.export.onnx_file import export_onnx
from training.export.precisions import PrecisionSample, measure_precisions
from training.export.state_files import write_state
from training.model.network import TaggerNetwork
from training.settings import TrainingSettings

_TOLERANCE = 1e-3
# Of weights that are stored in fp16: what rounding them may do.
_HALVED_TOLERANCE = 1e-2
_LIBRARIES = ("hangtag", "torch", "torchvision", "onnx", "onnxruntime", "numpy", "pillow")
# For some machines there is none.
_OPTIONAL_LIBRARIES = ("openvino",)


@dataclass(frozen=True)
class TrainedTagger:
    """All that a bundle is made of."""

    network: TaggerNetwork
    label_space: LabelSpace
    preprocessing: Preprocessing
    tuned: Tuned
    settings: TrainingSettings
    dataset: DatasetIdentity
    metrics: dict[str, Any]
    # None: the tagger is served in fp32 only.
    precision_sample: PrecisionSample | None = None
    # None: what it says in service can be compared with nothing.
    profile: ReferenceDistribution | None = None
    # The network's ONNX file, where there is one already.
    exported: Path | None = None


def write_bundle(tagger: TrainedTagger, golden_photos: Sequence[Path], folder: Path) -> Bundle:
    """Export the network and write the whole bundle; `folder` must not exist yet.

    Raises
    ------
    BundleInvalid : if ONNX Runtime's scores differ from torch's.
    """
    (folder / GOLDEN_FOLDER).mkdir(parents=True)
    (folder / LABELS).write_text(tagger.label_space.to_json(), encoding="utf-8")
    network = tagger.network.cpu().eval()
    for name in (WEIGHTS, SAFETENSORS):
        write_state(network.state_dict(), folder / name)
    if tagger.exported is None:
        export_onnx(network, tagger.preprocessing.size_px, folder / MODEL)
    else:
        shutil.copyfile(tagger.exported, folder / MODEL)
    scorer = Scorer(tagger.label_space, tagger.tuned.scoring)
    is_halved = tagger.settings.export.stored_weights == "fp16"
    if is_halved:
        halve_weights(folder / MODEL)
    photos = []
    for number, source in enumerate(golden_photos):
        photo = folder / GOLDEN_FOLDER / f"{number}{source.suffix.lower()}"
        photo.write_bytes(source.read_bytes())
        photos.append(photo)
    pixels = [pixels_of(photo, tagger.preprocessing) for photo in photos]
    expected = [_torch_scores(network, scorer, each) for each in pixels]
    tolerance = _HALVED_TOLERANCE if is_halved else _TOLERANCE
    scores = _check_parity(folder / MODEL, scorer, pixels, expected, tolerance)
    golden = [
        GoldenInput(
            file=photo.relative_to(folder).as_posix(),
            scores=tuple(round(float(score), 7) for score in row),
        )
        for photo, row in zip(photos, scores, strict=True)
    ]
    precisions = None
    if tagger.precision_sample is not None:
        precisions = measure_precisions(
            folder, tagger.precision_sample, pixels, _candidates(tagger.settings)
        )
    return seal_bundle(folder, _manifest(tagger, tuple(golden), precisions))


def _candidates(settings: TrainingSettings) -> list[Precision]:
    # Quantising takes longer than all the rest of a quick run.
    return [each for each in supported_precisions() if not (settings.quick and each == "int8")]


def pixels_of(photo: Path, preprocessing: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return a photo as the network takes it, uint8 (3, S, S)."""
    image = decode_image(photo.read_bytes(), ANY_PHOTO, preprocessing.size_px)
    return preprocessing.to_model_input(image.rgb)


def _torch_scores(
    network: TaggerNetwork, scorer: Scorer, pixels: npt.NDArray[np.uint8]
) -> FloatArray:
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(pixels[None]))
    scores: FloatArray = scorer.scores(logits.numpy())[0]
    return scores


def _check_parity(
    model: Path,
    scorer: Scorer,
    pixels: Sequence[npt.NDArray[np.uint8]],
    expected: Sequence[FloatArray],
    tolerance: float,
) -> FloatArray:
    """Return the exported network's scores (N, L), which are torch's but for `tolerance`."""
    engine = load_engine({"fp32": model}, precision="fp32")
    together = scorer.scores(engine.run(np.stack(pixels)).logits)
    alone = np.concatenate([scorer.scores(engine.run(each[None]).logits) for each in pixels])
    difference = max(
        float(np.abs(together - np.stack(expected)).max()),
        float(np.abs(alone - np.stack(expected)).max()),
    )
    if not difference < tolerance:
        raise BundleInvalid(
            f"The exported network's scores differ from torch's by {difference:.2g}, more than "
            f"{tolerance}; this backbone cannot be exported as it is."
        )
    return alone


def _manifest(
    tagger: TrainedTagger, golden: tuple[GoldenInput, ...], precisions: QuantizationReport | None
) -> Manifest:
    return Manifest(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        backbone=tagger.settings.network.backbone,
        preprocessing=tagger.preprocessing,
        limits=tagger.settings.data.limits,
        normalisation=tagger.network.normalisation._asdict(),
        target_precision=tagger.settings.calibration.target_precision,
        scoring=tagger.tuned.scoring,
        decisions=tagger.tuned.decisions,
        prediction_sets=tagger.tuned.prediction_sets,
        profile=tagger.profile,
        dataset=tagger.dataset,
        label_space_sha256=tagger.label_space.digest,
        metrics=tagger.metrics,
        training={**tagger.settings.model_dump(mode="json"), "commit": _commit()},
        versions={
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _installed_libraries()},
        },
        golden_tolerance=_TOLERANCE,
        golden=golden,
        precisions=precisions,
    )


def _installed_libraries() -> list[str]:
    optional = [name for name in _OPTIONAL_LIBRARIES if importlib.util.find_spec(name)]
    return [*_LIBRARIES, *optional]


def _commit() -> str | None:
    """The project's git commit, with `+changes` if the work tree has any; None outside git."""
    project = Path(__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes"],  # noqa: S607
            cwd=project,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()
