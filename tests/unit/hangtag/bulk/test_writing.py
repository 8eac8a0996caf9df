"""Rows as jsonl and csv; parquet is tried with the wheel, which brings pyarrow."""

from __future__ import annotations

import csv
import datetime
import json
import sys
from pathlib import Path

import pytest

from hangtag.bulk import Row, require_writable, writing_rows
from hangtag.errors import CommandUnavailable, SettingsInvalid

WHEN = datetime.datetime(2026, 12, 1, 10, 30, 5, 999, tzinfo=datetime.UTC)
TAG = {"id": 412, "name": "Tee", "group": "garment", "score": 0.9, "path": ["Tops", "Tee"]}


def row(product_id: str = "A", **changed: object) -> Row:
    values: dict[str, object] = {
        "product_id": product_id,
        "images": ["1.jpg", "2.jpg"],
        "status": "ok",
        "error_code": None,
        "error": None,
        "tags": [TAG],
        "decisions": {"garment": "accept"},
        "bundle_digest": "sha256:1",
        "tagged_at": WHEN,
        **changed,
    }
    return Row(**values)  # type: ignore[arg-type]


def test_a_line_of_json_is_a_row(tmp_path: Path) -> None:
    with writing_rows(tmp_path / "new" / "tags.jsonl") as write:
        write(row())
        write(row("Ä"))
    first, second = (tmp_path / "new" / "tags.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first) == {
        "product_id": "A",
        "images": ["1.jpg", "2.jpg"],
        "status": "ok",
        "error_code": None,
        "error": None,
        "tags": [TAG],
        "decisions": {"garment": "accept"},
        "bundle_digest": "sha256:1",
        "tagged_at": "2026-12-01T10:30:05+00:00",
    }
    assert "Ä" in second


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_has_lists_as_json_and_photos_as_they_are_read(tmp_path: Path) -> None:
    with writing_rows(tmp_path / "tags.csv") as write:
        write(row(error="line\nbreak"))
    (read,) = read_csv(tmp_path / "tags.csv")
    assert json.loads(read["tags"]) == [TAG]
    assert json.loads(read["decisions"]) == {"garment": "accept"}
    assert read["images"] == "1.jpg;2.jpg"
    assert read["error_code"] == ""
    assert read["error"] == "line\nbreak"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, begins: str) -> None:
    evil = f"{begins}HYPERLINK(1)"
    with writing_rows(tmp_path / "tags.csv") as write:
        write(row(evil, images=[evil], error=evil))
    (read,) = read_csv(tmp_path / "tags.csv")
    assert {read[name] for name in ("product_id", "images", "error")} == {f"'{evil}"}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match=r"ends in \.parquet, \.csv, \.jsonl\.$"):
        require_writable(Path("tags.xlsx"))


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(CommandUnavailable, match=r"pip install 'hangtag\[parquet\]'"):
        require_writable(Path("tags.parquet"))


def test_after_an_error_there_is_no_half_a_table(tmp_path: Path) -> None:
    with pytest.raises(TypeError), writing_rows(tmp_path / "tags.csv") as write:
        write(row(tags=[object()]))
    assert list(tmp_path.iterdir()) == []
