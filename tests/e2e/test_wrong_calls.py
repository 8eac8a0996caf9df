"""Every wrong call that a user is likely to make ends with one clear sentence."""

import os
import socket
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from hangtag.cli.wording import command
from server.temporary import free_ports
from tests.real_photos import PROJECT


def call(*arguments: object, cwd: Path = PROJECT) -> tuple[int, str]:
    """Run `hangtag …`; return its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "hangtag.cli", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def refused(*arguments: object, cwd: Path = PROJECT) -> str:
    """Return the one sentence with which a command ends."""
    exit_code, said = call(*arguments, cwd=cwd)
    assert exit_code == 1, said
    assert "Traceback" not in said
    (sentence,) = [line for line in said.splitlines() if line.strip()]
    return sentence


def train(*arguments: object) -> str:
    return refused("train", "--backbone", "resnet18", *arguments)


def resume(*arguments: object) -> str:
    return refused("train", "--resume", *arguments)


def test_no_data() -> None:
    assert train() == f"Say what to train on: {command('train', data='FOLDER')} (or --resume RUN)."


@pytest.mark.parametrize("content", [None, "empty", "file"])
def test_a_wrong_data_folder(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "data"
    if content == "empty":
        folder.mkdir()
    elif content == "file":
        folder.write_text("not a folder")
    assert str(folder) in train("--data", folder, "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--backbone", "resnet999"], "There is no torchvision classification network 'resnet999'"),
        (["--weights", "missing.pth"], "--weights missing.pth does not exist"),
        (["--learning-rate", "-1", "--weights", "none"], "The setting optimizer.lr is wrong"),
    ],
)
def test_wrong_settings(tmp_path: Path, arguments: list[str], said: str) -> None:
    assert call("demo-catalogue", "--folder", tmp_path / "demo", "--products", 30)[0] == 0
    exit_code, output = call(
        "train", "--data", tmp_path / "demo", "--run", tmp_path / "run",
        "--backbone", "resnet18", *arguments,
    )  # fmt: skip
    assert exit_code == 1
    assert said in output
    assert "Traceback" not in output


LEARNING = ("train", "input-speed", "search", "find-rate")
SLOW_LIBRARIES = ("torch", "sklearn", "pandas", "matplotlib")


def refused_at_once(*arguments: object) -> str:
    """Return the sentence of a refusal; nothing that takes seconds to import was imported."""
    program = (
        f"import sys, runpy; sys.modules.update(dict.fromkeys({SLOW_LIBRARIES}));"
        "runpy.run_module('hangtag.cli', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    return sentence


@pytest.mark.parametrize("verb", LEARNING)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "missing"], "missing does not exist"),
        (["--data", "docs"], "docs has no layout that is known; looked for: products.csv"),
        (["--data", ".", "--set", "network.dropot=1"], "did you mean 'network.dropout'?"),
        (["--data", ".", "--set", "learning_rate=1"], "write --set optimizer.lr=1."),
        (["--data", ".", "--set", "optimizer.lr=-1"], "must be more than 0, and is '-1'"),
        (["--data", "{demo}", "--backbone", "resnet151"], "did you mean 'resnet"),
        (["--data", "{demo}", "--weights", "none.pth"], "--weights none.pth does not exist"),
    ],
    ids=["folder", "layout", "name", "old name", "value", "backbone", "weights"],
)
def test_what_cannot_be_trained_with_is_refused_at_once(
    verb: str, arguments: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "products.csv").touch()
    assert said in refused_at_once(verb, *(each.format(demo=tmp_path) for each in arguments))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--resume", "nowhere"], "--resume nowhere does not exist; name a run's folder"),
        (["train", "--resume", "docs"], "--resume docs has not begun to train"),
        (["export", "check", "--run", "nowhere"], "nowhere does not exist; name the folder of a"),
        (["export", "write", "--run", "docs", "--format", "pth"], "docs holds neither bundle nor"),
        (["evaluate", "--run", "nowhere"], "nowhere does not exist; name the folder of a run"),
        (["baselines", "--run", "nowhere"], "nowhere does not exist; name the folder of a run"),
        (["data-report", "--data", "nowhere"], "nowhere does not exist; give the folder"),
        (["data-report", "--data", "docs"], "docs has no layout that is known"),
        (["labels", "mine", "--data", "nowhere", "--out", "x"], "nowhere does not exist; give the"),
        (["archive", "--bundle", "docs"], "docs is no bundle: tagger.json cannot be read"),
        (["serve", "--archive", "none.mar"], "There is no archive none.mar: "),
    ],
)
def test_a_wrong_place_is_refused_at_once(arguments: list[str], said: str) -> None:
    assert refused_at_once(*arguments).startswith(said)


def test_a_refusal_takes_less_than_a_second() -> None:
    waited_s, worked_s = [], []
    for _ in range(5):
        started, before = time.perf_counter(), seconds_of_children()
        call("train", "--data", "docs")
        waited_s.append(time.perf_counter() - started)
        worked_s.append(seconds_of_children() - before)
    median_s = statistics.median(worked_s)
    print(f"a refused call: median {statistics.median(waited_s):.2f} s, processor {median_s:.2f} s")
    # Other tests run on the same processor.
    assert median_s < 1


def seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def test_resuming_with_other_settings(tmp_path: Path) -> None:
    said = resume(tmp_path, "--epochs", "3")
    assert said == "--resume goes on with the run's own data and settings; leave the others out."


def test_resuming_what_never_began(tmp_path: Path) -> None:
    assert "has not begun to train" in resume(tmp_path)


def test_resuming_what_is_missing(tmp_path: Path) -> None:
    assert "does not exist" in resume(tmp_path / "run")


def test_archiving_without_a_bundle(tmp_path: Path) -> None:
    assert "is no bundle" in refused("archive", "--bundle", tmp_path)


def test_serving_an_archive_that_is_missing(tmp_path: Path) -> None:
    said = refused("serve", "--archive", tmp_path / "none.mar")
    assert "There is no archive" in said
    assert "`hangtag archive` packs" in said


def test_serving_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "broken.mar").write_bytes(b"half a downl")
    assert "is not an archive" in refused("serve", "--archive", tmp_path / "broken.mar")


def test_serving_on_a_taken_port(tiny_archive: Path) -> None:
    ports = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.metrics))
        taken.listen()
        said = refused("serve", "--archive", tiny_archive, "--port", ports.inference)
    assert str(ports.metrics) in said


def test_serving_an_archive_with_a_changed_model(tiny_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "changed.mar"
    with zipfile.ZipFile(tiny_archive) as whole, zipfile.ZipFile(archive, "w") as changed:
        for name in whole.namelist():
            addition = b" " if name == "bundle/model.onnx" else b""
            changed.writestr(name, whole.read(name) + addition)
    exit_code, said = call(
        "serve", "--archive", archive, "--port", free_ports().inference,
        "--logs", tmp_path / "logs",
    )  # fmt: skip
    assert exit_code == 1
    assert "model.onnx is not the file that was bundled (its sha256 differs)" in said
    assert "Traceback" not in said


def test_a_load_test_without_a_server() -> None:
    photos = PROJECT / "tests"
    assert "no JPEG or PNG photos" in refused("loadtest", "--photos", photos)


def test_a_load_test_without_a_server_that_answers(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    host = f"http://127.0.0.1:{free_ports().inference}"
    said = refused("loadtest", "--photos", tmp_path, "--host", host)
    assert f"No server answers at {host}" in said
