"""JSON of public sets and manifests, as people have saved it since."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from hangtag.errors import DataInvalid
from training.data import read_answers
from training.data.json_files import read_json


class _Photo(BaseModel):
    name: str
    size: int


_PHOTOS = TypeAdapter(list[_Photo])


def read(tmp_path: Path, content: bytes) -> list[_Photo]:
    path = tmp_path / "photos.json"
    path.write_bytes(content)
    return read_json(path, _PHOTOS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (photo,) = read(tmp_path, '[{"name": "Größe", "size": 3}]'.encode(encoding))
    assert photo.name == "Größe"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[\n{"name": "a", "size": 3},\n]', "is not JSON: line 2: there is a comma too many"),
        (b'[{"name": "a"}]', "photos.json: 0.size is missing."),
        (b'[{"name": "a", "size": "x"}]', "0.size must be a whole number, and is 'x'."),
        ("[\nß]".encode("cp1252"), "is neither UTF-8 nor UTF-16 (line 2, byte 2)"),
        (b"", "is empty"),
    ],
)
def test_faults_are_sentences_of_our_own(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataInvalid) as raised:
        read(tmp_path, content)
    assert said in str(raised.value)
    assert "Input" not in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_manifests_with_numbers_as_programs_write_them(tmp_path: Path, encoding: str) -> None:
    line = {"image": "0.jpg", "product_id": 7.0, "answers": [{"worker": 1, "labels": [412.0, 77]}]}
    (tmp_path / "answers.jsonl").write_bytes(f"{json.dumps(line)}\n".encode(encoding))
    (read_line,), problems = read_answers(tmp_path)
    assert problems == []
    assert read_line.product_id == "7"
    assert read_line.answers[0].labels == {"412", "77"}
