"""Any torchvision classifier as a body, with the weights that were asked for."""

import io
import re
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models

from hangtag.errors import SettingsInvalid
from training.errors import WeightsUnavailable
from training.model.backbones import build_backbone
from training.model.backbones.weights_file import load_weights
from training.model.network import TaggerNetwork

ALL = list_models(module=torchvision.models)
# RegNet's constructor computes with numbers, which the meta device does not have.
ON_META = [name for name in ALL if not name.startswith("regnet")]
WIDTHS = {
    "resnet18": 512,
    "mobilenet_v3_small": 1024,
    "squeezenet1_1": 512,
    "shufflenet_v2_x0_5": 1024,
    "mnasnet0_5": 1280,
    "googlenet": 1024,
    "regnet_x_400mf": 400,
    "regnet_y_400mf": 440,
    "densenet121": 1024,
}
SMALL = "squeezenet1_1"


def save(state: object, path: Path) -> Path:
    torch.save(state, path)
    return path


def state_of(name: str, value: float) -> dict[str, torch.Tensor]:
    """A state dict of that network in which every weight has the same value."""
    state = get_model(name, **({"init_weights": False} if name == "googlenet" else {})).state_dict()
    return {key: torch.full_like(each, value) for key, each in state.items()}


def has_only(network: nn.Module, value: float) -> bool:
    state = [each for each in network.state_dict().values() if each.is_floating_point()]
    return all(bool((each == value).all()) for each in state)


@pytest.mark.parametrize("name", ON_META)
def test_every_network_gives_embeddings_instead_of_classes(name: str) -> None:
    with torch.device("meta"):
        body, width, _ = build_backbone(name, "none", 224)
    layers = body.modules()
    outputs = {
        getattr(each, side, 0) for each in layers for side in ("out_features", "out_channels")
    }
    assert 1000 not in outputs
    assert width >= 400


@pytest.mark.parametrize(("name", "width"), WIDTHS.items())
def test_a_small_network_gives_one_embedding_a_photo(name: str, width: int) -> None:
    body, found, _ = build_backbone(name, "none", 64)
    photos = torch.rand(2, 3, 64, 64)
    assert found == width
    assert body.eval()(photos).flatten(1).shape == (2, width)
    assert body.train()(photos).flatten(1).shape == (2, width)


def test_inception_has_one_output_in_training_too() -> None:
    with torch.device("meta"):
        body, width, _ = build_backbone("inception_v3", "none", 299)
        assert body.train()(torch.zeros(2, 3, 299, 299)).shape == (2, width)


def test_a_vision_transformer_takes_the_size_it_was_made_for() -> None:
    with torch.device("meta"):
        assert build_backbone("vit_b_16", "none", 224)[1] == 768
        with pytest.raises(SettingsInvalid, match=r"^vit_b_16 does not take photos of 112 px"):
            build_backbone("vit_b_16", "none", 112)


def test_a_photo_too_small_for_the_network_is_refused() -> None:
    with (
        torch.device("meta"),
        pytest.raises(SettingsInvalid, match=r"^inception_v3 does not take photos of 32 px"),
    ):
        build_backbone("inception_v3", "none", 32)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("resnet19", "'resnet18'"),
        ("ResNet-50", "'resnet50'"),
        ("convnext-tiny", "'convnext_tiny'"),
        ("resnet50.a1_in1k", "'resnet50'"),
        ("vit_b16", "'vit_b_16'"),
    ],
)
def test_an_unknown_network_is_named_with_those_that_may_be_meant(name: str, meant: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        build_backbone(name, "none", 64)
    said = str(refused.value)
    assert re.search(rf"did you mean .*({meant})", said), said
    assert "pip install" not in said
    assert len(said) < 300


def test_a_network_like_no_other_is_answered_with_examples_not_with_all_names() -> None:
    with pytest.raises(SettingsInvalid, match=r"timm; there are [\d,]+, such as resnet18, "):
        build_backbone("my-model", "none", 64)


def test_detectors_are_no_classifiers() -> None:
    with pytest.raises(SettingsInvalid, match="no torchvision classification network"):
        build_backbone("fasterrcnn_resnet50_fpn", "none", 64)


def test_a_torchvision_state_dict_sets_the_weights(tmp_path: Path) -> None:
    path = save(state_of(SMALL, 0.25), tmp_path / "weights.pth")
    body, _, _ = build_backbone(SMALL, str(path), 64)
    assert has_only(body, 0.25)


@pytest.mark.parametrize("name", [SMALL, "googlenet"])
def test_the_weights_of_an_earlier_run_set_the_body(name: str, tmp_path: Path) -> None:
    backbone = build_backbone(name, "none", 64)
    earlier = TaggerNetwork(backbone, labels=3, dropout=0.0)
    path = save(earlier.state_dict(), tmp_path / "weights.pth")
    loaded, _, _ = build_backbone(name, str(path), 64)
    expected = backbone.body.state_dict()
    assert expected.keys() == loaded.state_dict().keys()
    assert all(torch.equal(each, expected[key]) for key, each in loaded.state_dict().items())


def test_a_classifier_of_another_size_does_not_matter(tmp_path: Path) -> None:
    state = state_of(SMALL, 0.5)
    state["classifier.1.weight"] = torch.zeros(7, 512, 1, 1)
    body, _, _ = build_backbone(SMALL, str(save(state, tmp_path / "weights.pth")), 64)
    assert has_only(body, 0.5)


def test_a_missing_weights_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsUnavailable, match=r"none\.pth does not exist; give imagenet, packaged"
    ):
        build_backbone(SMALL, str(tmp_path / "none.pth"), 64)


def bytes_of(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello world\n",
        b"<!DOCTYPE html><html>",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"PK\x03\x04" + bytes(40),
        bytes(100),
        bytes_of({"a": torch.zeros(3)})[:300],
        bytes_of([torch.zeros(3)]),
        bytes_of({1: torch.zeros(3)}),
    ],
    ids=["empty", "text", "html", "png", "zip", "zeros", "cut", "list", "numbered"],
)
def test_a_file_of_another_kind_is_no_state_dict(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(WeightsUnavailable, match=r"weights\.pth (is|holds) no state dict"):
        load_weights(nn.Linear(3, 1000), tmp_path / "weights.pth", head="")


def test_a_folder_is_no_state_dict(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="is no state dict that torch reads"):
        build_backbone(SMALL, str(tmp_path), 64)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = save(state_of(SMALL, 0.5), tmp_path / "weights.pth")
    with pytest.raises(
        WeightsUnavailable, match=r"of another network: it lacks 120 of 122 entries, such as 'conv1"
    ):
        build_backbone("resnet18", str(path), 64)


def test_imagenet_weights_load_from_torchs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    save(state_of("resnet18", 0.125), cache / Path(imagenet_url("resnet18")).name)
    body, width, _ = build_backbone("resnet18", "imagenet", 64)
    assert width == 512
    assert has_only(body, 0.125)


def test_a_failing_download_says_what_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(url: str, *_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    with pytest.raises(WeightsUnavailable) as caught:
        build_backbone("resnet18", "imagenet", 64)
    sentence = str(caught.value)
    assert "Name or service not known" in sentence
    assert f"download {imagenet_url('resnet18')} elsewhere" in sentence
    assert re.search(r"weights=path/to/file\.pth.*weights=none.*weights=runs/…/bundle", sentence)


def imagenet_url(name: str) -> str:
    url: str = get_model_weights(name)["DEFAULT"].url
    return url


def test_the_packaged_weights_are_those_of_the_timm_network() -> None:
    trained = build_backbone("tf_efficientnet_lite0", "packaged", 64)
    random = build_backbone("tf_efficientnet_lite0", "none", 64)
    assert trained.width == 1280
    assert trained.normalisation == random.normalisation
    statistics = trained.body.state_dict()["bn2.running_var"]
    # A trained network's: those of a new one are all 1.
    assert statistics.std() > 0.01


def test_there_are_packaged_weights_of_one_network_only() -> None:
    for name in ("resnet18", "tf_efficientnet_lite1"):
        with pytest.raises(SettingsInvalid, match=name):
            build_backbone(name, "packaged", 64)


def test_weights_of_an_earlier_run_fit_a_timm_network(tmp_path: Path) -> None:
    trained = build_backbone("tf_efficientnet_lite0", "packaged", 64)
    earlier = TaggerNetwork(trained, labels=3, dropout=0.0)
    path = save(earlier.state_dict(), tmp_path / "weights.pth")
    loaded = build_backbone("tf_efficientnet_lite0", str(path), 64).body.state_dict()
    assert all(torch.equal(each, loaded[key]) for key, each in trained.body.state_dict().items())


def test_safetensors_of_an_earlier_run_set_the_body(tmp_path: Path) -> None:
    backbone = build_backbone(SMALL, "none", 64)
    earlier = TaggerNetwork(backbone, labels=3, dropout=0.0)
    save_file(earlier.state_dict(), tmp_path / "weights.safetensors")
    loaded = build_backbone(SMALL, str(tmp_path / "weights.safetensors"), 64).body.state_dict()
    assert all(torch.equal(each, loaded[key]) for key, each in backbone.body.state_dict().items())


def test_a_broken_safetensors_file_is_no_state_dict(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"hello")
    with pytest.raises(WeightsUnavailable, match=r"weights\.safetensors is no state dict"):
        build_backbone(SMALL, str(tmp_path / "weights.safetensors"), 64)
