"""A run that the release before began, with settings that had no parts."""

import json
from pathlib import Path

import pytest

from hangtag.errors import DataInvalid, SettingsInvalid
from tests.unit.training.test_settings import FLAT_DOCUMENT
from training.run.sequence import resume_run


def write_settings(folder: Path, settings: dict[str, object]) -> None:
    record = {"settings": settings, "dataset": "sha256:0"}
    (folder / "settings.json").write_text(json.dumps(record), encoding="utf-8")


def test_it_is_gone_on_with_on_its_own_photos(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_settings(tmp_path, {**FLAT_DOCUMENT, "data": str(photos)})
    with pytest.raises(DataInvalid, match=f"^{photos} does not exist"):
        resume_run(tmp_path)


def test_settings_that_were_never_any_are_refused(tmp_path: Path) -> None:
    write_settings(tmp_path, {**FLAT_DOCUMENT, "of_another_release": 1})
    with pytest.raises(SettingsInvalid, match="is no run of this release"):
        resume_run(tmp_path)
