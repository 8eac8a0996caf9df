"""The tagger's network as TorchServe's documentation would have it: TorchScript and an archive.

https://github.com/pytorch/serve/blob/v0.12.0/examples/image_classifier/resnet_152_batch/README.md
"""

import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hangtag.bundle import WEIGHTS, Bundle
from hangtag.errors import ArchiveInvalid, BundleInvalid
from server.torchserve import MODEL_NAME
from training.model.backbones import build_backbone
from training.model.network import TaggerNetwork

HANDLER = "image_classifier"
# The handler crops every photo to it.
HANDLER_SIDE_PX = 224


class Classifier(nn.Module):
    """Normalised photos to logits: the handler normalises, and knows no embeddings."""

    def __init__(self, tagger: TaggerNetwork) -> None:
        super().__init__()
        self.body = tagger.body
        self.head = tagger.head

    def forward(self, photos: Tensor) -> Tensor:
        """Return the logits (B, L) of photos (B, 3, S, S)."""
        logits: Tensor = self.head(self.body(photos).flatten(1))
        return logits


def load_classifier(bundle: Bundle) -> Classifier:
    """Return the network of a bundle with the weights that its model.onnx was made of.

    Raises
    ------
    BundleInvalid : if the bundle has no weights.pth, as one out of an archive.
    """
    weights = bundle.folder / WEIGHTS
    if not weights.exists():
        raise BundleInvalid(f"{bundle.folder} has no {WEIGHTS}; name the bundle that was written.")
    manifest = bundle.manifest
    body = build_backbone(manifest.backbone, "none", manifest.preprocessing.size_px)
    tagger = TaggerNetwork(body, len(bundle.label_space), dropout=0.0)
    tagger.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return Classifier(tagger.eval())


def write_stock_archive(network: nn.Module, class_names: Sequence[str], folder: Path) -> Path:
    """Trace a network that takes normalised photos and pack it; return the archive."""
    with tempfile.TemporaryDirectory(prefix="stock-", dir=folder) as work:
        script = Path(work, "model.pt")
        _trace(network.eval(), script)
        names = Path(work, "index_to_name.json")
        names.write_text(json.dumps(dict(enumerate(class_names))), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "model_archiver.model_packaging"),
                *("--model-name", MODEL_NAME, "--version", "1.0"),
                *("--serialized-file", str(script), "--extra-files", str(names)),
                *("--handler", HANDLER, "--export-path", str(folder), "--force"),
            ],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ArchiveInvalid(f"torch-model-archiver failed: {last_line}")
    return folder / f"{MODEL_NAME}.mar"


def _trace(network: nn.Module, path: Path) -> None:
    example = torch.rand(1, 3, HANDLER_SIDE_PX, HANDLER_SIDE_PX)
    # Newer torch advises against TorchScript, which is what the handler takes.
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.trace(network, example).save(str(path))  # type: ignore[no-untyped-call]
