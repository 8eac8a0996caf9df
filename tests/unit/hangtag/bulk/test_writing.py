"""Rows as jsonl and csv; parquet is tried with the wheel, which brings pyarrow."""

import csv
import datetime
import json
import sys
from pathlib import Path

import pytest

from hangtag.bulk import Row, require_writable, writing_rows
from hangtag.errors import CommandUnavailable, DataInvalid, SettingsInvalid

WHEN = datetime.datetime(2026, 12, 1, 10, 30, 5, 999, tzinfo=datetime.UTC)
CANDIDATE = {"id": 412, "name": "Tee", "group": "garment", "score": 0.9}
TAG = {**CANDIDATE, "threshold": 0.5, "path": ["Tops", "Tee"]}


def row(product_id: str = "A", **changed: object) -> Row:
    values: dict[str, object] = {
        "product_id": product_id,
        "images": ["1.jpg", "2.jpg"],
        "status": "ok",
        "error_code": None,
        "error": None,
        "tags": [TAG],
        "decisions": {"garment": "accept"},
        "candidates": [CANDIDATE],
        "bundle_digest": "sha256:1",
        "label_space": "2026.1",
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
        "candidates": [CANDIDATE],
        "bundle_digest": "sha256:1",
        "label_space": "2026.1",
        "tagged_at": "2026-12-01T10:30:05+00:00",
    }
    assert "Ä" in second


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_has_columns_for_each_group(tmp_path: Path) -> None:
    blue, red = ({"id": n, "name": name, "group": "colour", "score": 0.5} for n, name in
                 ((7, "Blue"), (8, "Red")))  # fmt: skip
    with writing_rows(tmp_path / "tags.csv") as write:
        write(failed("0"))
        write(row(tags=[TAG, blue, red], decisions={"garment": "accept", "colour": "review"}))
        write(failed("1"))
    first, second, third = read_csv(tmp_path / "tags.csv")
    assert (tmp_path / "tags.csv").read_bytes().startswith("\ufeffproduct_id,".encode())
    assert second == {
        "product_id": "A",
        "images": "1.jpg;2.jpg",
        "status": "ok",
        "error_code": "",
        "error": "",
        "garment.name": "Tee",
        "garment.id": "412",
        "garment.score": "0.9",
        "garment.decision": "accept",
        "colour.name": "Blue;Red",
        "colour.id": "7;8",
        "colour.score": "0.5;0.5",
        "colour.decision": "review",
        "bundle_digest": "sha256:1",
        "label_space": "2026.1",
        "tagged_at": "2026-12-01T10:30:05+00:00",
    }
    for read, name in ((first, "0"), (third, "1")):
        assert (read["product_id"], read["status"], read["error"]) == (
            name,
            "failed",
            "line\nbreak",
        )
        assert read["colour.name"] == ""


def failed(product_id: str) -> Row:
    return row(product_id, status="failed", error="line\nbreak", tags=[], decisions={})


def test_a_csv_of_failures_alone_has_no_groups(tmp_path: Path) -> None:
    with writing_rows(tmp_path / "tags.csv") as write:
        write(failed("A"))
    (read,) = read_csv(tmp_path / "tags.csv")
    assert [*read][:5] == ["product_id", "images", "status", "error_code", "error"]
    assert "garment.name" not in read


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, begins: str) -> None:
    evil = f"{begins}HYPERLINK(1)"
    with writing_rows(tmp_path / "tags.csv") as write:
        write(row(evil, images=[evil], error=evil))
    (read,) = read_csv(tmp_path / "tags.csv")
    assert {read[name] for name in ("product_id", "images", "error")} == {f"'{evil}"}


@pytest.mark.parametrize("product_id", ["-12", "+49.5", "0012", "a=b"])
def test_a_number_is_no_formula(tmp_path: Path, product_id: str) -> None:
    with writing_rows(tmp_path / "tags.csv") as write:
        write(row(product_id))
    assert read_csv(tmp_path / "tags.csv")[0]["product_id"] == product_id


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("photos", "is a folder; name a file in it, such as "),
        (".", "is a folder; name a file in it, such as "),
        ("/", "is a folder; name a file in it, such as "),
        ("tags.xlsx", "ends in .parquet, .csv, .jsonl."),
        ("file.csv", "is what is to be tagged; write to another file."),
        ("link.csv", "is what is to be tagged; write to another file."),
        ("file.csv/tags.csv", "is no folder to write to"),
        (f"{'x' * 300}.csv", "cannot be written: File name too long."),
    ],
)
def test_where_nothing_can_be_written_is_refused_before(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "file.csv").write_text("image\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "file.csv")
    with pytest.raises(SettingsInvalid) as raised:
        require_writable(tmp_path / name, tmp_path / "file.csv")
    assert said in str(raised.value)


def test_the_table_of_a_folder_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is what is to be tagged"):
        require_writable(tmp_path / "products.csv", tmp_path)


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(CommandUnavailable, match=r"pip install 'hangtag\[parquet\]'"):
        require_writable(Path("tags.parquet"), Path("photos"))


def test_after_an_error_there_is_no_half_a_table(tmp_path: Path) -> None:
    with pytest.raises(TypeError), writing_rows(tmp_path / "tags.csv") as write:
        write(row(tags=[object()], decisions={"garment": "accept"}))
    assert list(tmp_path.iterdir()) == []


def test_tags_that_a_csv_has_no_columns_for_are_not_lost_unseen(tmp_path: Path) -> None:
    with writing_rows(tmp_path / "tags.csv") as write:
        write(row())
        changed = row(decisions={"garment": "accept", "season": "none"})
        with pytest.raises(DataInvalid, match="by one that has season, for which the table has no"):
            write(changed)
    assert len(read_csv(tmp_path / "tags.csv")) == 1
