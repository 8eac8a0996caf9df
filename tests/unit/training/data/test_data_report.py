"""The one report of a dataset's problems."""

import json
from pathlib import Path

import pytest

from hangtag.errors import DataInvalid
from training.data import Problem, check_problems

PROBLEMS = [
    Problem("missing_photo", "products.csv:3", "there is no photo 'a.jpg'"),
    Problem("unknown_label", "products.csv:4", "not in the label space: '[bold]'"),
    *(Problem("missing_photo", f"products.csv:{line}", "gone") for line in range(5, 9)),
]


@pytest.fixture
def report_path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "problems.json"


def test_no_problems(report_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_problems([], report_path, skip_bad=False)
    assert json.loads(report_path.read_text()) == {"count": 0, "kinds": {}, "problems": []}
    assert capsys.readouterr().err == ""


def test_problems_stop_with_one_sentence(report_path: Path) -> None:
    with pytest.raises(DataInvalid) as caught:
        check_problems(PROBLEMS, report_path, skip_bad=False)
    assert str(caught.value) == (
        "The dataset has 6 bad rows or photos (5 missing_photo, 1 unknown_label); "
        f"{report_path} lists them all, and skip_bad=true goes on without them."
    )


def test_the_report_lists_every_problem(report_path: Path) -> None:
    check_problems(PROBLEMS, report_path, skip_bad=True)
    report = json.loads(report_path.read_text())
    assert report["kinds"] == {"missing_photo": 5, "unknown_label": 1}
    assert len(report["problems"]) == report["count"] == 6
    assert report["problems"][0] == {
        "kind": "missing_photo",
        "where": "products.csv:3",
        "detail": "there is no photo 'a.jpg'",
    }


def test_the_table_shows_the_first_of_each_kind(
    report_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_problems(PROBLEMS, report_path, skip_bad=True)
    shown = capsys.readouterr().err
    assert "Left out" in shown
    assert "products.csv:6" in shown
    assert "products.csv:8" not in shown
    assert "'[bold]'" in shown
