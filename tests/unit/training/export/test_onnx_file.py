import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hangtag.engine import load_engine
from training.export.onnx_file import export_onnx, export_quickly, write_head
from training.export.quantization import quantize
from training.model.backbones import build_backbone
from training.model.network import Backbone, Normalisation, TaggerNetwork

SIZE_PX = 32
LABELS = 5
PLAIN = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def network_on(backbone: Backbone, **options: bool | int) -> TaggerNetwork:
    torch.manual_seed(3)
    return TaggerNetwork(backbone, LABELS, 0.0, colour_branch=True, **options).eval()  # type: ignore[arg-type]


def outputs_of(model: Path, photos: int = 6) -> tuple[np.ndarray, np.ndarray]:
    output = load_engine({"fp32": model}, precision="fp32").run(pixels(photos))
    return output.logits, output.embeddings


def outputs_of_network(network: TaggerNetwork, photos: int = 6) -> list[np.ndarray]:
    with torch.no_grad():
        return [each.numpy() for each in network(torch.from_numpy(pixels(photos)))]


def pixels(photos: int) -> np.ndarray:
    return np.random.default_rng(8).integers(0, 256, (photos, 3, SIZE_PX, SIZE_PX), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "options"),
    [("resnet18", {"mirrored": True}), ("tf_efficientnet_lite0", {"head_width": 16})],
)
def test_traced_and_exported_step_by_step_are_the_same_network(
    name: str, options: dict[str, bool | int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = network_on(build_backbone(name, "none", SIZE_PX), **options)
    with caplog.at_level(logging.INFO, "training.export.onnx_file"):
        export_quickly(network, SIZE_PX, tmp_path / "traced.onnx")
    assert not caplog.records
    traced = outputs_of(tmp_path / "traced.onnx")
    for one, other in zip(traced, outputs_of_network(network), strict=True):
        assert np.abs(one - other).max() < 1e-5 * max(1, np.abs(other).max())


def test_a_traced_network_can_be_quantised(tmp_path: Path) -> None:
    network = network_on(build_backbone("tf_efficientnet_lite0", "none", SIZE_PX))
    traced, quantised = tmp_path / "traced.onnx", tmp_path / "int8.onnx"
    export_quickly(network, SIZE_PX, traced)
    # Were sizes looked up in each photo, OpenVINO would end here by a division by zero.
    quantize(traced, pixels(8), quantised)
    given = load_engine({"fp32": quantised}, precision="fp32").run(pixels(6)).embeddings
    expected = outputs_of(traced)[1]
    assert np.abs(given - expected).mean() < 0.1 * np.abs(expected).max()


class DependsOnPhotos(nn.Module):
    """What tracing cannot follow: black photos, as they are traced with, go another way."""

    def forward(self, photos: Tensor) -> Tensor:
        mean = photos.mean(dim=(2, 3))
        chosen: Tensor = torch.cond(photos.max() <= 0, lambda m: m * 0, lambda m: m * 2, (mean,))
        return chosen


def test_what_tracing_does_wrong_is_exported_step_by_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = network_on(Backbone(DependsOnPhotos(), 3, PLAIN))
    with caplog.at_level(logging.INFO, "training.export.onnx_file"):
        export_quickly(network, SIZE_PX, tmp_path / "model.onnx")
    assert "Exported step by step" in caplog.text
    for one, other in zip(
        outputs_of(tmp_path / "model.onnx"), outputs_of_network(network), strict=True
    ):
        assert np.abs(one - other).max() < 1e-5


@pytest.mark.parametrize(("export", "head_width"), [(export_onnx, 0), (export_quickly, 16)])
def test_a_fitted_head_is_put_into_an_exported_network(
    export: object, head_width: int, tmp_path: Path
) -> None:
    backbone = Backbone(nn.Sequential(nn.AdaptiveAvgPool2d(1)), 3, PLAIN)
    network = network_on(backbone, head_width=head_width)
    model = tmp_path / "model.onnx"
    export(network, SIZE_PX, model)  # type: ignore[operator]
    before, _ = outputs_of(model)
    with torch.no_grad():
        for weights in network.head.parameters():
            weights.add_(torch.randn_like(weights))
    write_head(model, network.head)
    after, _ = outputs_of(model)
    assert np.abs(after - before).max() > 0.1
    assert np.abs(after - outputs_of_network(network)[0]).max() < 1e-5


def test_a_head_of_another_shape_is_not_put_in(tmp_path: Path) -> None:
    network = network_on(Backbone(nn.Sequential(nn.AdaptiveAvgPool2d(1)), 3, PLAIN))
    export_quickly(network, SIZE_PX, tmp_path / "model.onnx")
    with pytest.raises(LookupError, match="another shape"):
        write_head(tmp_path / "model.onnx", nn.Linear(7, LABELS))
