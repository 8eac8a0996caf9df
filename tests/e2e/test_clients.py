"""The examples of docs/clients, each with its own runtime, against a live server."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from server.temporary import ServingAddress, serving
from tests.tiny_tagger import RED, photo

FOLDER = Path(__file__).parents[2] / "docs" / "clients"
# How each is run, and by what it is found.
CALLS = {
    "tag.py": [sys.executable],
    "tag.mjs": ["node"],
    "Tag.java": ["java"],
    "tag.sh": ["sh"],
}
NEEDS = {"tag.mjs": ("node",), "Tag.java": ("java", "javac"), "tag.sh": ("curl",)}


@pytest.fixture(scope="module")
def address(tiny_archive: Path) -> Iterator[ServingAddress]:
    with serving(tiny_archive, backend="local") as address:
        yield address


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("photos")
    good, broken = folder / "good.jpg", folder / "broken.jpg"
    good.write_bytes(photo(RED))
    broken.write_bytes(b"no photo")
    return good, broken


def run(name: str, arguments: Sequence[str | Path]) -> tuple[int, str]:
    for program in NEEDS.get(name, ()):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    done = subprocess.run(
        [*CALLS[name], str(FOLDER / name), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_example_has_its_call() -> None:
    assert {each.name for each in FOLDER.iterdir() if each.is_file()} == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_photo_is_tagged(name: str, address: ServingAddress, files: tuple[Path, Path]) -> None:
    code, printed = run(name, [address.inference_url, files[0]])
    assert code == 0, printed
    if printed.startswith("{"):
        printed = " ".join(tag["name"] for tag in json.loads(printed)["tags"])
    assert "Red" in printed


@pytest.mark.parametrize("name", CALLS)
def test_a_problem_is_told(name: str, address: ServingAddress, files: tuple[Path, Path]) -> None:
    code, printed = run(name, [address.inference_url, files[1]])
    assert code != 0
    assert "image_undecodable" in printed
