"""What `pip install hangtag` gives in an empty environment: one package that tags photos."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DEMO = PROJECT / "model_store" / "demo"
# Other people's code, of which the wheel's environment must have nothing from here.
CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A copy: setuptools builds in the folder, and packs what an older build has left there.
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(PROJECT / "hangtag", source / "hangtag")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(PROJECT / name, source)
    for licence in PROJECT.glob("LICENSE*"):
        shutil.copy(licence, source)
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", "wheels")
    run(sys.executable, "-m", "pip", "wheel", *options, ".", cwd=source)
    (built,) = (source / "wheels").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    pip(folder, "install", "--quiet", "--no-compile", f"{wheel}[parquet]")
    return folder


def pip(environment: Path, *arguments: str) -> str:
    python = environment / "bin" / "python"
    return run(sys.executable, "-m", "pip", "--python", python, *arguments, cwd=environment)


def test_the_wheel_holds_one_typed_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"hangtag"}
    assert "hangtag/py.typed" in names
    assert not any("__pycache__" in name for name in names)


def test_it_brings_one_runtime_and_no_torch(environment: Path) -> None:
    listed = pip(environment, "list", "--format", "json")
    names = {package["name"] for package in json.loads(listed)}
    assert len(names & {"onnxruntime", "onnxruntime-gpu", "openvino"}) == 1
    assert not names & {"torch", "torchserve", "matplotlib", "scipy"}
    importable = "import importlib.util as u; print([n for n in {!r} if u.find_spec(n)])".format(
        ["hangtag", "training", "server", "handlers", "bench", "chaos", "loadtest", "deploy"]
    )
    said = run(environment / "bin" / "python", "-c", importable, cwd=environment)
    assert said.strip() == "['hangtag']"


def test_it_tags_a_photo(environment: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(DEMO / "golden" / "0.jpg", photos / "SKU-1.jpg")
    said = run(
        *(environment / "bin" / "hangtag", "tag", photos),
        *("--bundle", DEMO, "--out", "tags.jsonl"),
        cwd=tmp_path,
    )
    assert said.startswith("Tagged 1 of 1 products in ")
    (row,) = map(json.loads, (tmp_path / "tags.jsonl").read_text().splitlines())
    golden = json.loads((DEMO / "tagger.json").read_text())["golden"][0]["scores"]
    labels = [label["id"] for label in json.loads((DEMO / "labels.json").read_text())["labels"]]
    scores = dict(zip(labels, golden, strict=True))
    assert row["product_id"] == "SKU-1"
    assert "Dress" in [tag["name"] for tag in row["tags"]]
    for tag in row["tags"]:
        assert tag["score"] == pytest.approx(scores[tag["id"]], abs=2e-3)


def test_it_reads_and_writes_parquet(environment: Path, tmp_path: Path) -> None:
    shutil.copy(DEMO / "golden" / "0.jpg", tmp_path / "0.jpg")
    python, hangtag = environment / "bin" / "python", environment / "bin" / "hangtag"
    lists = (
        "import pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.table({"
        "'image': [['0.jpg', '0.jpg'], ['none.jpg']], 'Product ID': ['A', None]}), 'in.parquet')"
    )
    run(python, "-c", lists, cwd=tmp_path)
    run(hangtag, "tag", "in.parquet", "--bundle", DEMO, "--out", "out.parquet", cwd=tmp_path)
    shows = (
        "import json, pyarrow.parquet as pq; t = pq.read_table('out.parquet'); "
        "print(json.dumps([t.schema.names, [str(x) for x in t.schema.types], t.to_pylist()], "
        "default=str))"
    )
    names, types, rows = json.loads(run(python, "-c", shows, cwd=tmp_path))
    assert names == ["product_id", "images", "status", "error_code", "error", "tags", "decisions",
                     "candidates", "bundle_digest", "label_space", "tagged_at"]  # fmt: skip
    assert types[-1] == "timestamp[us, tz=UTC]"
    assert [row["status"] for row in rows] == ["ok", "failed"]
    assert rows[0]["images"] == ["0.jpg"]
    assert "447" in [tag["id"] for tag in rows[0]["tags"]]
    assert ["garment", "accept"] in rows[0]["decisions"]
    assert rows[1]["product_id"] == "none.jpg"
    assert rows[1]["error_code"] == "image_missing"


def test_help_is_there_at_once(environment: Path) -> None:
    hangtag = environment / "bin" / "hangtag"
    # The first run compiles.
    said = run(hangtag, "--help", cwd=environment)
    waited, worked = [], []
    for _ in range(9):
        started, before = time.perf_counter(), _cpu_seconds_of_children()
        run(hangtag, "--help", cwd=environment)
        waited.append(time.perf_counter() - started)
        worked.append(_cpu_seconds_of_children() - before)
    wait_s, cpu_s = statistics.median(waited), statistics.median(worked)
    print(f"hangtag --help: median {wait_s:.2f} s, {cpu_s:.2f} s of processor time")
    assert cpu_s < 0.3
    assert wait_s < 0.3
    assert "  tag  " in said
    assert "train" not in said


def _cpu_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def test_a_command_of_the_checkout_says_where_it_is(environment: Path) -> None:
    done = subprocess.run(
        [environment / "bin" / "hangtag", "train", "--data", "x"],
        env=CLEAN, cwd=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "`hangtag train` belongs to training/, which is not installed here; run it from the "
        "project's checkout.\n"
    )
