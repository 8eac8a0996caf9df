import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hangtag.bundle import MODEL
from hangtag.engine import load_engine
from hangtag.label_space import parse_label_space
from tests.tiny_training import tiny_network, tiny_training_data
from training.errors import RunInterrupted
from training.fit.linear_probe import embed_photos, fit_head, fit_quickly
from training.model.network import Backbone, Normalisation, TaggerNetwork
from training.settings import make_settings

SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "colour", "title": "Colour", "exclusive": True}],
        "labels": [{"id": c, "name": c, "group": "colour"} for c in ("red", "green", "blue")],
    }
)
SIZE_PX = 32
HEAD_WIDTH = 16


def coloured_photos(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.integers(3, size=count)
    pixels = rng.integers(0, 120, (count, 3, SIZE_PX, SIZE_PX), dtype=np.uint8)
    pixels[np.arange(count), true] += 40
    return pixels, np.eye(3, dtype=np.float32)[true]


@pytest.fixture
def network() -> TaggerNetwork:
    torch.manual_seed(0)
    # Far from standardised: mean colours times 100, plus 1,000.
    body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 3, 1))
    with torch.no_grad():
        body.get_parameter("1.weight").copy_(100 * torch.eye(3)[..., None, None])
        body.get_parameter("1.bias").fill_(1000)
    normalisation = Normalisation(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return TaggerNetwork(Backbone(body, 3, normalisation), len(SPACE), 0.0, head_width=HEAD_WIDTH)


def test_the_head_fits_and_stands_on_plain_embeddings(network: TaggerNetwork) -> None:
    settings = make_settings(
        Path("none"),
        {
            "quick": True,
            "data.size_px": SIZE_PX,
            "data.batch_size": 16,
            "schedule.epochs": 40,
            "network.dropout": 0.0,
            "optimizer.weight_decay": 0.0,
            "loss.label_smoothing": 0.0,
            "network.head_width": HEAD_WIDTH,
        },
    )
    pixels, targets = coloured_photos(200)
    embeddings = embed_photos(network, pixels, settings)
    with torch.no_grad():
        expected = network.embed(torch.from_numpy(pixels)).numpy()
    # In bf16 where the machine has it: a share of the 1,100 that an embedding is about.
    assert np.abs(embeddings - expected).max() < 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies
        fit_head(network, expected, targets, SPACE, settings)
    with torch.no_grad():
        logits, _ = network.eval()(torch.from_numpy(pixels))
    assert (logits.numpy().argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.97


def test_what_is_the_same_in_all_photos_does_no_harm(network: TaggerNetwork) -> None:
    settings = make_settings(
        Path("none"),
        {
            "quick": True,
            "data.size_px": SIZE_PX,
            "data.batch_size": 16,
            "schedule.epochs": 2,
            "network.head_width": HEAD_WIDTH,
        },
    )
    pixels, targets = coloured_photos(40)
    with torch.no_grad():
        # Two of three.
        network.body.get_parameter("1.weight")[1:] = 0
        embeddings = network.embed(torch.from_numpy(pixels)).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies
        fit_head(network, embeddings, targets, SPACE, settings)
        logits, _ = network.eval()(torch.from_numpy(pixels))
    assert logits.isfinite().all()


def test_ctrl_c_says_that_a_quick_run_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.fit.linear_probe.export_quickly", ctrl_c)
    settings = make_settings(Path("none"), {"quick": True, "data.size_px": SIZE_PX})
    with pytest.raises(RunInterrupted, match="a quick run starts from the beginning"):
        fit_quickly(tiny_network(), settings, tiny_training_data(tmp_path), tmp_path / MODEL)


def test_the_exported_network_has_the_fitted_head(tmp_path: Path) -> None:
    settings = make_settings(
        Path("none"),
        {
            "quick": True,
            "data.size_px": SIZE_PX,
            "data.batch_size": 16,
            "schedule.epochs": 2,
            "network.head_width": 0,
        },
    )
    network, data = tiny_network(), tiny_training_data(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of its own dependencies
        outputs = fit_quickly(network, settings, data, tmp_path / MODEL)
    given = load_engine({"fp32": tmp_path / MODEL}, precision="fp32").run(data.decoded.pixels)
    with torch.no_grad():
        logits, _ = network.eval()(torch.from_numpy(np.array(data.decoded.pixels)))
    assert np.abs(given.logits - logits.numpy()).max() < 1e-5
    # Computed in bf16 where the machine has it.
    assert np.abs(outputs.logits - given.logits).max() < 0.1
