"""Tables are readable at 80 columns and in a file."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from hangtag.errors import DataInvalid
from training import tables
from training.data import Problem, check_problems
from training.tables import print_table

PHOTO = "images/spring/2026/" + "a-very-long-name-of-a-supplier-" * 4 + "0001.jpg"


def table() -> Table:
    made = Table("file", "largest difference of a score")
    made.add_row(PHOTO, "1e-05")
    return made


def test_nothing_is_cut_off_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(table())
    said = capsys.readouterr().out
    assert PHOTO in said
    assert "…" not in said


@pytest.mark.parametrize("width", [40, 80])
def test_nothing_is_cut_off_on_a_narrow_screen(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        tables, "Console", lambda **_: Console(file=screen, width=width, force_terminal=True)
    )
    print_table(table())
    said = screen.getvalue()
    assert "…" not in said
    plain = re.sub(r"\x1b\[[\d;]*m", "", said)
    assert max(map(len, plain.splitlines())) <= width
    # Of each line the first column, without its edges.
    column = "".join(line.split("│")[1].strip() for line in plain.splitlines() if "│" in line)
    assert PHOTO in column


def test_the_names_of_broken_photos_are_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Problem("broken_photo", PHOTO, "The file ends too early, after 17 of 900 kB.")
    with pytest.raises(DataInvalid):
        check_problems([broken], tmp_path / "data_report.json", skip_bad=False)
    assert PHOTO in capsys.readouterr().err
