"""The page and its figures, as files."""

import json
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from hangtag.cli.app import app
from hangtag.errors import DataInvalid
from tests.unit.training.evaluate.synthetic import GROUPS, evaluated
from training.evaluate import save_evaluated, write_report
from training.evaluate.evaluated import NEW_TITLE, Evaluated

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Fails where elements do not nest; gathers what is linked and what there is to link to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.sources: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        self.links.add(values.get("href") or "")
        self.sources.add((values.get("src") or "")[:22])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a run")
    photos = evaluated(150)
    noise = np.random.default_rng(3).random(photos.scores.shape).astype(np.float32)
    worse = replace(photos, scores=((photos.scores + noise) / 2).astype(np.float32))
    assert write_report(photos, folder, {"worse": worse}, rounds=100) == folder / "report.html"
    save_evaluated(photos, folder)
    return folder


def figures_in(folder: Path) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no json")

    return json.loads((folder / "report.json").read_text(), parse_constant=refuse)


def test_the_page_needs_nothing_else(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert page.sources <= {"", "data:image/png;base64,", "data:image/jpeg;base64"}
    anchors = page.links - {""}
    assert anchors
    assert anchors <= {f"#{each}" for each in page.ids}
    assert not re.search(r"<script|<link|@import|url\(|https?://", text)


def test_every_figure_is_in_the_json(folder: Path) -> None:
    figures = figures_in(folder)
    assert set(figures["groups"]) == set(GROUPS)
    assert set(figures["baselines"]) == {"majority", "type lookup", "worse"}
    assert figures["hierarchy"]["violations"] == 0
    for value in figures["headline"].values():
        assert value["low"] <= value["value"] <= value["high"]
    table = figures["labels"]["c0"]
    assert table["photos"] > 0
    assert {"precision", "recall", "f1", "average_precision", "threshold"} <= set(table)


def test_a_better_tagger_is_ahead_for_sure(folder: Path) -> None:
    worse = figures_in(folder)["baselines"]["worse"]
    ahead = worse["ahead"]["map"]
    assert 0 < ahead["low"] < ahead["value"] < ahead["high"]
    own = figures_in(folder)["headline"]["map"]
    assert ahead["value"] == pytest.approx(own["value"] - worse["headline"]["map"]["value"])
    # Paired: narrower than the two intervals together.
    widths = [each["high"] - each["low"] for each in (own, worse["headline"]["map"], ahead)]
    assert widths[2] < widths[0] + widths[1]


def test_a_lower_calibration_error_is_ahead(folder: Path) -> None:
    figures = figures_in(folder)
    worse = figures["baselines"]["worse"]
    own, theirs = figures["headline"]["ece"]["value"], worse["headline"]["ece"]["value"]
    assert own < theirs
    assert worse["ahead"]["ece"]["value"] == pytest.approx(theirs - own)


def test_what_twins_allow_stands_beside_the_accuracy(folder: Path) -> None:
    groups = figures_in(folder)["groups"]
    assert groups["type"]["twins"] == {"photos": 40, "agreement": 0.81, "ceiling": 0.9}
    assert groups["kind"]["twins"] is None
    assert re.search(r"<td>0\.810 <small>40 photos</small></td><td>0\.900</td>",
                     (folder / "report.html").read_text())  # fmt: skip


def test_photos_with_a_new_title_have_a_column_of_their_own(folder: Path, tmp_path: Path) -> None:
    assert figures_in(folder)["apart_by_title"] is None
    assert "apart by title too" not in (folder / "report.html").read_text()
    photos = evaluated(60)
    chosen = np.arange(60) % 2 == 0
    page = write_report(replace(photos, slices={NEW_TITLE: chosen}), tmp_path, rounds=20)
    text = page.read_text()
    Page(text)
    figures = figures_in(tmp_path)
    stricter = figures["apart_by_title"]
    assert stricter["photos"] == 30
    assert stricter["headline"].keys() == figures["headline"].keys()
    for figure in stricter["headline"].values():
        assert f"{figure['value']:.3f} <small>{figure['low']:.3f}" in text


def test_the_command_makes_the_same_page_again(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(folder / "test_photos.npz", tmp_path / name)
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    done = CliRunner().invoke(app, ["evaluate", "--run", one, "--beside", two])
    assert done.exit_code == 0, done.output
    assert "report.html" in done.output
    again, before = figures_in(tmp_path / "one"), figures_in(folder)
    assert again["labels"] == before["labels"]
    assert again["headline"]["map"]["value"] == before["headline"]["map"]["value"]
    assert set(again["baselines"]["two"]["ahead"]) == set(before["headline"])
    assert again["baselines"]["two"]["ahead"]["map"]["value"] == 0
    photos = re.compile(r"image/jpeg;base64,[^\"]+")
    pages = [(each / "report.html").read_text() for each in (folder, tmp_path / "one")]
    assert photos.findall(pages[0]) == photos.findall(pages[1])


def test_the_newest_finished_run_is_taken_if_none_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["evaluate", "--beside", str(folder)])
    assert done.exit_code == 1
    assert "No run in runs has finished yet" in done.output
    for age_s, name in enumerate(("new", "old")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        saved = shutil.copy(folder / "test_photos.npz", tmp_path / "runs" / name)
        os.utime(saved, (1e9 - age_s, 1e9 - age_s))
    (tmp_path / "runs" / "unfinished").mkdir()
    assert CliRunner().invoke(app, ["evaluate"]).exit_code == 0
    assert [path.parent.name for path in tmp_path.glob("runs/*/report.html")] == ["new"]


def test_a_run_without_test_photos_ends_with_a_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--run", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds neither test_photos.npz nor settings.json" in done.output


def test_others_must_have_seen_the_same_photos(tmp_path: Path) -> None:
    photos = evaluated(20)
    others = replace(photos, paths=tuple(reversed(photos.paths)))
    with pytest.raises(DataInvalid, match="other photos"):
        write_report(photos, tmp_path, {"theirs": others})


def everything_unknown(photos: Evaluated) -> Evaluated:
    return replace(photos, targets=np.full_like(photos.targets, np.nan))


def without_what_is_optional(photos: Evaluated) -> Evaluated:
    return replace(photos, embeddings=None, prediction_sets=None, slices={})


def one_photo(photos: Evaluated) -> Evaluated:
    return evaluated(1)


@pytest.mark.parametrize("case", [everything_unknown, without_what_is_optional, one_photo])
def test_a_page_comes_of_little(case: Any, tmp_path: Path) -> None:
    page = write_report(case(evaluated(30)), tmp_path, rounds=10)
    Page(page.read_text())
    assert figures_in(tmp_path)


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    photos = evaluated(30)
    document = photos.label_space.model_dump()
    for label in document["labels"]:
        label["name"] = "<i>$" + label["name"]
    for group in document["groups"]:
        group["title"] = "<i>" + group["title"]
    named = replace(photos, label_space=type(photos.label_space).model_validate(document))
    text = write_report(named, tmp_path, rounds=10).read_text()
    Page(text)
    assert "<i>" not in text
    assert "&lt;i&gt;" in text
