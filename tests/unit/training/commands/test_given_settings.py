"""Settings as a command is given them: by `--set` and by options of their own."""

from pathlib import Path

import pytest

from hangtag.errors import DataInvalid, SettingsInvalid
from training.commands.given_settings import given_settings, possible_settings
from training.errors import WeightsUnavailable


@pytest.fixture(autouse=True)
def in_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANGTAG_MAKE", raising=False)


def test_options_win_and_what_they_leave_out_is_not_given() -> None:
    more = ["optimizer.lr=1e-3", "loss.name=bce", "loss.contrastive_group=a=b"]
    assert given_settings(more, {"optimizer.lr": 0.1, "seed": None}) == {
        "optimizer.lr": 0.1,
        "loss.name": "bce",
        "loss.contrastive_group": "a=b",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "learning_rate=1e-3",
            "learning_rate is now optimizer.lr; write --set optimizer.lr=1e-3.",
        ),
        (
            "body_rate=1",
            "body_rate is now optimizer.backbone_lr_mult; "
            "write --set optimizer.backbone_lr_mult=1.",
        ),
        ("loss=bce", "loss is now loss.name; write --set loss.name=bce."),
        ("lr=1e-3", "lr is now optimizer.lr; write --set optimizer.lr=1e-3."),
        ("zoom", "zoom is now augmentation.zoom; write --set augmentation.zoom=VALUE."),
        ("seed", "--set seed names no value; write --set seed=VALUE."),
        ("data=x", "--set takes no data: it has an option of its own, --data."),
        ("data.folder=x", "--set takes no data.folder: it has an option of its own, --data."),
        ("quick=true", "--set takes no quick: it has an option of its own, --quick."),
    ],
)
def test_a_name_of_the_last_release_is_refused_with_todays(text: str, sentence: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        given_settings([text], {})
    assert str(refused.value) == sentence


def test_under_make_it_is_said_in_makes_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_MAKE", "1")
    with pytest.raises(SettingsInvalid, match=r"write SET=optimizer\.lr=1e-3\.$"):
        given_settings(["learning_rate=1e-3"], {})


def test_what_cannot_train_is_refused_by_what_is_cheap_to_check(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="none does not exist"):
        possible_settings(tmp_path / "none", {})
    (tmp_path / "file").touch()
    with pytest.raises(DataInvalid, match="file is a file"):
        possible_settings(tmp_path / "file", {})
    with pytest.raises(DataInvalid, match="has no layout that is known"):
        possible_settings(tmp_path, {})
    (tmp_path / "products.csv").touch()
    with pytest.raises(SettingsInvalid, match=r"'resnet153', .* did you mean 'resnet"):
        possible_settings(tmp_path, {"network.backbone": "resnet153"})
    with pytest.raises(WeightsUnavailable, match=r"weights=none\.pth does not exist"):
        possible_settings(tmp_path, {"network.weights": "none.pth"})
    assert possible_settings(tmp_path, {}).data.folder == tmp_path
