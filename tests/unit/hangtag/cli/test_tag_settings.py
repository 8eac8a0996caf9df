"""`hangtag tag` takes what the service takes: by the settings of an archive, or of a bundle."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import server.packaging
from hangtag.bundle import Bundle, seal_bundle
from hangtag.cli.tag import tag
from hangtag.images.limits import ImageLimits
from hangtag.tagger import Tagger
from server.packaging import make_archive
from tests.tiny_tagger import photo
from tests.unit.hangtag.cli.test_app import call

LARGE = (8100, 8000)
RAISED = 65_000_000


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 64.8 megapixels, and a product of two small ones."""
    folder = tmp_path_factory.mktemp("photos")
    Image.new("L", LARGE, 200).save(folder / "large.jpg")
    (folder / "two").mkdir()
    for name in "ab":
        (folder / "two" / f"{name}.jpg").write_bytes(photo())
    return folder


def tagged(photos: Path, way: str, place: Path, out: Path) -> dict[str, dict[str, Any]]:
    assert call("tag", str(photos), way, str(place), "--out", str(out))[0] == 0
    rows = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    return {row["product_id"]: row for row in rows}


def test_an_archive_tags_by_the_settings_in_it(
    photos: Path, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "model-config.yaml"
    config.write_text(
        f"hangtag: {{max_image_pixels: {RAISED}, max_images: 1, default_top_k: 1}}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(server.packaging, "_MODEL_CONFIG", config)
    archive = tmp_path / "raised.mar"
    make_archive(tiny_bundle.folder, archive, version="1.0")
    rows = tagged(photos, "--archive", archive, tmp_path / "tags.jsonl")
    assert rows["large"]["status"] == "ok"
    groups = [each["group"] for each in rows["large"]["candidates"]]
    assert groups == ["warmth", "colour", "tone"]
    assert rows["two"]["error_code"] == "too_many_images"


def test_the_threads_of_a_worker_do_not_bind_a_process_alone(
    photos: Path, tiny_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, settings = tmp_path / "threads.mar", []
    _with_config(tiny_archive, archive, "hangtag: {inference_threads: 1, max_images: 7}")
    load = Tagger.load

    def remember(*given: Any, **named: Any) -> Tagger:
        settings.append(named["settings"])
        return load(*given, **named)

    monkeypatch.setattr(Tagger, "load", remember)
    tag(str(photos), tmp_path / "tags.jsonl", archive=archive)
    assert [(each.inference_threads, each.max_images) for each in settings] == [(0, 7)]


def test_a_bundle_tags_by_its_limits(
    photos: Path, tiny_bundle: Bundle, own_bundle: Bundle, tmp_path: Path
) -> None:
    rows = tagged(photos, "--bundle", tiny_bundle.folder, tmp_path / "usual.jsonl")
    assert rows["large"]["error_code"] == "image_too_many_pixels"
    raised = {"limits": ImageLimits(max_image_pixels=RAISED)}
    seal_bundle(own_bundle.folder, own_bundle.manifest.model_copy(update=raised))
    rows = tagged(photos, "--bundle", own_bundle.folder, tmp_path / "raised.jsonl")
    assert (rows["large"]["status"], rows["two"]["status"]) == ("ok", "ok")


def test_wrong_settings_in_an_archive_are_named(
    photos: Path, tiny_archive: Path, tmp_path: Path
) -> None:
    for text, said in (
        ("hangtag: {max_image: 3}", "model-config.yaml: hangtag.max_image is unknown; did you"),
        ("hangtag: [", "model-config.yaml is no YAML: while parsing"),
        ("fast", "model-config.yaml: hangtag must be an object, and is 'fast'."),
    ):
        archive = tmp_path / "wrong.mar"
        _with_config(tiny_archive, archive, text)
        arguments = ("--archive", str(archive), "--out", str(tmp_path / "tags.jsonl"))
        code, _, err = call("tag", str(photos), *arguments)
        assert (code, said in err, err.count("\n")) == (1, True, 1), err


def _with_config(archive: Path, other: Path, text: str) -> None:
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, text if name == "model-config.yaml" else content)
