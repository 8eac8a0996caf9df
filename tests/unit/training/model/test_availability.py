"""Which backbones there are, known without torch."""

import pytest

from hangtag.errors import SettingsInvalid
from training.model.availability import names_in_source, unknown_backbone
from training.model.backbones.timm_networks import timm_names
from training.model.backbones.torchvision_networks import torchvision_names


def test_the_names_are_those_that_the_libraries_list() -> None:
    assert names_in_source("torchvision") == sorted(torchvision_names())
    assert set(names_in_source("timm")) == set(timm_names())
    assert names_in_source("no_such_library") == []


@pytest.mark.parametrize(
    ("name", "timm", "said"),
    [
        ("resnet153", ["tf_efficientnet_lite0"], "did you mean 'resnet152'"),
        ("qqq", ["tf_efficientnet_lite0"], "such as resnet18, resnet152, tf_efficientnet_lite0."),
        ("qqq", [], "More come with timm: .venv/bin/pip install timm"),
    ],
)
def test_an_unknown_name_is_answered_with_some_that_there_are(
    name: str, timm: list[str], said: str
) -> None:
    error = unknown_backbone(name, ["resnet18", "resnet152"], timm)
    assert isinstance(error, SettingsInvalid)
    assert said in str(error)
