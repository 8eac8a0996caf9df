"""Whether all files of a run's weights give the scores of its model.onnx."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from hangtag.arrays import FloatArray, Pixels
from hangtag.bundle import Bundle, load_bundle
from hangtag.engine import load_engine
from hangtag.errors import BundleInvalid
from training.evaluate.saved import load_evaluated
from training.export.bundle import pixels_of
from training.export.state_files import read_state
from training.layout import BUNDLE, TEST_PHOTOS
from training.model.backbones import build_backbone
from training.model.building import network_on
from training.model.network import Normalisation, TaggerNetwork
from training.run.exports import FORMATS
from training.run.exports.run_files import find_file
from training.settings import TrainingSettings, nested, stored_values

# Of a score: one network in fp32, computed by two runtimes.
TOLERANCE = 1e-4
_BATCH = 8


@dataclass(frozen=True)
class Agreement:
    """The largest difference of a score from model.onnx in fp32, by file, on so many photos."""

    model: Path
    photos: int
    differences: Mapping[Path, float]

    @property
    def largest(self) -> float:
        """The largest of all; NaN if one is."""
        return float(np.max(list(self.differences.values())))

    def require(self) -> None:
        """Raise BundleInvalid if a difference is larger than the tolerance."""
        for path, difference in self.differences.items():
            if not difference <= TOLERANCE:
                raise BundleInvalid(
                    f"{path} gives scores that differ from {self.model.name}'s by up to "
                    f"{difference:.2g}, more than {TOLERANCE:.0e}: it holds other weights."
                )


def measure_agreement(run_folder: Path) -> Agreement:
    """Run golden photos, and the test photos that the run keeps, through each file's network.

    Raises
    ------
    BundleInvalid : if the run has no whole bundle, lacks a format, or a file is of another network.
    """
    bundle = load_bundle(run_folder / BUNDLE)
    files = _files(run_folder)
    pixels = _photos(bundle, run_folder)
    engine = load_engine({"fp32": bundle.model_path}, precision="fp32")
    expected = bundle.scorer.scores(engine.run(pixels).logits)
    network = _network_of(bundle)
    differences = {}
    for path in track(files, "Checking the exports", console=Console(stderr=True), transient=True):
        _load(network, path)
        scores = bundle.scorer.scores(_logits(network, pixels))
        differences[path] = float(np.abs(scores - expected).max())
    return Agreement(bundle.model_path, len(pixels), differences)


def agreement_table(agreement: Agreement) -> Table:
    """Return the files as a table for the terminal."""
    table = Table("file", title=f"On {agreement.photos} photos, against {agreement.model.name}")
    table.add_column("MB", justify="right")
    table.add_column("largest difference of a score", justify="right")
    for path, difference in agreement.differences.items():
        table.add_row(Text(str(path)), f"{path.stat().st_size / 1e6:,.1f}", f"{difference:.1e}")
    return table


def _files(run_folder: Path) -> list[Path]:
    files = []
    for format_ in FORMATS:
        path = find_file(format_, run_folder)
        if path is None:
            raise BundleInvalid(
                f"{run_folder} holds no {format_} file; write one: `hangtag export write "
                f"run={shlex.quote(str(run_folder))} format={format_}`"
            )
        files.append(path)
    return files


def _photos(bundle: Bundle, run_folder: Path) -> Pixels:
    """Return uint8 (P, 3, S, S)."""
    manifest = bundle.manifest
    golden = [pixels_of(bundle.folder / each.file, manifest.preprocessing)
              for each in manifest.golden]  # fmt: skip
    if not (run_folder / TEST_PHOTOS).is_file():
        return np.stack(golden)
    return np.concatenate([np.stack(golden), load_evaluated(run_folder).sheet_pixels])


def _network_of(bundle: Bundle) -> TaggerNetwork:
    """Return a network that the bundle's weights fit, with random ones."""
    told = {name: value for name, value in bundle.manifest.training.items() if name != "commit"}
    try:
        settings = TrainingSettings.model_validate(nested(stored_values(told)))
    except (KeyError, ValidationError) as error:
        raise BundleInvalid(
            f"{bundle.folder} was trained by another release, which knew other settings; check it "
            "with that one."
        ) from error
    backbone = build_backbone(settings.network.backbone, "none", settings.data.size_px)
    normalisation = Normalisation(**bundle.manifest.normalisation)
    backbone = backbone._replace(normalisation=normalisation)
    return network_on(backbone, settings, bundle.label_space).eval()


def _load(network: TaggerNetwork, path: Path) -> None:
    try:
        network.load_state_dict(read_state(path))
    except RuntimeError as error:
        raise BundleInvalid(f"{path} holds the weights of another network.") from error


def _logits(network: TaggerNetwork, pixels: Pixels) -> FloatArray:
    starts = range(0, len(pixels), _BATCH)
    with torch.no_grad():
        batches = (torch.from_numpy(pixels[start : start + _BATCH]) for start in starts)
        return np.concatenate([network(batch)[0].numpy() for batch in batches])
