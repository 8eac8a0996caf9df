"""The bundle: one folder that holds everything a prediction depends on.

    tagger.json    the manifest: what follows below, written last
    labels.json    the label space
    model.onnx     input pixels uint8 (B, 3, S, S); outputs logits (B, L), embedding (B, E)
    model.int8.onnx   the same with int8 weights and activations, if it was as good
    golden/        photos with the scores that any copy of this tagger must give them
    weights.pth    for going on training; not archived, not needed to predict
    weights.safetensors   the same, in a format that other tools read

Loading checks every hash and refuses what does not fit.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.engine import Precision
from hangtag.errors import BundleInvalid, LabelSpaceInvalid
from hangtag.faults import first_fault
from hangtag.hardware import read_cpu
from hangtag.images.decode import Preprocessing
from hangtag.images.limits import ImageLimits
from hangtag.label_space import LabelId, LabelSpace, read_label_space
from hangtag.scoring.decisions import Decision, Thresholds
from hangtag.scoring.scorer import GroupScoring, Scorer

MANIFEST = "tagger.json"
LABELS = "labels.json"
MODEL = "model.onnx"
INT8_MODEL = "model.int8.onnx"
WEIGHTS = "weights.pth"
SAFETENSORS = "weights.safetensors"
GOLDEN_FOLDER = "golden"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelDecision(_Model):
    """When a label becomes a tag (`threshold`) and when one without review (`accept_threshold`).

    `accept_threshold` None: the calibration photos gave no score that could be trusted.
    """

    id: LabelId
    threshold: float = Field(ge=0, le=1)
    accept_threshold: float | None = Field(None, ge=0, le=1)


class GroupSet(_Model):
    """Labels of the group with at least this score form its prediction set.

    None: too few calibration photos to promise a coverage.
    """

    group: str
    threshold: float | None = Field(None, ge=0, le=1)


class PredictionSets(_Model):
    """The labels that a product may have, so that its own are among them in `coverage` of cases.

    In an exclusive group: of the photos whose label is in the set (split conformal prediction); in
    others: of a photo's labels, those in the set (conformal risk control).
    """

    coverage: float = Field(gt=0, lt=1)
    groups: tuple[GroupSet, ...]

    def threshold_of(self, group: str) -> float | None:
        """Return the threshold of a group's set, if it has one."""
        return next((each.threshold for each in self.groups if each.group == group), None)


class GroupReference(_Model):
    """The mean of a group's best score, and the share of each decision, as the tagger said."""

    group: str
    mean_best_score: float = Field(ge=0, le=1)
    shares: dict[Decision, float]


class ReferenceDistribution(_Model):
    """What the tagger said of test photos, one a product; in service, much else is drift."""

    photos: int
    groups: tuple[GroupReference, ...]


class GoldenInput(_Model):
    """A photo and the score of each label, in the order of labels.json."""

    file: str
    scores: tuple[float, ...]


class DatasetIdentity(_Model):
    """What the tagger was trained on."""

    source: str
    sha256: str
    photos: int
    products: int


class MeasuredPrecision(_Model):
    """What a number format did to this tagger, measured on validation photos when it was made.

    `offered`: it keeps micro-F1 and tags as the limits in training/export/precisions.py ask, and it
    is faster than fp32. `tags_equal`: tags that it and fp32 both give / tags that either gives.
    """

    precision: Precision
    offered: bool
    micro_f1: float
    tags_equal: float
    largest_score_difference: float
    # The same, on the golden photos: what a copy may show.
    golden_difference: float
    photos_per_second: float
    runtime: str
    # int8: its weights have 7 bits, so that the sum of two products fits into 16 bits. Processors
    # without dot products of int8 (VNNI) add so; of 8 bits, they would be cut off.
    reduced_range: bool = False


class QuantizationReport(_Model):
    """The number formats that the machine which made the bundle could measure."""

    machine: str
    photos: int
    measured: tuple[MeasuredPrecision, ...]


class Manifest(_Model):
    """tagger.json."""

    format_version: Literal[2] = 2
    created: str
    backbone: str
    preprocessing: Preprocessing
    # Within which photos were trained on, and are tagged.
    limits: ImageLimits = ImageLimits()
    # RGB mean and standard deviation of pixels in [0, 1]; they are part of model.onnx.
    normalisation: dict[Literal["mean", "std"], tuple[float, float, float]]
    # One entry a group: how logits become scores.
    scoring: tuple[GroupScoring, ...]
    target_precision: float
    decisions: tuple[LabelDecision, ...]
    prediction_sets: PredictionSets | None = None
    # None: the bundle was made before profiles were.
    profile: ReferenceDistribution | None = None
    dataset: DatasetIdentity
    label_space_sha256: str
    metrics: dict[str, Any]
    training: dict[str, Any]
    versions: dict[str, str]
    # The largest difference that a golden score may have on another machine.
    golden_tolerance: float = Field(1e-3, gt=0)
    golden: tuple[GoldenInput, ...]
    # None: only fp32 was made.
    precisions: QuantizationReport | None = None
    # sha256 of each file that belongs to the archive, by path inside the bundle.
    files: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read and whose hashes fit."""

    folder: Path
    manifest: Manifest
    label_space: LabelSpace
    digest: str

    @property
    def model_path(self) -> Path:
        """The network in fp32."""
        return self.folder / MODEL

    @property
    def models(self) -> dict[Precision, Path]:
        """The file of the network for each precision that is offered on this machine."""
        measured = self.manifest.precisions.measured if self.manifest.precisions else ()
        offered = [each.precision for each in measured if each.offered and _is_right_here(each)]
        files: dict[Precision, Path] = {"fp32": self.model_path}
        for precision in offered:
            files[precision] = self.folder / (INT8_MODEL if precision == "int8" else MODEL)
        return files

    @property
    def archived_files(self) -> list[str]:
        """The files that a copy of this tagger needs, by path inside the bundle."""
        return [MANIFEST, *self.manifest.files]

    @cached_property
    def scorer(self) -> Scorer:
        """Turns the network's logits into scores."""
        return Scorer(self.label_space, self.manifest.scoring)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds as arrays, in the order of the label space."""
        return thresholds_of(self.manifest.decisions)


def _is_right_here(measured: MeasuredPrecision) -> bool:
    return measured.precision != "int8" or measured.reduced_range or read_cpu().has_int8


def thresholds_of(decisions: Sequence[LabelDecision]) -> Thresholds:
    """Return the thresholds of labels as arrays, in the order given."""
    accept = [
        np.inf if each.accept_threshold is None else each.accept_threshold for each in decisions
    ]
    return Thresholds(
        tag=np.array([each.threshold for each in decisions], dtype=np.float32),
        accept=np.array(accept, dtype=np.float32),
    )


def seal_bundle(folder: Path, manifest: Manifest) -> Bundle:
    """Hash the files of a finished bundle folder and write its manifest, last and at once."""
    optional = [INT8_MODEL] if (folder / INT8_MODEL).exists() else []
    names = [LABELS, MODEL, *optional, *(golden.file for golden in manifest.golden)]
    sealed = manifest.model_copy(update={"files": {name: _sha256(folder / name) for name in names}})
    unfinished = folder / (MANIFEST + ".part")
    unfinished.write_text(sealed.model_dump_json(indent=1) + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)
    return load_bundle(folder)


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and check that it is whole.

    Raises
    ------
    BundleInvalid : if a file is missing, changed, or of another format version.
    """
    manifest, _ = _read_manifest(folder)
    for name, expected in manifest.files.items():
        if _sha256(folder / name) != expected:
            raise BundleInvalid(
                f"{folder / name} is not the file that was bundled (its sha256 differs); "
                "make the bundle or the archive again."
            )
    return describe_bundle(folder)


def describe_bundle(folder: Path) -> Bundle:
    """Read what a bundle says of itself: its manifest and its labels, and not the network.

    Raises
    ------
    BundleInvalid : if one of them is missing or broken, or they do not fit each other.
    """
    manifest, digest = _read_manifest(folder)
    try:
        label_space = read_label_space(folder / LABELS)
    except LabelSpaceInvalid as error:
        raise BundleInvalid(str(error)) from error
    _check_labels(folder, manifest, label_space)
    bundle = Bundle(folder, manifest, label_space, digest)
    try:
        _ = bundle.scorer
    except LabelSpaceInvalid as error:
        raise BundleInvalid(f"{folder / MANIFEST}: {error}") from error
    return bundle


def _read_manifest(folder: Path) -> tuple[Manifest, str]:
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except OSError as error:
        inside = folder / "bundle"
        remedy = "train one with `hangtag train data=folder`"
        if (inside / MANIFEST).is_file():
            remedy = f"its bundle is {inside}"
        raise BundleInvalid(
            f"{folder} is no bundle: {MANIFEST} cannot be read ({error.strerror}); {remedy}."
        ) from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = first_fault(error, Manifest).at()
        if b'"format_version"' not in text:
            raise BundleInvalid(f"{path} is no bundle's manifest: {fault}.") from error
        raise BundleInvalid(
            f"{path} does not fit this version: {fault}. "
            "Train the tagger again, or use the release that made it."
        ) from error
    return manifest, digest_of_manifest(text)


def digest_of_manifest(text: bytes) -> str:
    """Return what a bundle is known by: its manifest holds the hashes of all other files."""
    return "sha256:" + hashlib.sha256(text).hexdigest()


def _check_labels(folder: Path, manifest: Manifest, label_space: LabelSpace) -> None:
    if label_space.digest != manifest.label_space_sha256:
        raise BundleInvalid(f"{folder / LABELS} is not the label space of {MANIFEST}.")
    ids = [label.id for label in label_space.labels]
    if [decision.id for decision in manifest.decisions] != ids:
        raise BundleInvalid(f"{folder / MANIFEST} has other labels than {LABELS}.")
    if any(len(golden.scores) != len(ids) for golden in manifest.golden):
        raise BundleInvalid(f"{folder / MANIFEST} has a golden input with other labels.")


def digest_of_parts(parts: Iterable[bytes]) -> str:
    """sha256 over several byte strings, each with its length, as `sha256:…`."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return "sha256:" + digest.hexdigest()


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise BundleInvalid(f"{path} of the bundle cannot be read: {error.strerror}.") from error
    return "sha256:" + digest.hexdigest()
