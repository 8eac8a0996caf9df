"""`make serve` as a newcomer runs it: a fresh checkout, no Java, no data, no archive.

The checkout is a copy of this one's tracked files, and makes its own .venv.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hangtag.bundle import load_bundle
from hangtag.scoring.decisions import select_tags
from server.temporary import free_ports
from tests.documents import PAGES, blocks, shell_scripts
from tests.real_photos import PROJECT

# Without a cache of pip's, downloads come on top.
MAX_FIRST_START_S = 90
MAX_SECOND_START_S = 10
MAX_VENV_MB = 1000
STOP_TIMEOUT_S = 20


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "hangtag"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, tracked.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((PROJECT / name).read_bytes())
            (folder / name).chmod((PROJECT / name).stat().st_mode)
    return folder


@pytest.fixture(scope="module")
def without_java(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose PATH has everything but Java."""
    tools = tmp_path_factory.mktemp("bin")
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        for tool in folder.iterdir() if folder.is_dir() else ():
            if not tool.name.startswith("java") and not (tools / tool.name).is_symlink():
                (tools / tool.name).symlink_to(tool)
    environment = {k: v for k, v in os.environ.items() if k not in {"JAVA_HOME", "PYTHONPATH"}}
    return {**environment, "PATH": str(tools)}


@contextmanager
def make_serve(
    checkout: Path, environment: dict[str, str], port: int, timeout_s: float
) -> Iterator[tuple[str, float]]:
    """Run `make serve` until the block ends; yield its output and the seconds until ready."""
    log = checkout / "make-serve.log"
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "serve", f"PORT={port}"],
            cwd=checkout, env=environment, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        while "Ctrl-C stops it" not in log.read_text():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() - started < timeout_s, log.read_text()[-3000:]
            time.sleep(0.2)
        yield log.read_text(), time.monotonic() - started
    finally:
        # As a terminal does on Ctrl-C: to the whole foreground group.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_TIMEOUT_S)


def paste(output: str, checkout: Path) -> dict[str, Any]:
    """Run the curl line that `make serve` printed."""
    (line,) = re.findall(r"^curl .*$", output, re.MULTILINE)
    done = subprocess.run(  # noqa: S602 - pasted into a shell, as a user does
        line, shell=True, cwd=checkout, capture_output=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def first_start(
    checkout: Path, without_java: dict[str, str]
) -> tuple[dict[str, Any], float, str, int]:
    port = free_ports().inference
    with make_serve(checkout, without_java, port, MAX_FIRST_START_S) as (output, seconds):
        return paste(output, checkout), seconds, output, port


@pytest.mark.timeout(300)
def test_the_printed_call_answers_with_the_right_tags(
    first_start: tuple[dict[str, Any], float, str, int],
) -> None:
    answer, _, output, _ = first_start
    assert set(answer) == {"product_id", "tags", "groups", "images", "model"}
    # The demo's sample is the first golden photo, of whose tags none is wrong.
    bundle = load_bundle(PROJECT / "model_store/demo")
    golden, thresholds = bundle.manifest.golden[0], bundle.thresholds.tag
    expected = select_tags(np.array([golden.scores]), thresholds, bundle.label_space)[0]
    labels = bundle.label_space.labels
    assert {tag["id"] for tag in answer["tags"]} == {labels[i].id for i in np.flatnonzero(expected)}
    assert "packing model_store/demo" in output


def test_the_first_start_is_fast_enough(
    first_start: tuple[dict[str, Any], float, str, int],
) -> None:
    _, seconds, output, _ = first_start
    print(f"first start {seconds:.0f} s")
    assert seconds < MAX_FIRST_START_S
    assert "Traceback" not in output


def test_only_what_serving_needs_is_installed(
    checkout: Path, first_start: tuple[dict[str, Any], float, str, int]
) -> None:
    output = first_start[2]
    files = [path for path in (checkout / ".venv").rglob("*") if path.is_file()]
    size_mb = sum(path.lstat().st_size for path in files) / 1e6
    print(f".venv has {size_mb:.0f} MB")
    assert size_mb < MAX_VENV_MB
    packages = {
        path.name.partition("-")[0] for path in checkout.glob(".venv/lib/*/site-packages/*")
    }
    assert "torchserve" in packages
    assert not packages & {"torch", "nvidia", "triton", "pytest", "openvino_telemetry"}
    assert "Installing what serving needs into .venv, once: " in output
    assert "`make clean-all` removes it again" in output


def test_ctrl_c_stops_everything(first_start: tuple[dict[str, Any], float, str, int]) -> None:
    done = subprocess.run(
        ["curl", "-s", "--max-time", "5", f"http://127.0.0.1:{first_start[3]}/ping"], check=False
    )
    assert done.returncode == 7  # connection refused


def test_the_second_start_is_at_once_and_bears_load(
    checkout: Path,
    without_java: dict[str, str],
    first_start: tuple[dict[str, Any], float, str, int],
) -> None:
    port = free_ports().inference
    with make_serve(checkout, without_java, port, MAX_SECOND_START_S) as (output, seconds):
        assert paste(output, checkout)["tags"] == first_start[0]["tags"]
        held = loadtest(without_java, port, "MAX_P95_MS=5000")
        missed = loadtest(without_java, port, "MAX_P95_MS=0.1")
    print(f"second start {seconds:.1f} s")
    assert (held.returncode, "held" in held.stdout) == (0, True), held.stdout + held.stderr
    assert missed.returncode != 0
    assert "The run missed its limits: p50, ms, p95, ms, p99, ms." in missed.stderr


def loadtest(
    environment: dict[str, str], port: int, limit: str
) -> subprocess.CompletedProcess[str]:
    # From this checkout, which has the packages that measuring needs.
    return subprocess.run(
        ["make", "loadtest", f"HOST=http://127.0.0.1:{port}", "USERS=4", "DURATION=5", limit],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("first_start")
def test_the_calls_of_the_pages_are_answered(checkout: Path, without_java: dict[str, str]) -> None:
    scripts = [script for page in PAGES for script in shell_scripts(page)]
    calls = [script for script in scripts if "http://127.0.0.1:8080/predictions/tagger" in script]
    assert len(calls) == 5
    port = free_ports().inference
    with make_serve(checkout, without_java, port, 2 * MAX_SECOND_START_S):
        for call in calls:
            done = subprocess.run(  # noqa: S602 - pasted into a shell, as a user does
                call.replace("8080", str(port)),
                shell=True, cwd=checkout, capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert json.loads(done.stdout)["groups"]["colour"]["candidates"][0]["name"] == "Green"


@pytest.mark.usefixtures("first_start")
def test_the_python_of_the_pages_runs(checkout: Path, without_java: dict[str, str]) -> None:
    programs = [program for page in PAGES for program in blocks(page, "python")]
    asking = [program for program in programs if "127.0.0.1" in program]
    assert (len(programs), len(asking)) == (5, 3)
    port = free_ports().inference
    with make_serve(checkout, without_java, port, MAX_FIRST_START_S):
        for program in programs:
            done = subprocess.run(
                [checkout / ".venv/bin/python", "-c", program.replace(":8080", f":{port}")],
                cwd=checkout, capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert "'Dress'" in done.stdout or done.stdout == "SKU-0 7\nSKU-1 7\nSKU-2 7\n"
