"""`make loadtest` and `make capacity` against a live server, in short."""

import csv
import itertools
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from loadtest.capacity_report import CapacityReport
from loadtest.client.photos import drawn_photo
from server.temporary import ServingAddress, serving
from tests.unit.loadtest.client.small_server import HEAD_END, serving_with

pytestmark = pytest.mark.timeout(180)

PROJECT = Path(__file__).resolve().parents[2]
# Other tests work on the same cores: only what is wrong may fail here, not what is slow.
PATIENT = ("--max-p50-ms", 20_000, "--max-p95-ms", 20_000, "--max-p99-ms", 20_000)


@pytest.fixture(scope="module")
def server(tiny_archive: Path) -> Iterator[ServingAddress]:
    with serving(tiny_archive) as address:
        yield address


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        (folder / f"{number}.jpg").write_bytes(drawn_photo(number))
    return folder


def run(verb: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hangtag.cli", verb, *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


def test_every_kind_of_request_gets_its_right_answer(
    server: ServingAddress, photos: Path, tmp_path: Path
) -> None:
    done = run(
        "loadtest", "--host", server.inference_url, "--photos", photos, "--output", tmp_path,
        "--scenario", "spike", "--mix", "suppliers", "--users", 8, "--duration", 9, *PATIENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "run_stats.csv").open(newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert {"one photo", "product, multipart", "product, JSON", "12 megapixels"} <= rows.keys()
    assert sum(name.startswith("broken: ") for name in rows) >= 3
    assert {row["Failure Count"] for row in rows.values()} == {"0"}
    # To the millisecond, so that no limit is met by rounding.
    assert [row["100%"] for row in rows.values()] == [
        str(round(float(row["Max Response Time"]))) for row in rows.values()
    ]
    counts = re.findall(r'"num_requests": ?(\d+)', (tmp_path / "report.html").read_text("utf-8"))
    assert rows["Aggregated"]["Request Count"] == counts[-1]


def test_every_broken_request_is_refused_as_it_should_be(
    server: ServingAddress, photos: Path, tmp_path: Path
) -> None:
    done = run(
        "loadtest", "--host", server.inference_url, "--photos", photos, "--output", tmp_path,
        "--mix", "broken", "--users", 4, "--duration", 4, *PATIENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "run_stats.csv").open(newline="") as file:
        names = {row["Name"] for row in csv.DictReader(file)}
    assert {
        "broken: image_undecodable", "broken: image_missing", "broken: request_invalid",
        "broken: format_unsupported", "broken: unknown_group", "broken: too_many_images",
    } <= names  # fmt: skip


def test_a_miss_is_named_and_fails(server: ServingAddress, photos: Path, tmp_path: Path) -> None:
    done = run(
        "loadtest", "--host", server.inference_url, "--photos", photos, "--output", tmp_path,
        "--users", 1, "--duration", 2, *PATIENT, "--min-rps", 100_000,
    )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == "The run missed its limits: requests a second."


def answering(count: int, body: bytes) -> Callable[[socket.socket], None]:
    """A server that gives `count` answers and then keeps its connections, but says nothing more."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    answers = itertools.count()

    def serve(connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while head := read_to(stream, HEAD_END):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                stream.read(int(length[1]) if length else 0)
                if next(answers) < count:
                    connection.sendall(answer)

    return serve


def read_to(stream: BinaryIO, end: bytes) -> bytes:
    head = b""
    while not head.endswith(end) and (line := stream.readline()):
        head += line
    return head


TAGS = json.dumps({"groups": {}, "images": [{}], "product_id": None}).encode()
# Python's reader gives up on it with a RecursionError.
TOO_DEEP = b"[" * 100_000


def test_a_server_that_falls_silent_fails(photos: Path, tmp_path: Path) -> None:
    with serving_with(answering(50, TAGS)) as address:
        done = run(
            "loadtest", "--host", f"http://{address.host}:{address.port}", "--photos", photos,
            "--output", tmp_path, "--users", 4, "--duration", 2, "--timeout", 3, *PATIENT,
        )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == "The run missed its limits: failed requests, %."
    with (tmp_path / "run_stats.csv").open(newline="") as file:
        *_, total = csv.DictReader(file)
    # /ping had the first answer; each client waits for one that does not come.
    assert (total["Request Count"], total["Failure Count"]) == ("53", "4")


def test_clients_that_break_fail(photos: Path, tmp_path: Path) -> None:
    with serving_with(answering(1000, TOO_DEEP)) as address:
        done = run(
            "loadtest", "--host", f"http://{address.host}:{address.port}", "--photos", photos,
            "--output", tmp_path, "--users", 1, "--duration", 1, "--timeout", 3, *PATIENT,
        )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("The clients themselves broke (maximum recursion depth exceeded")


def test_photos_that_cannot_be_read_fail(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "0.jpg").write_bytes(b"no photo")
    with serving_with(answering(1000, TAGS)) as address:
        done = run(
            "loadtest", "--host", f"http://{address.host}:{address.port}", "--mix", "large",
            "--photos", tmp_path / "broken", "--output", tmp_path, "--duration", 1,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Locust broke off with code 1;")


def test_a_server_that_is_not_there_is_named(photos: Path) -> None:
    done = run("loadtest", "--host", "http://127.0.0.1:9", "--photos", photos)
    assert done.returncode == 1
    assert "No server answers at http://127.0.0.1:9" in done.stderr


def test_the_capacity_of_a_live_server(
    server: ServingAddress, photos: Path, tmp_path: Path
) -> None:
    output = tmp_path / "capacity.json"
    done = run(
        "capacity", "--host", server.inference_url, "--photos", photos,
        "--seconds", 1, "--tolerance", 0.4, *PATIENT, "--output", output,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = CapacityReport.model_validate_json(output.read_text(encoding="utf-8"))
    assert report.largest.passed
    assert report.largest.rate_per_s > 1
    assert "10,000" in output.with_suffix(".md").read_text(encoding="utf-8")
    assert str(output) in done.stdout.splitlines()[-1]
